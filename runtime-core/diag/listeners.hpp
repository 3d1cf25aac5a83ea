#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/result.hpp"

// Who listens on which port, asked of the kernel (sock_diag(7)): no socket is bound to find out,
// which would take the port away from others for that moment.
namespace netctl::diag {

// A socket that waits for whoever comes: TCP and SCTP listening, UDP bound and not connected.
struct Listener {
  Protocol protocol = Protocol::Tcp;
  IpAddress address{};      // unspecified: every address of its family
  std::uint16_t port = 0;   // host byte order
  bool v4_too = false;      // "::" that takes what comes to IPv4 addresses as well
  std::uint64_t inode = 0;  // of the socket, by which its process is found

  // Whether what is sent to that address, or with the unspecified one to some address of that
  // family, might be this socket's.
  bool takes(const IpAddress& destination) const;

  bool operator==(const Listener&) const = default;
};

// All of the network namespace that the thread is in; of one port, if one is named. Empty as well
// where the kernel does not know the protocol, or cannot be asked about it.
Result<std::vector<Listener>> listeners(Protocol protocol, std::optional<std::uint16_t> port = {});

}  // namespace netctl::diag
