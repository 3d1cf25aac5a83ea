#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "runtime-core/nft/filter_expressions.hpp"
#include "runtime-core/nft/message.hpp"
#include "runtime-core/nft/owners.hpp"

// The replies of message.hpp; its requests are in message.cpp.
namespace netctl::nft {
namespace {

// Sorts one message into the reply.
void add_to(Reply& reply, const nlmsghdr* header) {
  if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) reply.interrupted = true;
  if (header->nlmsg_type != NLMSG_ERROR && header->nlmsg_type != NLMSG_DONE) {
    reply.contents.push_back(header);
    return;
  }
  const int number = error_number(header);
  if (number == 0) {
    reply.finished = true;
  } else if (!reply.refused) {
    reply.refused = {.sequence = header->nlmsg_seq, .number = number};
  }
}

bool is_about(const nlmsghdr* message, int kind) {
  return message->nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | kind) &&
         message->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(nfgenmsg);
}

std::span<const std::uint8_t> bytes_in(nftnl_set_elem* element, std::uint16_t attribute) {
  std::uint32_t length = 0;
  const void* const data = nftnl_set_elem_get(element, attribute, &length);
  return {static_cast<const std::uint8_t*>(data), data == nullptr ? 0 : length};
}

Result<Verdict> verdict_of(nftnl_set_elem* element) {
  const char* chain = nullptr;
  if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_CHAIN)) {
    chain = nftnl_set_elem_get_str(element, NFTNL_SET_ELEM_CHAIN);
  }
  return decode_verdict(nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_VERDICT),
                        chain == nullptr ? "" : chain);
}

Result<std::vector<Datum>> data_of(nftnl_set_elem* element, const Set& set) {
  if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_VERDICT)) {
    Verdict verdict = TRY(verdict_of(element));
    return std::vector<Datum>{std::move(verdict)};
  }
  return decode_data(bytes_in(element, NFTNL_SET_ELEM_DATA), set.data);
}

Result<std::vector<Datum>> key_of(nftnl_set_elem* element, const Set& set) {
  const auto first = bytes_in(element, NFTNL_SET_ELEM_KEY);
  if (!nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_KEY_END)) return decode_data(first, set.key);
  return decode_range(first, bytes_in(element, NFTNL_SET_ELEM_KEY_END), set.key);
}

std::optional<Counter> counter_of(nftnl_set_elem* element) {
  std::optional<Counter> counter;
  nftnl_set_elem_expr_foreach(
      element,
      [](nftnl_expr* expression, void* found) {
        if (nftnl_expr_get_str(expression, NFTNL_EXPR_NAME) != std::string_view("counter"))
          return 0;
        *static_cast<std::optional<Counter>*>(found) =
            Counter{.packets = nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_PACKETS),
                    .bytes = nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_BYTES)};
        return 0;
      },
      &counter);
  return counter;
}

Result<Element> decode_element(nftnl_set_elem* element, const Set& set) {
  auto key = TRY(key_of(element, set).context("key"));
  auto data = TRY(data_of(element, set).context("data"));
  return Element{.set = set.name,
                 .key = std::move(key),
                 .data = std::move(data),
                 .comment = decode_comment(bytes_in(element, NFTNL_SET_ELEM_USERDATA)),
                 .counter = counter_of(element)};
}

}  // namespace

// Not by mnl_nlmsg_ok(), which takes a length of 2 GiB and more for a negative one, and so for one
// that fits.
const nlmsghdr* take_message(std::span<const std::uint8_t>& received) {
  if (received.size() < sizeof(nlmsghdr)) return nullptr;
  const auto* const message = reinterpret_cast<const nlmsghdr*>(received.data());
  const std::size_t length = message->nlmsg_len;
  if (length < sizeof(nlmsghdr) || length > received.size()) return nullptr;
  received = received.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), received.size()));
  return message;
}

// Both begin with an int: 0, or a negative errno. A listing that fails half-way ends with one.
int error_number(const nlmsghdr* message) {
  int number = 0;
  if (mnl_nlmsg_get_payload_len(message) >= sizeof number) {
    number = *static_cast<const int*>(mnl_nlmsg_get_payload(message));
  }
  return -std::max(number, -std::numeric_limits<int>::max());
}

Reply parse_reply(std::span<const std::uint8_t> received, std::uint32_t first, std::uint32_t last) {
  Reply reply;
  while (const nlmsghdr* const header = take_message(received)) {
    // What is left of an earlier request has another number.
    if (header->nlmsg_seq - first <= last - first) add_to(reply, header);
  }
  return reply;
}

std::optional<std::uint32_t> decode_generation(const nlmsghdr* message) {
  if (!is_about(message, NFT_MSG_NEWGEN)) return std::nullopt;
  const auto generation = owned<GenPtr>(nftnl_gen_alloc());
  if (nftnl_gen_nlmsg_parse(message, generation.get()) < 0) return std::nullopt;
  return nftnl_gen_get_u32(generation.get(), NFTNL_GEN_ID);
}

std::optional<std::uint32_t> decode_chain_use(const nlmsghdr* message) {
  if (!is_about(message, NFT_MSG_NEWCHAIN)) return std::nullopt;
  const auto chain = owned<ChainPtr>(nftnl_chain_alloc());
  if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return std::nullopt;
  if (!nftnl_chain_is_set(chain.get(), NFTNL_CHAIN_USE)) return std::nullopt;
  return nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_USE);
}

std::optional<FilterChain> decode_filter_chain(const nlmsghdr* message) {
  if (!is_about(message, NFT_MSG_NEWCHAIN)) return std::nullopt;
  const auto chain = owned<ChainPtr>(nftnl_chain_alloc());
  if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return std::nullopt;
  FilterChain decoded;
  if (nftnl_chain_is_set(chain.get(), NFTNL_CHAIN_USE)) {
    decoded.use = nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_USE);
  }
  decoded.is_base = nftnl_chain_is_set(chain.get(), NFTNL_CHAIN_HOOKNUM);
  decoded.drops =
      decoded.is_base && nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_POLICY) == NF_DROP;
  return decoded;
}

std::optional<FilterRule> decode_filter_rule(const nlmsghdr* message, const Table& table,
                                             const std::string& chain) {
  if (!is_about(message, NFT_MSG_NEWRULE)) return std::nullopt;
  const auto object = owned<RulePtr>(nftnl_rule_alloc());
  if (nftnl_rule_nlmsg_parse(message, object.get()) < 0) return std::nullopt;
  const char* const table_name = nftnl_rule_get_str(object.get(), NFTNL_RULE_TABLE);
  const char* const chain_name = nftnl_rule_get_str(object.get(), NFTNL_RULE_CHAIN);
  if (table_name == nullptr || chain_name == nullptr) return std::nullopt;
  if (table_name != table.name || chain_name != chain) return std::nullopt;
  const Family family = table.family == TableFamily::Ip ? Family::V4 : Family::V6;
  FilterRule rule = decode_expressions(object.get(), family);
  rule.chain = chain;
  rule.handle = nftnl_rule_get_u64(object.get(), NFTNL_RULE_HANDLE);
  return rule;
}

std::optional<std::string> decode_chain_name(const nlmsghdr* message, const std::string& table) {
  if (!is_about(message, NFT_MSG_NEWCHAIN)) return std::nullopt;
  const auto chain = owned<ChainPtr>(nftnl_chain_alloc());
  if (nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return std::nullopt;
  const char* const of = nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE);
  const char* const name = nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_NAME);
  if (of == nullptr || name == nullptr || of != table) return std::nullopt;
  return name;
}

Result<std::vector<Element>> decode_elements(const nlmsghdr* message, const Set& set) {
  if (!is_about(message, NFT_MSG_NEWSETELEM)) return std::vector<Element>{};
  const auto list = owned<SetPtr>(nftnl_set_alloc());
  if (nftnl_set_elems_nlmsg_parse(message, list.get()) < 0) {
    return fail(Errc::Io, "elements of {}: the kernel's answer cannot be read", set.name);
  }
  std::vector<Element> elements;
  const auto iterator = owned<ElementsIterPtr>(nftnl_set_elems_iter_create(list.get()));
  while (nftnl_set_elem* element = nftnl_set_elems_iter_next(iterator.get())) {
    auto decoded = TRY(decode_element(element, set).context("element of {}", set.name));
    elements.push_back(std::move(decoded));
  }
  return elements;
}

}  // namespace netctl::nft
