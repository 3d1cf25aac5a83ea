#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/rtnl/types.hpp"

// Netlink messages to values: pure functions of bytes, so that they are tested without root. Each
// takes one whole message, header included, of any length and content: too short or nonsensical
// input is an error (Errc::Io), never a read past the end. Attributes that are not known are
// passed over.
namespace netctl::rtnl {

Result<Link> parse_link(std::span<const std::byte> message);        // RTM_NEWLINK
Result<Address> parse_address(std::span<const std::byte> message);  // RTM_NEWADDR
// RTM_NEWROUTE. Of a route with several next hops, the first.
Result<Route> parse_route(std::span<const std::byte> message);
Result<Neighbour> parse_neighbour(std::span<const std::byte> message);  // RTM_NEWNEIGH

// RTM_NEWNETCONF: whether packets are forwarded.
Result<bool> parse_forwarding(std::span<const std::byte> message);

// RTM_NEWVLAN: VLANs of one bridge port, or of a bridge itself.
Result<std::vector<VlanRange>> parse_vlans(std::span<const std::byte> message);

// The kernel's answer to one request (NLMSG_ERROR), or how a dump ended (NLMSG_DONE); errno 0 is
// the ACK.
struct Ack {
  int number = 0;      // errno, positive; 0: done
  std::string text{};  // the extended ACK's words (NLMSGERR_ATTR_MSG); often empty
};
Result<Ack> parse_ack(std::span<const std::byte> message);

// The front of a message (struct nlmsghdr), in host byte order.
struct Header {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
};

// Takes the next message off the front of a datagram that may hold several; nothing when what is
// left does not begin with a whole one.
std::optional<std::span<const std::byte>> take_message(std::span<const std::byte>& datagram);
// Of a message that take_message() gave.
Header header_of(std::span<const std::byte> message);

}  // namespace netctl::rtnl
