#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/mac.hpp"

// The kernel's routing objects as plain values (rtnetlink(7)). All numbers are in host byte order.
namespace netctl::rtnl {

// One network interface as the kernel reports it (RTM_NEWLINK).
struct Link {
  int index = 0;                // > 0, unique within one namespace only
  std::string name{};           // 1..15 bytes
  std::string kind{};           // "bridge", "veth", ...; empty for physical ones and lo
  std::string alias{};          // free text: an attachment's owner on links of ours
  MacAddress mac{};             // zero where the interface has none
  std::uint32_t mtu = 0;        // bytes, without the Ethernet header
  bool up = false;              // IFF_UP: the administrator's wish
  bool carrier = false;         // IFF_LOWER_UP: something is at the other end
  bool promiscuous = false;     // IFF_PROMISC: the administrator's wish, as the next one
  bool all_multicast = false;   // IFF_ALLMULTI
  std::uint32_t tx_queue = 0;   // length of the transmit queue, in packets
  std::optional<int> master{};  // index of the bridge it is a port of
  std::optional<int> peer{};    // veth: index of the other end, in the namespace that it lives in
  bool hairpin = false;         // bridge port: may send a frame back to where it came from
  bool isolated = false;        // bridge port: reaches only ports that are not isolated
  std::uint8_t port_state = 0;  // bridge port: BR_STATE_*, 0 disabled, 3 forwarding
  bool vlan_filtering = false;  // bridge: takes and gives frames by the VLANs of its ports
  bool route_localnet = false;  // 127.0.0.0/8 may be routed through it
  bool operator==(const Link&) const = default;
};

// VLANs of a bridge port, first to last (1..4094), all of them in the same way.
struct VlanRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool native = false;    // what comes in without a tag belongs to it (PVID); one VLAN, no range
  bool untagged = false;  // frames leave without the tag
  bool operator==(const VlanRange&) const = default;
};

// "7 native untagged, 100-199"; "none".
std::string to_text(std::span<const VlanRange> vlans);

// One address of one interface (RTM_NEWADDR).
struct Address {
  int link = 0;            // index of the interface
  IpPrefix prefix{};       // host bits kept
  std::uint8_t scope = 0;  // RT_SCOPE_*: 0 universe, 253 link, 254 host
  bool tentative = false;  // IPv6: duplicate detection is still running
  bool duplicate = false;  // IPv6: duplicate detection found another holder (IFA_F_DADFAILED)
  bool operator==(const Address&) const = default;
};

// One unicast route (RTM_NEWROUTE).
struct Route {
  IpPrefix destination{};
  std::optional<IpAddress> gateway{};
  std::optional<IpAddress> source{};  // preferred source address
  int link = 0;                       // index of the outgoing interface; 0: left to the kernel
  std::uint32_t metric = 0;           // 0: the kernel's default
  std::uint32_t table = 254;          // 254: main
  std::uint8_t scope = 0;             // RT_SCOPE_*
  std::uint8_t protocol = 3;          // RTPROT_*: who made it; 3: boot, as iproute2 writes it
  std::uint8_t type = 1;              // RTN_*: 1 unicast, 2 local
  std::uint32_t mtu = 0;              // bytes; 0: none set
  std::uint32_t advmss = 0;           // bytes; 0: none set
  bool operator==(const Route&) const = default;
};

// Who is at an address on a link (RTM_NEWNEIGH): an entry of the ARP or the neighbour discovery
// cache.
struct Neighbour {
  int link = 0;  // index of the interface
  IpAddress address{};
  MacAddress mac{};         // zero while it is being asked for
  std::uint16_t state = 0;  // NUD_*: 2 reachable, 4 stale, 128 permanent, ...
  bool operator==(const Neighbour&) const = default;
};

}  // namespace netctl::rtnl
