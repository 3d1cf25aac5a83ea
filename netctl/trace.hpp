#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/diag/probe.hpp"

namespace netctl::command {

// Where a probe goes: "10.0.0.2:80" or "db:80" over TCP, "10.0.0.2:53/udp", "[fd00::2]:80"; an echo
// where no port is told.
struct ProbeTarget {
  std::optional<IpAddress> address{};
  std::string name{};  // instead of an address: a namespace, a container or its id
  diag::ProbeKind kind = diag::ProbeKind::Echo;
  std::uint16_t port = 0;
  bool operator==(const ProbeTarget&) const = default;
};
Result<ProbeTarget> parse_probe_target(const std::string& text);

// Sends a packet from `source` (a pinned name, a container or its id, a path, pid:N, or "host") to
// `target`, has the kernel tell which rules of this namespace decide about it and about its answer
// (nftables' tracing), and prints them in that order, where it left, and what came of it. Success
// whatever was decided.
Status trace(const Settings& settings, const std::string& source, const std::string& target,
             const Output& output);

}  // namespace netctl::command
