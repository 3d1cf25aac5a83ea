#include "runtime-core/rtnl/batch.hpp"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime-core/base/format.hpp"
#include "runtime-core/rtnl/encode.hpp"
#include "runtime-core/rtnl/message.hpp"

namespace netctl::rtnl {
namespace {

constexpr int kMake = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
// Two attributes of eight bytes each fit into a page with what is before them.
constexpr std::size_t kMaxVlanRanges = 240;

void put_mac(Encoder& message, const MacAddress& mac) {
  if (mac != MacAddress{}) message.bytes(IFLA_ADDRESS, mac.bytes);
}

void put_mtu(Encoder& message, std::uint32_t mtu) {
  if (mtu != 0) message.u32(IFLA_MTU, mtu);
}

void put_one_queue(Encoder& message) {
  message.u32(IFLA_NUM_TX_QUEUES, 1).u32(IFLA_NUM_RX_QUEUES, 1);
}

// Starts a message about an existing link. By name, the attribute is the key of the lookup; beside
// an index it would be a new name.
Encoder about_link(int type, int flags, const LinkRef& link, ifinfomsg header = {}) {
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = link.index;
  Encoder message(type, flags);
  message.fixed(header);
  if (link.index == 0) message.text(IFLA_IFNAME, link.name);
  return message;
}

void set_flag(ifinfomsg& header, unsigned flag, const std::optional<bool>& wanted) {
  if (!wanted) return;
  header.ifi_change |= flag;
  if (*wanted) header.ifi_flags |= flag;
}

std::string on_or_off(bool on) { return on ? "on" : "off"; }

// "up, mtu 1500, hairpin on": what the last message of a change does.
std::string text_of(const LinkChange& change) {
  std::string text;
  const auto say = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (change.up) say(*change.up ? "up" : "down");
  if (change.alias) say(format("alias \"{}\"", *change.alias));
  if (change.mtu) say(format("mtu {}", *change.mtu));
  if (change.mac) say("mac " + change.mac->to_text());
  if (change.promiscuous) say("promiscuous " + on_or_off(*change.promiscuous));
  if (change.all_multicast) say("allmulti " + on_or_off(*change.all_multicast));
  if (change.tx_queue) say(format("txqueuelen {}", *change.tx_queue));
  if (change.master)
    say(*change.master == 0 ? "no master" : format("master link {}", *change.master));
  if (change.hairpin) say("hairpin " + on_or_off(*change.hairpin));
  if (change.isolated) say("isolated " + on_or_off(*change.isolated));
  if (change.vlan_filtering) say("vlan_filtering " + on_or_off(*change.vlan_filtering));
  if (change.link_local) say("link-local " + on_or_off(*change.link_local));
  return text;
}

bool changes_conf(const LinkChange& change) { return change.arp_notify || change.route_localnet; }
bool changes_port(const LinkChange& change) { return change.hairpin || change.isolated; }
bool changes_info(const LinkChange& change) {
  return changes_port(change) || change.vlan_filtering;
}

// The interface's IPv4 parameters, otherwise under /proc/sys/net/ipv4/conf (inet_set_link_af,
// net/ipv4/devinet.c):  IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { number of the parameter: u32 } }
// }
std::vector<std::byte> encode_conf(const LinkChange& change) {
  Encoder message = about_link(RTM_SETLINK, NLM_F_ACK, change.link);
  const auto put = [&](int parameter, const std::optional<bool>& wanted) {
    if (wanted) message.u32(parameter, *wanted ? 1 : 0);
  };
  message.nest(IFLA_AF_SPEC, [&] {
    message.nest(AF_INET, [&] {
      message.nest(IFLA_INET_CONF, [&] {
        put(IPV4_DEVCONF_ARP_NOTIFY, change.arp_notify);
        put(IPV4_DEVCONF_ROUTE_LOCALNET, change.route_localnet);
      });
    });
  });
  return message.finish();
}

// IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_ADDR_GEN_MODE: u8 } } (inet6_set_link_af,
// net/ipv6/addrconf.c).
void put_link_local(Encoder& message, bool wanted) {
  message.nest(IFLA_AF_SPEC, [&] {
    message.nest(AF_INET6, [&] {
      message.u8(IFLA_INET6_ADDR_GEN_MODE,
                 wanted ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE);
    });
  });
}

std::string conf_text(const LinkChange& change) {
  std::string text;
  if (change.arp_notify) text = "arp_notify " + on_or_off(*change.arp_notify);
  if (change.route_localnet) {
    text += (text.empty() ? "" : ", ") + ("route_localnet " + on_or_off(*change.route_localnet));
  }
  return text;
}

// What a link has as a bridge, and as a port of its bridge:
//   IFLA_LINKINFO {
//     IFLA_INFO_KIND "bridge", IFLA_INFO_DATA { IFLA_BR_* }
//     IFLA_INFO_SLAVE_KIND "bridge", IFLA_INFO_SLAVE_DATA { IFLA_BRPORT_* } }
void put_info(Encoder& message, const LinkChange& change) {
  message.nest(IFLA_LINKINFO, [&] {
    if (change.vlan_filtering) {
      message.text(IFLA_INFO_KIND, "bridge");
      message.nest(IFLA_INFO_DATA,
                   [&] { message.u8(IFLA_BR_VLAN_FILTERING, *change.vlan_filtering ? 1 : 0); });
    }
    if (!changes_port(change)) return;
    message.text(IFLA_INFO_SLAVE_KIND, "bridge");
    message.nest(IFLA_INFO_SLAVE_DATA, [&] {
      if (change.hairpin) message.u8(IFLA_BRPORT_MODE, *change.hairpin ? 1 : 0);
      if (change.isolated) message.u8(IFLA_BRPORT_ISOLATED, *change.isolated ? 1 : 0);
    });
  });
}

// RTM_SETLINK passes IFLA_LINKINFO over; RTM_NEWLINK on a link that exists obeys it
// (rtnl_changelink, net/core/rtnetlink.c), before all else in the message.
std::vector<std::byte> encode_change(const LinkChange& change) {
  ifinfomsg header{};
  set_flag(header, IFF_UP, change.up);
  set_flag(header, IFF_PROMISC, change.promiscuous);
  set_flag(header, IFF_ALLMULTI, change.all_multicast);
  const int type = changes_info(change) ? RTM_NEWLINK : RTM_SETLINK;
  Encoder message = about_link(type, NLM_F_ACK, change.link, header);
  if (change.mac) message.bytes(IFLA_ADDRESS, change.mac->bytes);
  if (change.mtu) message.u32(IFLA_MTU, *change.mtu);
  if (change.tx_queue) message.u32(IFLA_TXQLEN, *change.tx_queue);
  // A terminating zero would count against the 255 bytes, and no byte at all takes the alias away.
  if (change.alias) message.chars(IFLA_IFALIAS, *change.alias);
  if (change.master) message.u32(IFLA_MASTER, static_cast<std::uint32_t>(*change.master));
  if (changes_info(change)) put_info(message, change);
  if (change.link_local) put_link_local(message, *change.link_local);
  return message.finish();
}

// VLANs of a port (br_afspec, net/bridge/br_netlink.c), a range as its two ends:
//   ifinfomsg (AF_BRIDGE, index)
//   IFLA_AF_SPEC { IFLA_BRIDGE_VLAN_INFO { flags: u16, VLAN: u16 }, ... }
std::vector<std::byte> encode_vlans(int type, int port, std::span<const VlanRange> vlans) {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = port;
  Encoder message(type, NLM_F_ACK);
  const auto put = [&](std::uint16_t vlan, int flags) {
    message.record(IFLA_BRIDGE_VLAN_INFO,
                   bridge_vlan_info{.flags = static_cast<std::uint16_t>(flags), .vid = vlan});
  };
  message.fixed(header).nest(IFLA_AF_SPEC, [&] {
    for (const VlanRange& range : vlans) {
      const int flags = (range.native ? BRIDGE_VLAN_INFO_PVID : 0) |
                        (range.untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0);
      if (range.first == range.last) {
        put(range.first, flags);
      } else {
        put(range.first, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
        put(range.last, flags | BRIDGE_VLAN_INFO_RANGE_END);
      }
    }
  });
  return message.finish();
}

// An address as RTM_NEWADDR and RTM_DELADDR name it.
void put_address(Encoder& message, const IpPrefix& address) {
  message.bytes(IFA_LOCAL, address.address.bytes()).bytes(IFA_ADDRESS, address.address.bytes());
}

ifaddrmsg address_header(int link, const IpPrefix& address) {
  ifaddrmsg header{};
  header.ifa_family = family_number(address.address.family());
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.length);
  header.ifa_index = static_cast<std::uint32_t>(link);
  // As iproute2 does: a loopback address is never a source for packets that leave the host. For
  // IPv6 the kernel works the scope out by itself.
  header.ifa_scope = address.address.is_loopback() ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  return header;
}

rtmsg route_header(const Route& route) {
  rtmsg header{};
  header.rtm_family = family_number(route.destination.address.family());
  header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  // Eight bits only: the attribute RTA_TABLE is what counts.
  header.rtm_table = static_cast<std::uint8_t>(route.table < 256 ? route.table : RT_TABLE_COMPAT);
  header.rtm_protocol = route.protocol;
  header.rtm_scope = route.scope;
  header.rtm_type = route.type;
  return header;
}

void put_gateway(Encoder& message, const Route& route) {
  if (!route.gateway) return;
  const auto address = route.gateway->bytes();
  if (route.gateway->family() == route.destination.address.family()) {
    message.bytes(RTA_GATEWAY, address);
    return;
  }
  // An IPv4 route through an IPv6 router: struct rtvia, a family and an address.
  const sa_family_t family = family_number(route.gateway->family());
  std::vector<std::uint8_t> via(sizeof family + address.size());
  std::memcpy(via.data(), &family, sizeof family);
  std::memcpy(via.data() + sizeof family, address.data(), address.size());
  message.bytes(RTA_VIA, via);
}

std::vector<std::byte> encode_route(int type, int flags, const Route& route) {
  Encoder message(type, flags);
  message.fixed(route_header(route)).u32(RTA_TABLE, route.table);
  if (!route.destination.is_default()) {
    // The kernel refuses bits beyond the prefix.
    message.bytes(RTA_DST, route.destination.network().bytes());
  }
  put_gateway(message, route);
  if (route.link != 0) message.u32(RTA_OIF, static_cast<std::uint32_t>(route.link));
  if (route.metric != 0) message.u32(RTA_PRIORITY, route.metric);
  if (route.source) message.bytes(RTA_PREFSRC, route.source->bytes());
  message.nest(RTA_METRICS, [&] {
    if (route.mtu != 0) message.u32(RTAX_MTU, route.mtu);
    if (route.advmss != 0) message.u32(RTAX_ADVMSS, route.advmss);
  });
  return message.finish();
}

// "172.18.0.0/16 via 172.17.0.1 on link 2, table 100".
std::string text_of(const Route& route) {
  std::string text = route.destination.masked().to_text();
  if (route.gateway) text += " via " + route.gateway->to_text();
  if (route.link != 0) text += format(" on link {}", route.link);
  if (route.table != RT_TABLE_MAIN) text += format(", table {}", route.table);
  return text;
}

}  // namespace

std::string to_text(std::span<const VlanRange> vlans) {
  std::string text;
  for (const VlanRange& range : vlans) {
    if (!text.empty()) text += ", ";
    text += format("{}", range.first);
    if (range.last != range.first) text += format("-{}", range.last);
    if (range.native) text += " native";
    if (range.untagged) text += " untagged";
  }
  return text.empty() ? "none" : text;
}

std::string LinkRef::to_text() const { return index != 0 ? format("link {}", index) : name; }

Batch::Batch() = default;
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

Batch& Batch::add_bridge(const NewBridge& bridge, int unless) {
  Encoder message(RTM_NEWLINK, kMake);
  message.fixed(ifinfomsg{}).text(IFLA_IFNAME, bridge.name);
  put_mac(message, bridge.mac);
  put_mtu(message, bridge.mtu);
  message.nest(IFLA_LINKINFO, [&] {
    message.text(IFLA_INFO_KIND, "bridge");
    message.nest(IFLA_INFO_DATA, [&] {
      if (bridge.vlan_filtering) message.u8(IFLA_BR_VLAN_FILTERING, 1);
      if (!bridge.multicast_snooping) message.u8(IFLA_BR_MCAST_SNOOPING, 0);
    });
  });
  return add({.bytes = message.finish(),
              .text = format("add bridge {}", bridge.name),
              .harmless = {unless}});
}

// ifinfomsg
// IFLA_IFNAME, IFLA_ADDRESS, IFLA_MTU, IFLA_MASTER, IFLA_NUM_{TX,RX}_QUEUES   this end
// IFLA_LINKINFO {
//   IFLA_INFO_KIND "veth"
//   IFLA_INFO_DATA { VETH_INFO_PEER {
//     ifinfomsg                                            a header inside an attribute
//     IFLA_IFNAME, IFLA_ADDRESS, IFLA_MTU, IFLA_NUM_{TX,RX}_QUEUES,
//     IFLA_NET_NS_FD                                       the other end, as if it stood alone
// } } }
Batch& Batch::add_veth(const NewVeth& pair) {
  Encoder message(RTM_NEWLINK, kMake);
  message.fixed(ifinfomsg{}).text(IFLA_IFNAME, pair.name);
  put_mac(message, pair.mac);
  put_mtu(message, pair.mtu);
  put_one_queue(message);
  if (pair.master) message.u32(IFLA_MASTER, static_cast<std::uint32_t>(*pair.master));
  const auto put_peer = [&] {
    message.fixed(ifinfomsg{}).text(IFLA_IFNAME, pair.peer_name);
    put_mac(message, pair.peer_mac);
    put_mtu(message, pair.mtu);
    put_one_queue(message);
    if (pair.peer_namespace >= 0) {
      message.u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(pair.peer_namespace));
    }
  };
  message.nest(IFLA_LINKINFO, [&] {
    message.text(IFLA_INFO_KIND, "veth");
    message.nest(IFLA_INFO_DATA, [&] { message.nest(VETH_INFO_PEER, put_peer); });
  });
  return add({.bytes = message.finish(),
              .text = format("add veth {} with peer {}", pair.name, pair.peer_name)});
}

// Up to three messages. The kernel brings an interface up before it looks at IFLA_AF_SPEC of the
// same message, too late for arp_notify; and it wants to see a port before it takes a port's
// flags, which it reads before IFLA_MASTER.
Batch& Batch::change_link(const LinkChange& change, int unless) {
  LinkChange rest = change;
  if (changes_conf(change)) {
    add({.bytes = encode_conf(change),
         .text = format("set {} {}", change.link.to_text(), conf_text(change))});
  }
  if (change.master && changes_port(change)) {
    const LinkChange join{.link = change.link, .master = change.master};
    add({.bytes = encode_change(join),
         .text = format("set {} {}", change.link.to_text(), text_of(join))});
    rest.master.reset();
  }
  const std::string text = text_of(rest);
  if (text.empty()) return *this;
  return add({.bytes = encode_change(rest),
              .text = format("set {} {}", change.link.to_text(), text),
              .harmless = {unless}});
}

Batch& Batch::delete_link(const LinkRef& link) {
  return add({.bytes = about_link(RTM_DELLINK, NLM_F_ACK, link).finish(),
              .text = format("delete {}", link.index != 0 ? link.to_text() : "link " + link.name),
              .harmless = {ENODEV}});
}

Batch& Batch::add_vlans(int port, std::span<const VlanRange> vlans) {
  while (!vlans.empty()) {
    const auto part = vlans.first(std::min(vlans.size(), kMaxVlanRanges));
    add({.bytes = encode_vlans(RTM_SETLINK, port, part),
         .text = format("put link {} into VLANs {}", port, to_text(part))});
    vlans = vlans.subspan(part.size());
  }
  return *this;
}

Batch& Batch::delete_vlans(int port, const VlanRange& vlans) {
  return add({.bytes = encode_vlans(RTM_DELLINK, port, {&vlans, 1}),
              .text = format("take link {} out of VLANs {}", port, to_text({&vlans, 1}))});
}

Batch& Batch::add_address(int link, const IpPrefix& address, int unless, ConnectedRoute route) {
  const bool v4 = address.address.is_v4();
  Encoder message(RTM_NEWADDR, kMake);
  message.fixed(address_header(link, address));
  put_address(message, address);
  if (v4 && address.length < 31) message.bytes(IFA_BROADCAST, address.last().bytes());
  std::uint32_t flags = v4 ? 0 : IFA_F_NODAD;
  if (route == ConnectedRoute::None) flags |= IFA_F_NOPREFIXROUTE;
  if (flags != 0) message.u32(IFA_FLAGS, flags);
  return add({.bytes = message.finish(),
              .text = format("add address {} to link {}", address.to_text(), link),
              .harmless = {unless}});
}

Batch& Batch::add_detected_address(int link, const IpPrefix& address) {
  if (address.address.is_v4()) return add_address(link, address);
  Encoder message(RTM_NEWADDR, kMake);
  message.fixed(address_header(link, address));
  put_address(message, address);
  return add({.bytes = message.finish(),
              .text = format("add address {} to link {}", address.to_text(), link)});
}

Batch& Batch::delete_address(int link, const IpPrefix& address) {
  Encoder message(RTM_DELADDR, NLM_F_ACK);
  message.fixed(address_header(link, address));
  put_address(message, address);
  return add({.bytes = message.finish(),
              .text = format("delete address {} from link {}", address.to_text(), link),
              .harmless = {EADDRNOTAVAIL, ENODEV}});
}

Batch& Batch::add_route(const Route& route, int unless) {
  return add({.bytes = encode_route(RTM_NEWROUTE, kMake, route),
              .text = format("add route {}", text_of(route)),
              .harmless = {unless}});
}

Batch& Batch::delete_route(const Route& route) {
  return add({.bytes = encode_route(RTM_DELROUTE, NLM_F_ACK, route),
              .text = format("delete route {}", text_of(route)),
              .harmless = {ESRCH, ENODEV}});
}

std::size_t Batch::size() const { return messages_.size(); }

const std::string& Batch::text(std::size_t index) const { return messages_.at(index).text; }

std::span<const std::byte> Batch::bytes(std::size_t index) const {
  return messages_.at(index).bytes;
}

Batch& Batch::add(Message message) {
  messages_.push_back(std::move(message));
  return *this;
}

}  // namespace netctl::rtnl
