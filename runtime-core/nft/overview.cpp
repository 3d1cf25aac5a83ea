#include "runtime-core/nft/overview.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <system_error>

#include <array>
#include <cerrno>
#include <memory>
#include <new>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>

#include "runtime-core/nft/message.hpp"

namespace netctl::nft {
namespace {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SocketPtr = std::unique_ptr<mnl_socket, FreeWith<mnl_socket_close>>;
using ChainPtr = std::unique_ptr<nftnl_chain, FreeWith<nftnl_chain_free>>;
using RulePtr = std::unique_ptr<nftnl_rule, FreeWith<nftnl_rule_free>>;

constexpr std::size_t kReceiveLength = 32768;
constexpr int kAttempts = 5;

// What answers one request for a listing.
struct Listing {
  Bytes received;
  Reply reply;  // points into `received`
};

Result<Listing> ask(mnl_socket* socket, const Bytes& request, std::uint32_t sequence) {
  if (mnl_socket_sendto(socket, request.data(), request.size()) < 0) {
    return system_error(errno, "send to nf_tables");
  }
  Bytes received;
  std::array<std::uint8_t, kReceiveLength> buffer;
  while (true) {
    // The kernel makes each part inside of the call that asks for it: when nothing waits, nothing
    // will come.
    const ssize_t length =
        ::recv(mnl_socket_get_fd(socket), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) break;
    if (length < 0) return system_error(errno, "receive from nf_tables");
    received.insert(received.end(), buffer.begin(), buffer.begin() + length);
    received.resize(NLMSG_ALIGN(received.size()));
  }
  Listing listing{.received = std::move(received), .reply = {}};
  listing.reply = parse_reply(listing.received, sequence, sequence);
  return listing;
}

// The messages of a listing that nobody changed while it was made.
template <class Encode>
Result<Listing> list(Encode encode_for) {
  const SocketPtr socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return system_error(errno, "open a netfilter netlink socket");
  }
  for (std::uint32_t sequence = 1; sequence <= kAttempts; ++sequence) {
    Listing listing = TRY(ask(socket.get(), encode_for(sequence), sequence));
    if (const auto& refused = listing.reply.refused) {
      return system_error(refused->number, "ask nf_tables");
    }
    if (!listing.reply.finished) return fail(Errc::Io, "the listing from nf_tables has no end");
    if (!listing.reply.interrupted) return listing;
  }
  return fail(Errc::TryAgain, "the ruleset is being changed all the time");
}

// A request for all objects of a kind and family; `fill` adds the attributes.
template <class Fill>
Bytes list_request(std::uint16_t kind, std::uint16_t family, std::uint32_t sequence, Fill fill) {
  alignas(nlmsghdr) std::array<char, 1024> buffer;
  nlmsghdr* const header = nftnl_nlmsg_build_hdr(buffer.data(), kind, family, NLM_F_DUMP, sequence);
  fill(header);
  const auto* const start = reinterpret_cast<const std::uint8_t*>(header);
  return {start, start + header->nlmsg_len};
}

std::string family_name(std::uint32_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return format("family {}", family);
  }
}

std::optional<Hook::Point> point_of(const nftnl_chain* chain, std::uint32_t family) {
  const bool has_points = family == NFPROTO_INET || family == NFPROTO_IPV4 ||
                          family == NFPROTO_IPV6 || family == NFPROTO_BRIDGE;
  if (!has_points || !nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM)) return std::nullopt;
  switch (nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM)) {
    case NF_INET_PRE_ROUTING:
      return Hook::Point::Prerouting;
    case NF_INET_LOCAL_IN:
      return Hook::Point::Input;
    case NF_INET_FORWARD:
      return Hook::Point::Forward;
    case NF_INET_LOCAL_OUT:
      return Hook::Point::Output;
    case NF_INET_POST_ROUTING:
      return Hook::Point::Postrouting;
    default:
      return std::nullopt;
  }
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

std::optional<ChainFacts> decode_chain(const nlmsghdr* message) {
  const ChainPtr chain(nftnl_chain_alloc());
  if (!chain) throw std::bad_alloc();
  if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return std::nullopt;
  const std::uint32_t family = nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_FAMILY);
  return ChainFacts{.family = family_name(family),
                    .table = text_or_empty(nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE)),
                    .name = text_or_empty(nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_NAME)),
                    .hook = point_of(chain.get(), family),
                    .drops = nftnl_chain_is_set(chain.get(), NFTNL_CHAIN_POLICY) &&
                             nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_POLICY) == NF_DROP};
}

std::optional<RulePlace> decode_rule(const nlmsghdr* message, const std::string& table) {
  const RulePtr rule(nftnl_rule_alloc());
  if (!rule) throw std::bad_alloc();
  if (nftnl_rule_nlmsg_parse(message, rule.get()) < 0) return std::nullopt;
  // A kernel that does not know the filter tells of all tables.
  if (text_or_empty(nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE)) != table) return std::nullopt;
  return RulePlace{.chain = text_or_empty(nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN)),
                   .handle = nftnl_rule_get_u64(rule.get(), NFTNL_RULE_HANDLE)};
}

}  // namespace

Result<std::vector<ChainFacts>> list_chains() {
  const Listing listing =
      TRY(list([](std::uint32_t sequence) {
            return list_request(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, sequence, [](nlmsghdr*) {});
          }).context("list all chains"));
  std::vector<ChainFacts> chains;
  for (const nlmsghdr* message : listing.reply.contents) {
    if (auto chain = decode_chain(message)) chains.push_back(*std::move(chain));
  }
  return chains;
}

Result<std::vector<RulePlace>> list_rules(const Table& table) {
  const std::uint16_t family = table.family == TableFamily::Inet ? NFPROTO_INET : NFPROTO_BRIDGE;
  const Listing listing =
      TRY(list([&](std::uint32_t sequence) {
            return list_request(NFT_MSG_GETRULE, family, sequence, [&](nlmsghdr* header) {
              mnl_attr_put_strz(header, NFTA_RULE_TABLE, table.name.c_str());
            });
          }).context("list the rules of table {}", table.name));
  std::vector<RulePlace> rules;
  for (const nlmsghdr* message : listing.reply.contents) {
    if (auto rule = decode_rule(message, table.name)) rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace netctl::nft
