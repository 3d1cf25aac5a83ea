#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/diag/listeners.hpp"

// Which ports of the host its own programs use, and which of the others may be taken unasked.
namespace netctl::attach {

// Where a port of the host is to be published. The unspecified address: on all of its family.
struct HostPort {
  IpAddress address{};
  std::uint16_t number = 0;
  Protocol protocol = Protocol::Tcp;

  std::string to_text() const;  // "8080/tcp", "203.0.113.5:8443/tcp"
};

// The sockets that listen on the host, as they were when it was asked for them.
class HostListeners {
 public:
  // All that could be in the way of one of these ports. A number of 0 stands for any.
  static Result<HostListeners> of(const std::vector<HostPort>& ports);

  // nullptr: the port is free.
  const diag::Listener* find(const HostPort& port) const;

 private:
  std::vector<diag::Listener> all_;  // sorted by protocol and port
};

// "host port 8080/tcp is in use by nginx (pid 4711), which listens on 0.0.0.0:8080: …". Looks for
// the program, which takes as long as there are processes.
Error port_in_use(const HostPort& port, const diag::Listener& listener);

// The numbers that the kernel gives to programs which do not care, net.ipv4.ip_local_port_range
// without ip_local_reserved_ports, in an order of their own for each seed: the same seed finds the
// same free port again.
Result<std::vector<std::uint16_t>> automatic_ports(std::string_view seed);
// The same of what these parameters say: "32768\t60999", "8080,9000-9010".
Result<std::vector<std::uint16_t>> automatic_ports(std::string_view range,
                                                   std::string_view reserved,
                                                   std::string_view seed);

}  // namespace netctl::attach
