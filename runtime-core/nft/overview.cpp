#include "runtime-core/nft/overview.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <array>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>

#include "runtime-core/nft/channel.hpp"
#include "runtime-core/nft/owners.hpp"

namespace netctl::nft {
namespace {

// The messages of a listing, on a socket of its own.
template <class Encode>
Result<Answer> list_once(Encode encode_for) {
  const MnlSocket socket = TRY(open_channel());
  std::uint32_t sequence = 0;
  return list(
      socket.get(), [&] { return ++sequence; },
      [&](std::uint32_t number) -> Result<Bytes> { return encode_for(number); });
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
  const auto chain = owned<ChainPtr>(nftnl_chain_alloc());
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
  const auto rule = owned<RulePtr>(nftnl_rule_alloc());
  if (nftnl_rule_nlmsg_parse(message, rule.get()) < 0) return std::nullopt;
  // A kernel that does not know the filter tells of all tables.
  if (text_or_empty(nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE)) != table) return std::nullopt;
  return RulePlace{.chain = text_or_empty(nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN)),
                   .handle = nftnl_rule_get_u64(rule.get(), NFTNL_RULE_HANDLE)};
}

}  // namespace

Result<std::vector<ChainFacts>> list_chains() {
  const Answer listing =
      TRY(list_once([](std::uint32_t sequence) {
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
  const Answer listing =
      TRY(list_once([&](std::uint32_t sequence) {
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
