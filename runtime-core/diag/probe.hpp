#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// One packet that is sent to see what becomes of it.
namespace netctl::diag {

enum class ProbeKind {
  Tcp,   // opens a connection, and closes it at once
  Udp,   // a datagram of no bytes
  Echo,  // ICMP's or ICMPv6's, as ping(8) sends it
};

class Probe {
 public:
  // From the network namespace that the thread is in; later calls may be made in another. Nothing
  // is sent yet. `port` is in host byte order, and 0 for an echo.
  static Result<Probe> open(ProbeKind kind, const IpAddress& destination, std::uint16_t port);

  // What tells this packet from others: its source port, or the echo's identifier.
  std::uint16_t mark() const { return mark_; }

  // What came of it: whether the other end said something, and what, in words.
  struct Outcome {
    bool answered = false;
    std::string text{};
  };
  // Sends it. An outcome at once when it could not even leave its namespace.
  Result<std::optional<Outcome>> send();
  // To be waited for with poll(2), for these events.
  int fd() const { return socket_.get(); }
  short poll_events() const;
  // What has come back; nothing yet. Never waits.
  Result<std::optional<Outcome>> outcome();

 private:
  Probe(UniqueFd socket, ProbeKind kind, const IpAddress& destination, std::uint16_t port)
      : socket_(std::move(socket)), kind_(kind), destination_(destination), port_(port) {}
  Result<std::optional<Outcome>> read_answer();

  UniqueFd socket_;
  ProbeKind kind_;
  IpAddress destination_;
  std::uint16_t port_;
  std::uint16_t mark_ = 0;
};

}  // namespace netctl::diag
