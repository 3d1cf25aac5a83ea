#include "runtime-core/rtnl/parse.hpp"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace netctl::rtnl {
namespace {

constexpr std::uint16_t kNoVlan = 4095;  // VLAN_VID_MASK, reserved
constexpr int kMaxErrno = 4095;          // MAX_ERRNO, include/linux/err.h
constexpr std::size_t kMaxMessage = 1
                                    << 24;  // lengths below fit into an int; the kernel's are tiny

using Bytes = std::span<const std::byte>;

Error malformed(std::string_view what) {
  return fail(Errc::Io, "malformed netlink message: {}", what);
}

// The bytes may lie at any address, so numbers are copied out.
template <class Value>
Value copy_of(const void* from) {
  static_assert(std::is_trivially_copyable_v<Value>);
  Value value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Attributes by type, and questions that can be asked of them. Points into the message.
template <int kMax>
class Attributes {
 public:
  // False when the bytes are not a row of whole attributes, or one is shorter than `policy` says.
  bool read(Bytes bytes, const nla_policy* policy) {
    // libnl reads only, though its signature does not say so.
    auto* const first = reinterpret_cast<nlattr*>(const_cast<std::byte*>(bytes.data()));
    return ::nla_parse(table_.data(), kMax, first, static_cast<int>(bytes.size()), policy) >= 0;
  }

  bool has(int type) const { return at(type) != nullptr; }

  // The content; empty when the attribute is missing.
  Bytes bytes(int type) const {
    if (!has(type)) return {};
    return {static_cast<const std::byte*>(::nla_data(at(type))),
            static_cast<std::size_t>(::nla_len(at(type)))};
  }

  // A number, when the attribute is there and long enough for it.
  template <class Value>
  std::optional<Value> find(int type) const {
    const Bytes content = bytes(type);
    if (content.size() < sizeof(Value)) return std::nullopt;
    return copy_of<Value>(content.data());
  }

  std::uint32_t u32(int type) const { return find<std::uint32_t>(type).value_or(0); }
  bool flag(int type) const { return find<std::uint8_t>(type).value_or(0) != 0; }

  // Up to the terminating zero, if there is one.
  std::string text(int type) const {
    const Bytes content = bytes(type);
    const auto end = std::ranges::find(content, std::byte{0});
    return {reinterpret_cast<const char*>(content.data()),
            static_cast<std::size_t>(end - content.begin())};
  }

 private:
  nlattr* at(int type) const { return table_[static_cast<std::size_t>(type)]; }
  std::array<nlattr*, static_cast<std::size_t>(kMax) + 1> table_{};
};

constexpr nla_policy of(std::uint16_t type) { return {.type = type, .minlen = 0, .maxlen = 0}; }

// The fixed header of a message and the attributes behind it.
template <class Fixed, int kMax>
struct Parts {
  Fixed fixed{};
  Attributes<kMax> attributes{};
};

// The message up to the length that its own header gives; nothing when it is not all there.
std::optional<Bytes> whole(Bytes message) {
  if (message.size() < sizeof(nlmsghdr)) return std::nullopt;
  const std::size_t length = copy_of<nlmsghdr>(message.data()).nlmsg_len;
  if (length < sizeof(nlmsghdr) || length > message.size() || length > kMaxMessage) {
    return std::nullopt;
  }
  return message.first(length);
}

template <class Fixed, int kMax>
Result<Parts<Fixed, kMax>> take_apart(Bytes message, int type, const nla_policy* policy) {
  const auto bytes = whole(message);
  if (!bytes) return malformed("cut short");
  if (header_of(*bytes).type != type) return malformed("not the type that was expected");
  const Bytes body = bytes->subspan(sizeof(nlmsghdr));
  if (body.size() < sizeof(Fixed)) return malformed("header cut short");
  Parts<Fixed, kMax> parts;
  parts.fixed = copy_of<Fixed>(body.data());
  const std::size_t aligned = NLMSG_ALIGN(sizeof(Fixed));
  const Bytes rest = body.subspan(std::min(aligned, body.size()));
  if (!parts.attributes.read(rest, policy)) return malformed("attributes");
  return parts;
}

// An address of `family` (AF_*); nothing when the length is another or the family no IP.
std::optional<IpAddress> ip_address(int family, Bytes bytes) {
  const std::size_t size = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
  if (size == 0 || bytes.size() != size) return std::nullopt;
  return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), size});
}

std::optional<Family> ip_family(int family) {
  if (family == AF_INET) return Family::V4;
  if (family == AF_INET6) return Family::V6;
  return std::nullopt;
}

bool parse_port(Bytes bytes, Link& link) {
  Attributes<IFLA_BRPORT_MAX> port;
  if (!port.read(bytes, nullptr)) return false;
  link.hairpin = port.flag(IFLA_BRPORT_MODE);
  link.isolated = port.flag(IFLA_BRPORT_ISOLATED);
  link.port_state = port.find<std::uint8_t>(IFLA_BRPORT_STATE).value_or(0);
  return true;
}

// IFLA_LINKINFO: the kind, and what the link has as a bridge and as a port of one.
bool parse_info(Bytes bytes, Link& link) {
  Attributes<IFLA_INFO_MAX> info;
  if (!info.read(bytes, nullptr)) return false;
  link.kind = info.text(IFLA_INFO_KIND);
  if (link.kind == "bridge") {
    Attributes<IFLA_BR_MAX> bridge;
    if (!bridge.read(info.bytes(IFLA_INFO_DATA), nullptr)) return false;
    link.vlan_filtering = bridge.flag(IFLA_BR_VLAN_FILTERING);
  }
  if (info.text(IFLA_INFO_SLAVE_KIND) != "bridge") return true;
  return parse_port(info.bytes(IFLA_INFO_SLAVE_DATA), link);
}

// IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF } }: the values of net.ipv4.conf.<link>, the first of
// them number 1. Links without IPv4 have none.
bool parse_conf(Bytes bytes, Link& link) {
  Attributes<AF_INET> families;
  Attributes<IFLA_INET_MAX> ipv4;
  if (!families.read(bytes, nullptr) || !ipv4.read(families.bytes(AF_INET), nullptr)) return false;
  const Bytes values = ipv4.bytes(IFLA_INET_CONF);
  constexpr std::size_t kPlace = (IPV4_DEVCONF_ROUTE_LOCALNET - 1) * sizeof(std::uint32_t);
  if (values.size() < kPlace + sizeof(std::uint32_t)) return true;
  link.route_localnet = copy_of<std::uint32_t>(&values[kPlace]) != 0;
  return true;
}

MacAddress mac_address(Bytes bytes) {
  MacAddress mac;
  // Tunnels report an IP address here; they have no MAC address.
  if (bytes.size() == mac.bytes.size()) std::memcpy(mac.bytes.data(), bytes.data(), bytes.size());
  return mac;
}

std::optional<int> index_of(std::optional<std::uint32_t> value) {
  if (!value || *value == 0 || *value > INT32_MAX) return std::nullopt;
  return static_cast<int>(*value);
}

// struct rtvia: a family and an address.
std::optional<IpAddress> parse_via(Bytes bytes) {
  if (bytes.size() < sizeof(sa_family_t)) return std::nullopt;
  return ip_address(copy_of<sa_family_t>(bytes.data()), bytes.subspan(sizeof(sa_family_t)));
}

// BRIDGE_VLANDB_ENTRY { BRIDGE_VLANDB_ENTRY_INFO { flags, VLAN }, BRIDGE_VLANDB_ENTRY_RANGE last }
std::optional<VlanRange> parse_vlan_entry(Bytes bytes) {
  Attributes<BRIDGE_VLANDB_ENTRY_MAX> entry;
  if (!entry.read(bytes, nullptr)) return std::nullopt;
  const auto info = entry.find<bridge_vlan_info>(BRIDGE_VLANDB_ENTRY_INFO);
  if (!info) return std::nullopt;
  const auto last = entry.find<std::uint16_t>(BRIDGE_VLANDB_ENTRY_RANGE).value_or(info->vid);
  if (info->vid == 0 || info->vid > last || last >= kNoVlan) return std::nullopt;
  return VlanRange{.first = info->vid,
                   .last = last,
                   .native = (info->flags & BRIDGE_VLAN_INFO_PVID) != 0,
                   .untagged = (info->flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0};
}

using RouteAttributes = Attributes<RTA_MAX>;

constexpr auto kRoutePolicy = [] {
  std::array<nla_policy, RTA_MAX + 1> policy{};
  policy[RTA_OIF] = policy[RTA_PRIORITY] = policy[RTA_TABLE] = of(NLA_U32);
  return policy;
}();

// Where the packets go: of the route itself, or of one of its next hops.
void parse_hop(int family, const RouteAttributes& attributes, Route& route) {
  if (const auto link = index_of(attributes.find<std::uint32_t>(RTA_OIF))) route.link = *link;
  route.gateway = ip_address(family, attributes.bytes(RTA_GATEWAY));
  if (!route.gateway) route.gateway = parse_via(attributes.bytes(RTA_VIA));
}

// RTA_MULTIPATH: a row of struct rtnexthop, each with attributes of its own behind it.
bool parse_first_hop(int family, Bytes hops, Route& route) {
  if (hops.size() < sizeof(rtnexthop)) return false;
  const auto hop = copy_of<rtnexthop>(hops.data());
  if (hop.rtnh_len < sizeof(rtnexthop) || hop.rtnh_len > hops.size()) return false;
  RouteAttributes attributes;
  const Bytes rest = hops.subspan(sizeof(rtnexthop), hop.rtnh_len - sizeof(rtnexthop));
  if (!attributes.read(rest, kRoutePolicy.data())) return false;
  route.link = hop.rtnh_ifindex;
  parse_hop(family, attributes, route);
  if (route.link == 0) route.link = hop.rtnh_ifindex;
  return true;
}

bool parse_metrics(Bytes bytes, Route& route) {
  Attributes<RTAX_MAX> metrics;
  if (!metrics.read(bytes, nullptr)) return false;
  route.mtu = metrics.u32(RTAX_MTU);
  route.advmss = metrics.u32(RTAX_ADVMSS);
  return true;
}

std::optional<IpPrefix> destination_of(const rtmsg& fixed, const RouteAttributes& attributes) {
  const auto family = ip_family(fixed.rtm_family);
  if (!family) return std::nullopt;
  IpPrefix destination = default_route(*family);
  if (attributes.has(RTA_DST)) {
    const auto address = ip_address(fixed.rtm_family, attributes.bytes(RTA_DST));
    if (!address) return std::nullopt;
    destination.address = *address;
  }
  destination.length = fixed.rtm_dst_len;
  if (destination.length > destination.address.bits()) return std::nullopt;
  return destination;
}

}  // namespace

Result<Link> parse_link(Bytes message) {
  constexpr auto kPolicy = [] {
    std::array<nla_policy, IFLA_MAX + 1> policy{};
    policy[IFLA_MTU] = policy[IFLA_MASTER] = policy[IFLA_LINK] = policy[IFLA_TXQLEN] = of(NLA_U32);
    return policy;
  }();
  const auto [fixed, attributes] =
      TRY((take_apart<ifinfomsg, IFLA_MAX>(message, RTM_NEWLINK, kPolicy.data())));
  Link link{.index = fixed.ifi_index,
            .name = attributes.text(IFLA_IFNAME),
            .alias = attributes.text(IFLA_IFALIAS),
            .mac = mac_address(attributes.bytes(IFLA_ADDRESS)),
            .mtu = attributes.u32(IFLA_MTU),
            .up = (fixed.ifi_flags & IFF_UP) != 0,
            .carrier = (fixed.ifi_flags & IFF_LOWER_UP) != 0,
            .promiscuous = (fixed.ifi_flags & IFF_PROMISC) != 0,
            .all_multicast = (fixed.ifi_flags & IFF_ALLMULTI) != 0,
            .tx_queue = attributes.u32(IFLA_TXQLEN),
            .master = index_of(attributes.find<std::uint32_t>(IFLA_MASTER))};
  if (link.index <= 0) return malformed("a link without an index");
  if (link.name.empty()) return malformed("a link without a name");
  if (!parse_info(attributes.bytes(IFLA_LINKINFO), link)) return malformed("link information");
  // What the bridge tells of its ports (AF_BRIDGE) has VLANs in there.
  const bool has_conf = fixed.ifi_family == AF_UNSPEC;
  if (has_conf && !parse_conf(attributes.bytes(IFLA_AF_SPEC), link)) {
    return malformed("link parameters");
  }
  // Of other kinds, IFLA_LINK is the interface that they sit on.
  if (link.kind == "veth") link.peer = index_of(attributes.find<std::uint32_t>(IFLA_LINK));
  return link;
}

Result<Address> parse_address(Bytes message) {
  constexpr auto kPolicy = [] {
    std::array<nla_policy, IFA_MAX + 1> policy{};
    policy[IFA_FLAGS] = of(NLA_U32);
    return policy;
  }();
  const auto [fixed, attributes] =
      TRY((take_apart<ifaddrmsg, IFA_MAX>(message, RTM_NEWADDR, kPolicy.data())));
  // On point-to-point interfaces IFA_ADDRESS is the other side's; ours is IFA_LOCAL, where given.
  const int own = attributes.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS;
  const auto address = ip_address(fixed.ifa_family, attributes.bytes(own));
  if (!address) return malformed("not an IP address");
  if (fixed.ifa_prefixlen > address->bits()) return malformed("prefix length");
  const auto link = index_of(fixed.ifa_index);
  if (!link) return malformed("an address without a link");
  // The header has room for the eight oldest flags only.
  const std::uint32_t flags =
      attributes.has(IFA_FLAGS) ? attributes.u32(IFA_FLAGS) : fixed.ifa_flags;
  return Address{.link = *link,
                 .prefix = {.address = *address, .length = fixed.ifa_prefixlen},
                 .scope = fixed.ifa_scope,
                 .tentative = (flags & IFA_F_TENTATIVE) != 0,
                 .duplicate = (flags & IFA_F_DADFAILED) != 0};
}

Result<Neighbour> parse_neighbour(Bytes message) {
  constexpr std::array<nla_policy, NDA_MAX + 1> kPolicy{};
  const auto [fixed, attributes] =
      TRY((take_apart<ndmsg, NDA_MAX>(message, RTM_NEWNEIGH, kPolicy.data())));
  const auto address = ip_address(fixed.ndm_family, attributes.bytes(NDA_DST));
  if (!address) return malformed("not an IP address");
  if (fixed.ndm_ifindex <= 0) return malformed("a neighbour without a link");
  return Neighbour{.link = fixed.ndm_ifindex,
                   .address = *address,
                   .mac = mac_address(attributes.bytes(NDA_LLADDR)),
                   .state = fixed.ndm_state};
}

Result<bool> parse_forwarding(Bytes message) {
  constexpr std::array<nla_policy, NETCONFA_MAX + 1> kPolicy{};
  const auto [fixed, attributes] =
      TRY((take_apart<netconfmsg, NETCONFA_MAX>(message, RTM_NEWNETCONF, kPolicy.data())));
  const auto forwarding = attributes.find<std::int32_t>(NETCONFA_FORWARDING);
  if (!forwarding) return malformed("not whether packets are forwarded");
  return *forwarding != 0;
}

Result<Route> parse_route(Bytes message) {
  const auto [fixed, attributes] =
      TRY((take_apart<rtmsg, RTA_MAX>(message, RTM_NEWROUTE, kRoutePolicy.data())));
  const auto destination = destination_of(fixed, attributes);
  if (!destination) return malformed("route destination");
  Route route{.destination = *destination,
              .source = ip_address(fixed.rtm_family, attributes.bytes(RTA_PREFSRC)),
              .metric = attributes.u32(RTA_PRIORITY),
              .table = attributes.has(RTA_TABLE) ? attributes.u32(RTA_TABLE) : fixed.rtm_table,
              .scope = fixed.rtm_scope,
              .protocol = fixed.rtm_protocol,
              .type = fixed.rtm_type};
  parse_hop(fixed.rtm_family, attributes, route);
  if (attributes.has(RTA_MULTIPATH) &&
      !parse_first_hop(fixed.rtm_family, attributes.bytes(RTA_MULTIPATH), route)) {
    return malformed("next hops");
  }
  if (!parse_metrics(attributes.bytes(RTA_METRICS), route)) return malformed("route metrics");
  return route;
}

// br_vlan_msg, then a row of attributes of one type, which a table by type would not hold.
Result<std::vector<VlanRange>> parse_vlans(Bytes message) {
  const auto bytes = whole(message);
  if (!bytes) return malformed("cut short");
  if (header_of(*bytes).type != RTM_NEWVLAN) return malformed("not the type that was expected");
  Bytes row = bytes->subspan(sizeof(nlmsghdr));
  if (row.size() < sizeof(br_vlan_msg)) return malformed("header cut short");
  std::vector<VlanRange> vlans;
  for (row = row.subspan(sizeof(br_vlan_msg)); row.size() >= sizeof(nlattr);) {
    const auto header = copy_of<nlattr>(row.data());
    if (header.nla_len < sizeof(nlattr) || header.nla_len > row.size()) {
      return malformed("attributes");
    }
    if ((header.nla_type & NLA_TYPE_MASK) == BRIDGE_VLANDB_ENTRY) {
      const auto range =
          parse_vlan_entry(row.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr)));
      if (!range) return malformed("VLAN");
      vlans.push_back(*range);
    }
    row = row.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), row.size()));
  }
  return vlans;
}

// NLMSG_ERROR:  nlmsghdr, int, the request's nlmsghdr, the request's content unless NLM_F_CAPPED,
//               attributes if NLM_F_ACK_TLVS
// NLMSG_DONE:   nlmsghdr, int, attributes if NLM_F_ACK_TLVS
Result<Ack> parse_ack(Bytes message) {
  const auto bytes = whole(message);
  if (!bytes) return malformed("cut short");
  const Header header = header_of(*bytes);
  const Bytes body = bytes->subspan(sizeof(nlmsghdr));
  std::size_t before = sizeof(int);
  if (header.type == NLMSG_ERROR) {
    before = sizeof(nlmsgerr);
  } else if (header.type != NLMSG_DONE) {
    return malformed("not an answer");
  }
  if (body.size() < before) return malformed("answer cut short");
  const int error = copy_of<int>(body.data());
  if (error > 0 || error < -kMaxErrno) return malformed("not an errno value");

  Ack ack{.number = -error};
  if ((header.flags & NLM_F_ACK_TLVS) == 0) return ack;
  if (header.type == NLMSG_ERROR && (header.flags & NLM_F_CAPPED) == 0) {
    const std::size_t request = copy_of<nlmsgerr>(body.data()).msg.nlmsg_len;
    if (request < sizeof(nlmsghdr) || request > body.size()) return malformed("quoted request");
    before += NLMSG_ALIGN(request - sizeof(nlmsghdr));
  }
  Attributes<NLMSGERR_ATTR_MAX> attributes;
  if (!attributes.read(body.subspan(std::min(before, body.size())), nullptr)) {
    return malformed("answer's attributes");
  }
  ack.text = attributes.text(NLMSGERR_ATTR_MSG);
  return ack;
}

std::optional<Bytes> take_message(Bytes& datagram) {
  const auto message = whole(datagram);
  if (!message) return std::nullopt;
  const std::size_t aligned = NLMSG_ALIGN(message->size());
  datagram = datagram.subspan(std::min(aligned, datagram.size()));
  return message;
}

Header header_of(Bytes message) {
  const auto header = copy_of<nlmsghdr>(message.data());
  return {.type = header.nlmsg_type, .flags = header.nlmsg_flags, .sequence = header.nlmsg_seq};
}

}  // namespace netctl::rtnl
