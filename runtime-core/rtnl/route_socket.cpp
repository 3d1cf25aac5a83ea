#include "runtime-core/rtnl/route_socket.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "runtime-core/base/log.hpp"
#include "runtime-core/rtnl/encode.hpp"
#include "runtime-core/rtnl/message.hpp"
#include "runtime-core/rtnl/parse.hpp"
#include "runtime-core/rtnl/watch.hpp"
#include "runtime-core/sys/successor.hpp"

namespace netctl::rtnl {
namespace {

using Bytes = std::span<const std::byte>;

// The kernel cuts the parts of a dump to 32 KiB at most (netlink_dump, net/netlink/af_netlink.c).
constexpr std::size_t kInboxSize = 64 << 10;
// So many answers certainly fit into the socket's receive buffer, where they wait until all
// messages of one send have been handled; and so many bytes into its send buffer.
constexpr std::size_t kMaxTogether = 64;
constexpr std::size_t kMaxSend = 32 << 10;
// A dump is repeated when a table changed while it was read. Each attempt takes a few milliseconds
// at most, while other plugins may be at work for a good part of a second.
constexpr int kDumpAttempts = 50;

// "<what>: File exists (<the kernel's words>)".
Error refusal(const Ack& ack, std::string_view what) {
  Error error = system_error(ack.number, what);
  if (!ack.text.empty()) error.message += format(" ({})", ack.text);
  return error;
}

// The number goes into a copy of the message: a batch stays as it is and can be sent again.
void append_numbered(std::vector<std::byte>& to, Bytes message, std::uint32_t sequence) {
  nlmsghdr header{};
  std::memcpy(&header, message.data(), sizeof header);
  header.nlmsg_seq = sequence;
  const std::size_t start = to.size();
  to.insert(to.end(), message.begin(), message.end());
  std::memcpy(to.data() + start, &header, sizeof header);
  to.resize(NLMSG_ALIGN(to.size()));
}

Status send_bytes(int socket, Bytes bytes) {
  while (true) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), 0);
    if (sent >= 0) return ok();  // a datagram goes whole or not at all
    if (errno != EINTR) return system_error(errno, "send to the kernel");
  }
}

// The datagrams that the kernel answers with.
class Inbox {
 public:
  explicit Inbox(int socket) : fd_(socket) {}

  // The next one; valid until the next call. It never waits for long: the kernel has put its
  // answer into the socket when send(2) returns, and the next part of a dump when recv(2) does.
  Result<Bytes> receive() {
    bool lost = false;
    while (true) {
      sockaddr_nl from{};
      socklen_t from_size = sizeof from;
      const ssize_t got =
          ::recvfrom(fd_, buffer_, kInboxSize, MSG_TRUNC | (lost ? MSG_DONTWAIT : 0),
                     reinterpret_cast<sockaddr*>(&from), &from_size);
      if (got < 0 && errno == EINTR) continue;
      // The kernel was short of memory for an answer. This one may be there all the same, and to
      // wait for one that is not would be for ever.
      if (got < 0 && errno == ENOBUFS && !lost) {
        lost = true;
        continue;
      }
      if (got < 0) return system_error(lost ? ENOBUFS : errno, "receive from the kernel");
      if (from.nl_pid != 0) continue;  // not from the kernel
      const auto size = static_cast<std::size_t>(got);
      if (size > kInboxSize)
        return fail(Errc::Io, "the kernel's answer of {} bytes is too long", size);
      return Bytes{buffer_, size};
    }
  }

 private:
  int fd_;
  alignas(nlmsghdr) std::byte buffer_[kInboxSize];  // most of it is never touched
};

// Calls `take(header, message)` with each message of the answers, datagram after datagram, until it
// says `true`, which is: that was the last.
template <class Take>
Status receive_until(const Channel& channel, Take&& take) {
  Inbox inbox(channel.fd());
  while (true) {
    Bytes datagram = TRY(inbox.receive());
    while (const auto message = take_message(datagram)) {
      const bool last = TRY(take(header_of(*message), *message));
      if (last) return ok();
    }
  }
}

// Sends one request; `take` sees what comes back for it. What is left of an earlier request that
// failed midway is passed over.
template <class Take>
Status exchange(Channel& channel, Bytes request, Take&& take) {
  if (request.empty()) return system_error(EMSGSIZE, "build the request");
  const std::uint32_t sequence = channel.take_sequence();
  std::vector<std::byte> outgoing;
  append_numbered(outgoing, request, sequence);
  TRY(send_bytes(channel.fd(), outgoing));
  return receive_until(channel, [&](const Header& header, Bytes message) -> Result<bool> {
    if (header.sequence != sequence) return false;
    return take(header, message);
  });
}

// A kernel without IPv6 answers a question about it with all the families that it has, and a dump
// of all families may hold those of other protocols (Phonet, MCTP). In each kind of message the
// family is the first byte; links have none, VLANs that of bridges.
bool concerns_us(const Header& header, Bytes message) {
  if (header.type == RTM_NEWVLAN) return true;
  if (message.size() <= sizeof(nlmsghdr)) return true;  // the parser says what is wrong with it
  const int family = std::to_integer<int>(message[sizeof(nlmsghdr)]);
  return family == AF_UNSPEC || family == AF_INET || family == AF_INET6;
}

// One object, parsed; or the kernel's refusal.
template <class Value>
using Parse = Result<Value> (*)(Bytes);
template <class Value>
struct Reply {
  std::optional<Value> value{};
  Ack ack{};
};

template <class Value>
Result<Reply<Value>> ask_one(Channel& channel, Bytes request, Parse<Value> parse) {
  Reply<Value> reply;
  const auto keep = [&](const Header& header, Bytes message) -> Result<bool> {
    if (header.type == NLMSG_ERROR) {
      reply.ack = TRY(parse_ack(message));
    } else {
      reply.value = TRY(parse(message));
    }
    return true;
  };
  TRY(exchange(channel, request, keep));
  return reply;
}

// What one attempt at a dump brought.
template <class Value>
struct Listing {
  std::vector<Value> values{};
  Status parsed{};           // the first message that made no sense
  bool interrupted = false;  // something changed meanwhile: values may be missing or doubled
  Ack end{};
};

template <class Value>
Result<Listing<Value>> list_once(Channel& channel, Bytes request, Parse<Value> parse) {
  Listing<Value> listing;
  const auto keep = [&](const Header& header, Bytes message) -> Result<bool> {
    if ((header.flags & NLM_F_DUMP_INTR) != 0) listing.interrupted = true;
    if (header.type == NLMSG_DONE || header.type == NLMSG_ERROR) {
      listing.end = TRY(parse_ack(message));
      return true;
    }
    if (!concerns_us(header, message)) return false;
    auto value = parse(message);
    if (value) {
      listing.values.push_back(std::move(value).value());
    } else if (listing.parsed) {
      listing.parsed = std::move(value).error();
    }
    return false;  // to the end in any case: the kernel refuses a second dump beside this one
  };
  TRY(exchange(channel, request, keep));
  return listing;
}

// All objects that the request asks for. `nothing` is an errno value that means an empty list.
template <class Value>
Result<std::vector<Value>> list(Channel& channel, const Encoder& request, Parse<Value> parse,
                                std::string_view what, int nothing = 0) {
  const std::vector<std::byte> bytes = request.finish();
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    auto listing = TRY(list_once(channel, bytes, parse).context("{}", what));
    if (listing.end.number != 0 && listing.end.number == nothing) return std::vector<Value>{};
    if (listing.end.number != 0) return refusal(listing.end, what);
    TRY(std::move(listing.parsed).context("{}", what));
    if (!listing.interrupted) return std::move(listing.values);
  }
  return fail(Errc::TryAgain, "{}: it changed each of the {} times that it was read", what,
              kDumpAttempts);
}

// Waits for a change that the watch tells of: true. False: the process of `pidfd` has ended.
Result<bool> wait_for_change(Watch& watch, int pidfd) {
  std::array<pollfd, 2> waiting{{{.fd = watch.fd(), .events = POLLIN, .revents = 0},
                                 {.fd = pidfd, .events = POLLIN, .revents = 0}}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) return system_error(errno, "wait for a change");
  }
  if (waiting[0].revents == 0) return false;
  return watch.wait(Watch::Clock::now());
}

Encoder link_request(int flags, int index) {
  Encoder request(RTM_GETLINK, flags);
  ifinfomsg header{};
  header.ifi_index = index;
  // Counters are half of the answer, and collecting them takes the kernel longer than the rest.
  request.fixed(header).u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return request;
}

}  // namespace

RouteSocket::RouteSocket(Channel channel) : channel_(std::move(channel)) {}

Result<RouteSocket> RouteSocket::open() { return RouteSocket(TRY(Channel::open())); }

int RouteSocket::fd() const { return channel_.fd(); }

Status RouteSocket::apply(const Batch& batch) {
  auto outcomes = TRY(run(batch));
  Status first = ok();
  for (Status& outcome : outcomes) {
    if (outcome) continue;
    if (first) {
      first = std::move(outcome);
    } else {
      log::debug("failed too: {}", outcome.error().message);
    }
  }
  return first;
}

Result<std::vector<Status>> RouteSocket::run(const Batch& batch) {
  std::vector<Status> outcomes(batch.size());
  for (std::size_t done = 0; done < batch.size();) {
    const Outbox outbox = fill_outbox(batch, done, outcomes);
    TRY(deliver(batch, outbox, outcomes).context("{} and what follows", batch.text(done)));
    done = outbox.next;
  }
  return outcomes;
}

RouteSocket::Outbox RouteSocket::fill_outbox(const Batch& batch, std::size_t first,
                                             std::vector<Status>& outcomes) {
  Outbox outbox;
  std::size_t i = first;
  for (; i < batch.size() && outbox.indexes.size() < kMaxTogether; ++i) {
    const Batch::Message& message = batch.messages_[i];
    if (message.bytes.empty()) {
      outcomes[i] = system_error(EMSGSIZE, message.text);
      continue;
    }
    if (outbox.bytes.size() + message.bytes.size() > kMaxSend) break;
    const std::uint32_t sequence = channel_.take_sequence();
    if (outbox.indexes.empty()) outbox.first_sequence = sequence;
    append_numbered(outbox.bytes, message.bytes, sequence);
    outbox.indexes.push_back(i);
    log::debug("{}", message.text);
  }
  outbox.next = i;
  return outbox;
}

Status RouteSocket::deliver(const Batch& batch, const Outbox& outbox,
                            std::vector<Status>& outcomes) {
  std::size_t awaited = outbox.indexes.size();
  if (awaited == 0) return ok();
  TRY(send_bytes(channel_.fd(), outbox.bytes));
  return receive_until(channel_, [&](const Header& header, Bytes bytes) -> Result<bool> {
    // Unsigned: an answer to something older wraps to a large number.
    const std::uint32_t place = header.sequence - outbox.first_sequence;
    if (header.type != NLMSG_ERROR || place >= outbox.indexes.size()) return false;
    const Ack ack = TRY(parse_ack(bytes));
    const std::size_t index = outbox.indexes[place];
    const Batch::Message& message = batch.messages_[index];
    const bool harmless = ack.number == 0 || std::ranges::count(message.harmless, ack.number) != 0;
    if (!harmless) outcomes[index] = refusal(ack, message.text);
    return --awaited == 0;
  });
}

Status RouteSocket::delete_link(const LinkRef& link) {
  Batch batch;
  batch.delete_link(link);
  if (const auto gone = delete_by_successor(link, batch); gone && *gone) return ok();
  // To say it again does no harm, and brings the kernel's refusal.
  return apply(batch);
}

Result<bool> RouteSocket::delete_by_successor(const LinkRef& link, const Batch& batch) {
  std::vector<Status> outcomes(batch.size());
  const Outbox outbox = fill_outbox(batch, 0, outcomes);
  Watch watch = TRY(Watch::open(Watch::What::Links));
  const int fd = channel_.fd();
  const int successor = TRY(sys::start_successor(
      {fd}, [&] { return ::send(fd, outbox.bytes.data(), outbox.bytes.size(), 0) < 0 ? 1 : 0; }));
  while (TRY(wait_for_change(watch, successor))) {
    // The kernel answers when it has done with what it is changing.
    if (!TRY(find_link(link))) return true;
  }
  return false;
}

Result<std::optional<Link>> RouteSocket::find_link(const LinkRef& link) {
  Encoder request = link_request(0, link.index);
  if (link.index == 0) request.text(IFLA_IFNAME, link.name);
  const std::string what =
      link.index != 0 ? "look up " + link.to_text() : "look up link " + link.name;
  auto reply = TRY(ask_one(channel_, request.finish(), parse_link).context("{}", what));
  if (reply.ack.number == ENODEV) return std::optional<Link>();
  if (!reply.value) return refusal(reply.ack, what);
  return std::move(reply.value);
}

Result<Link> RouteSocket::link_by_name(const std::string& name) {
  auto link = TRY(find_link(name));
  if (!link) return fail(Errc::NotFound, "there is no link {}", name);
  return *std::move(link);
}

Result<std::vector<Link>> RouteSocket::links() {
  return list(channel_, link_request(NLM_F_DUMP, 0), parse_link, "list links");
}

Result<std::vector<Link>> RouteSocket::ports_of(int bridge) {
  Encoder request = link_request(NLM_F_DUMP, 0);
  request.u32(IFLA_MASTER, static_cast<std::uint32_t>(bridge));
  return list(channel_, request, parse_link, format("list ports of link {}", bridge));
}

Result<std::vector<VlanRange>> RouteSocket::vlans_of(int port) {
  Encoder request(RTM_GETVLAN, NLM_F_DUMP);
  br_vlan_msg header{};
  header.family = AF_BRIDGE;
  header.ifindex = static_cast<std::uint32_t>(port);
  request.fixed(header);
  std::vector<VlanRange> all;
  for (const auto& part :
       TRY(list(channel_, request, parse_vlans, format("list VLANs of link {}", port)))) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

Result<std::vector<Address>> RouteSocket::addresses(int link) {
  Encoder request(RTM_GETADDR, NLM_F_DUMP);
  ifaddrmsg header{};
  header.ifa_index = static_cast<std::uint32_t>(link);
  request.fixed(header);
  return list(
      channel_, request, parse_address,
      link == 0 ? std::string("list addresses") : format("list addresses of link {}", link));
}

Result<std::vector<Neighbour>> RouteSocket::neighbours() {
  Encoder request(RTM_GETNEIGH, NLM_F_DUMP);
  request.fixed(ndmsg{});
  auto neighbours = TRY(list(channel_, request, parse_neighbour, "list neighbours"));
  std::erase_if(neighbours,
                [](const Neighbour& each) { return (each.state & ~NUD_NOARP) == NUD_NONE; });
  return neighbours;
}

Result<std::vector<Route>> RouteSocket::routes(Family family, std::uint32_t table, int link,
                                               std::uint8_t type) {
  Encoder request(RTM_GETROUTE, NLM_F_DUMP);
  rtmsg header{};
  header.rtm_family = family_number(family);
  header.rtm_type = type;
  request.fixed(header);
  if (table != 0) request.u32(RTA_TABLE, table);
  if (link != 0) request.u32(RTA_OIF, static_cast<std::uint32_t>(link));
  // ENOENT: the kernel makes a table when its first route comes, the main one too.
  auto routes = TRY(list(channel_, request, parse_route, "list routes", ENOENT));
  std::erase_if(routes, [&](const Route& route) {
    return route.destination.address.family() != family;  // of a kernel without IPv6
  });
  return routes;
}

Result<Route> RouteSocket::route_to(const IpAddress& destination) {
  Encoder request(RTM_GETROUTE, 0);
  rtmsg header{};
  header.rtm_family = family_number(destination.family());
  header.rtm_dst_len = static_cast<std::uint8_t>(destination.bits());
  request.fixed(header).bytes(RTA_DST, destination.bytes());
  const std::string what = format("look up route to {}", destination.to_text());
  auto reply = TRY(ask_one(channel_, request.finish(), parse_route).context("{}", what));
  if (reply.value) return *reply.value;
  Error error = refusal(reply.ack, what);
  // Besides ENETUNREACH, which is no route at all: what a route of type "unreachable" answers.
  if (reply.ack.number == EHOSTUNREACH) error.code = Errc::NotFound;
  return error;
}

Result<std::optional<bool>> RouteSocket::forwards(Family family) {
  Encoder request(RTM_GETNETCONF, 0);
  netconfmsg header{};
  header.ncm_family = family_number(family);
  request.fixed(header).u32(NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
  auto reply = TRY(ask_one(channel_, request.finish(), parse_forwarding)
                       .context("ask whether the host forwards"));
  return reply.value;
}

}  // namespace netctl::rtnl
