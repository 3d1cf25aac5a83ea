#pragma once

#include <cstdint>

#include "runtime-core/base/result.hpp"

namespace netctl::attach {

// What a plugin is going to do on this host.
struct Needs {
  bool bridge = false;  // make a bridge and a veth pair that is its port
  std::uint32_t mtu = 0;
  bool vlans = false;        // put the port into VLANs
  bool firewall = false;     // masquerade or publish
  bool spoof_guard = false;  // keep containers to their MAC addresses
  bool flow_table = false;   // let forwarded connections take the short way
};

// For STATUS: whether an ADD could do that now. Tried out rather than asked for, with the functions
// and so with the words of an ADD, in a network namespace that is made for it and goes with the
// call: nobody sees it, and nothing has to be undone. Then the firewall table of the host itself is
// looked at. Codes: kNotAvailable; kLimitedConnectivity when that table, which containers depend
// on, cannot be read or has lost a part.
Status check_host(const Needs& needs);

}  // namespace netctl::attach
