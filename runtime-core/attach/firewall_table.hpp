#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/nft/batch.hpp"

// The table `inet netctl`, whole. As nft(8) would list it, with one container that publishes a port
// (IPv6 has the same maps and rules, named with a 6):
//
//   map publish4      { ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; counter
//                       203.0.113.5 . tcp . 8443 comment "bridge/web/eth0" : 172.17.0.2 . 443 }
//   map publish4_any  { inet_proto . inet_service : ipv4_addr . inet_service; counter
//                       tcp . 8080 comment "bridge/web/eth0" : 172.17.0.2 . 80 }
//   map publish4_range { inet_proto . inet_service : ipv4_addr; flags interval; counter
//                       tcp . 8000-8999 comment "bridge/web/eth0" : 172.17.0.2 }
//   map condition4    { ipv4_addr . inet_proto . inet_service : verdict
//                       203.0.113.5 . tcp . 8443 comment "bridge/web/eth0" : jump when--in-eth1 }
//   map condition4_any { inet_proto . inet_service : verdict }
//   map masquerade4   { ipv4_addr : verdict
//                       172.17.0.2 comment "bridge/web/eth0" : goto masq_172.17.0.0/16 }
//   map hairpin4      { ipv4_addr : verdict
//                       172.17.0.2 comment "bridge/web/eth0" : jump hairpin_172.17.0.0/16 }
//
//   chain publish     { meta nfproto ipv4 ip daddr . meta l4proto . th dport vmap @condition4
//                       meta nfproto ipv4 meta l4proto . th dport vmap @condition4_any
//                       dnat ip to ip daddr . meta l4proto . th dport map @publish4
//                       dnat ip to meta l4proto . th dport map @publish4_any
//                       dnat ip to meta l4proto . th dport map @publish4_range }
//   chain prerouting  { type nat hook prerouting priority dstnat
//                       fib daddr type local jump publish }
//   chain output      { type nat hook output priority -100
//                       fib daddr type local jump publish }
//   chain postrouting { type nat hook postrouting priority srcnat
//                       ct status dnat ip daddr vmap @hairpin4
//                       ct status dnat ip saddr 127.0.0.0/8 masquerade   # IPv6: ::1
//                       ip saddr vmap @masquerade4 }
//   chain count       { ct original ip daddr . meta l4proto . ct original proto-dst map @publish4
//   accept
//                       meta l4proto . ct original proto-dst map @publish4_any accept
//                       meta l4proto . ct original proto-dst map @publish4_range accept }
//   chain count_in    { type filter hook prerouting priority -150
//                       ct status dnat jump count }
//   chain count_out   { type filter hook output priority -150
//                       ct status dnat jump count }
//   chain raw         { type filter hook prerouting priority raw
//                       iifname != "lo" ip daddr 127.0.0.0/8 drop }
//
//   map within        { ifname . ifname : verdict    # bridge and the same bridge
//                       "br-web" . "br-web" comment "bridge br-web" : accept }
//   set internal      { ifname }                     # bridges that nothing enters or leaves
//   set isolated      { ifname }                     # apart from each other
//   set strict        { ifname }                     # apart from all bridges
//   map gateway4      { ifname : verdict             # what may enter from elsewhere
//                       "br-web" comment "bridge br-web" : drop }
//   set open4         { ipv4_addr . inet_proto . inet_service }   # in routed networks
//
//   map ingress4      { ipv4_addr : verdict         # containers that are kept from others
//                       172.17.0.2 comment "bridge/web/eth0" : jump same_br-web }
//   set secluded      { ifname }                    # their interfaces, where these have no bridge
//   set admitted4     { ipv4_addr }                 # told to the host's other firewalls; no rule
//                                                   # asks: it says whose the address is
//
//   chain admin       { }                           # the user's own rules
//   chain forward     { type filter hook forward priority filter
//                       jump admin
//                       ct state established,related accept
//                       ip daddr vmap @ingress4
//                       ip6 daddr vmap @ingress6
//                       iifname . oifname vmap @within
//                       iifname @internal drop
//                       oifname @internal drop
//                       ct status dnat accept
//                       iifname @isolated oifname @isolated drop
//                       iifname @strict meta oifkind "bridge" drop
//                       oifname @strict meta iifkind "bridge" drop
//                       meta nfproto ipv4 oifname vmap @gateway4
//                       meta nfproto ipv6 oifname vmap @gateway6 }
//   chain apart       { ct status dnat accept                    # "icc": false
//                       drop }
//   chain routed      { meta l4proto icmp accept
//                       meta l4proto ipv6-icmp accept
//                       ip daddr . meta l4proto . th dport @open4 accept
//                       ip6 daddr . meta l4proto . th dport @open6 accept
//                       drop }
//
//   chain same_br-web           { ct state established,related return
//                                 ct status dnat return
//                                 iifname != "br-web" meta iifkind "bridge" drop
//                                 iifname != "br-web" iifname @secluded drop }
//   chain alone_br-web          { ct state established,related return
//                                 ct status dnat return
//                                 meta iifkind "bridge" drop
//                                 iifname @secluded drop }
//   chain masq_172.17.0.0/16    { ip daddr 172.17.0.0/16 accept
//                                 ip daddr 224.0.0.0/4 accept
//                                 masquerade }
//   chain hairpin_172.17.0.0/16 { ip saddr 172.17.0.0/16 masquerade }
//   chain hairpin_all           { masquerade }
//   chain when--in-eth1         { iifname != "eth1" accept }   # port_condition.hpp
//
// * The last six are made for the networks that need them. Their name says all that is in them, so
//   one that exists is right, and the kernel refuses to delete one that an element leads to.
// * An accept in `admin` ends the matter for this table. It may be made before all else, by a file
//   that nft(8) loads at boot, and while it has rules the table stays.
// * A flow's first packet is counted by the lookup that translates it; `count_in` and `count_out`
//   come before that, when the flow has no `ct status dnat` yet, and count all others, both ways.
// * nft(8) lists the rules of `count` without their lookups (nft::CountIn). A table that was saved
//   and loaded with it publishes ports but counts first packets only.
// * A connection that was let through goes on: what a policy says is asked for its first packet.
// * `ingress4` is asked before `within`, which lets a bridge's containers reach each other.
// * `ct status dnat` in front of the hairpin rules: only connections to a published port get the
//   host's address. A container that talks to another directly keeps its own.
// * 127.0.0.1 can only be routed to a container where route_localnet is on (portmap sets it on the
//   bridge); `raw` keeps that from opening the host's own loopback services to the bridge's other
//   side.
// * Only bridges of networks that ask for it are in the sets of `forward` (policy.hpp); the traffic
//   of all others passes. To accept a packet there is to have no objection: chains of others, such
//   as a firewall's, are asked as well.
namespace netctl::attach {

inline constexpr std::string_view kTable = "netctl";

nft::Set publish_map(Family family);
nft::Set publish_any_map(Family family);
nft::Set publish_range_map(Family family);
nft::Set condition_map(Family family);
nft::Set condition_any_map(Family family);
nft::Set masquerade_map(Family family);
nft::Set hairpin_map(Family family);
nft::Set open_set(Family family);
nft::Set within_map();
nft::Set internal_set();
nft::Set isolated_set();
nft::Set strict_set();
nft::Set gateway_map(Family family);
nft::Set ingress_map(Family family);
nft::Set secluded_set();
nft::Set admitted_set(Family family);

inline constexpr std::string_view kApart = "apart";
inline constexpr std::string_view kRouted = "routed";

// "masq_172.17.0.0/16", "hairpin_fd00__/64" (nft reads no ":" in a name).
std::string masquerade_chain(const IpPrefix& network);
std::string hairpin_chain(const IpPrefix& network);
inline constexpr std::string_view kHairpinAll = "hairpin_all";

// "same_br-web", "alone_br-web": what may come to a container behind that interface of the host.
std::string same_chain(const std::string& link);
std::string alone_chain(const std::string& link);

inline constexpr std::string_view kAdmin = "admin";

// The whole, to be edited.
const OwnedTable& firewall_table();

}  // namespace netctl::attach
