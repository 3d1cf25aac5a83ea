#include "runtime-core/nft/filter_expressions.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "runtime-core/nft/data.hpp"

namespace netctl::nft {
namespace {

constexpr std::uint32_t kConntrackRevision = 3;
constexpr std::uint16_t kEstablished =
    XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
constexpr std::uint16_t kDnat = XT_CONNTRACK_STATE_DNAT;

// Where an address lies in its header.
std::uint32_t source_offset(Family family) { return family == Family::V4 ? 12 : 8; }
std::uint32_t destination_offset(Family family) { return family == Family::V4 ? 16 : 24; }

nftnl_expr* append(nftnl_rule* rule, const char* name) {
  nftnl_expr* const expression = nftnl_expr_alloc(name);
  if (expression == nullptr) throw std::bad_alloc();
  nftnl_rule_add_expr(rule, expression);
  return expression;
}

void add_address(nftnl_rule* rule, const IpAddress& address, std::uint32_t offset) {
  const auto length = static_cast<std::uint32_t>(address.bytes().size());
  nftnl_expr* const payload = append(rule, "payload");
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
  nftnl_expr* const cmp = append(rule, "cmp");
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
  nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, address.bytes().data(), length);
}

// A module of iptables'. Its data are as long as the kernel's, filled up to 8 bytes (XT_ALIGN).
template <class Info>
void add_match(nftnl_rule* rule, const char* name, std::uint32_t revision, const Info& info) {
  constexpr std::size_t kLength = (sizeof(Info) + 7U) & ~std::size_t{7};
  void* const data = std::calloc(1, kLength);  // becomes the expression's, which frees it
  if (data == nullptr) throw std::bad_alloc();
  std::memcpy(data, &info, sizeof info);
  nftnl_expr* const match = append(rule, "match");
  nftnl_expr_set_str(match, NFTNL_EXPR_MT_NAME, name);
  nftnl_expr_set_u32(match, NFTNL_EXPR_MT_REV, revision);
  nftnl_expr_set(match, NFTNL_EXPR_MT_INFO, data, kLength);
}  // NOLINT(clang-analyzer-unix.Malloc): the analyzer does not see whose the data are now

void add_state(nftnl_rule* rule, CtState state) {
  xt_conntrack_mtinfo3 info{};
  info.match_flags = XT_CONNTRACK_STATE;
  info.state_mask = state == CtState::Dnat ? kDnat : kEstablished;
  add_match(rule, "conntrack", kConntrackRevision, info);
}

Status add_comment(nftnl_rule* rule, const std::string& comment) {
  xt_comment_info info{};
  if (comment.size() >= sizeof info.comment) {
    return fail(Errc::InvalidArgument, "a comment of {} bytes, iptables takes {}", comment.size(),
                sizeof info.comment - 1);
  }
  std::memcpy(info.comment, comment.data(), comment.size());
  add_match(rule, "comment", 0, info);
  return ok();
}

std::string_view text_of(const nftnl_expr* expression, std::uint16_t attribute) {
  const char* const text = nftnl_expr_get_str(expression, attribute);
  return text == nullptr ? std::string_view() : text;
}

std::span<const std::uint8_t> bytes_of(const nftnl_expr* expression, std::uint16_t attribute) {
  std::uint32_t length = 0;
  const void* const data = nftnl_expr_get(expression, attribute, &length);
  return {static_cast<const std::uint8_t*>(data), data == nullptr ? 0 : length};
}

// Reads one expression after the other into a rule.
class Reader {
 public:
  explicit Reader(Family family) : family_(family) {}

  void take(const nftnl_expr* expression) {
    const std::string_view kind = text_of(expression, NFTNL_EXPR_NAME);
    if (kind == "payload") return take_payload(expression);
    if (kind == "cmp") return take_comparison(expression);
    if (kind == "match") return take_match(expression);
    if (kind == "immediate") return take_verdict(expression);
    if (kind == "counter") return;
    const bool rejects = kind == "reject" ||
                         (kind == "target" && text_of(expression, NFTNL_EXPR_TG_NAME) == "REJECT");
    if (rejects) {
      rule_.verdict = Verdict{.kind = Verdict::Kind::Drop};
    } else {
      rule_.has_more = true;
      loaded_ = nullptr;  // what is compared next may be another value
    }
  }

  FilterRule result() && { return std::move(rule_); }

 private:
  void take_payload(const nftnl_expr* expression) {
    const std::uint32_t length = family_ == Family::V4 ? 4 : 16;
    const std::uint32_t offset = nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_OFFSET);
    loaded_ = nullptr;
    if (nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_BASE) != NFT_PAYLOAD_NETWORK_HEADER ||
        nftnl_expr_get_u32(expression, NFTNL_EXPR_PAYLOAD_LEN) != length) {
      return;
    }
    if (offset == source_offset(family_)) loaded_ = &rule_.source;
    if (offset == destination_offset(family_)) loaded_ = &rule_.destination;
  }

  void take_comparison(const nftnl_expr* expression) {
    const auto value = bytes_of(expression, NFTNL_EXPR_CMP_DATA);
    const bool equal = nftnl_expr_get_u32(expression, NFTNL_EXPR_CMP_OP) == NFT_CMP_EQ;
    const std::size_t length = family_ == Family::V4 ? 4 : 16;
    std::optional<IpAddress>* const field = std::exchange(loaded_, nullptr);
    if (field == nullptr || !equal || value.size() != length) {
      rule_.has_more = true;
      return;
    }
    *field = IpAddress::from_bytes(value);
  }

  void take_match(const nftnl_expr* expression) {
    const std::string_view name = text_of(expression, NFTNL_EXPR_MT_NAME);
    const auto bytes = bytes_of(expression, NFTNL_EXPR_MT_INFO);
    if (name == "comment") {
      const auto end = std::ranges::find(bytes, std::uint8_t{0});
      rule_.comment.assign(bytes.begin(), end);
      return;
    }
    xt_conntrack_mtinfo3 info{};
    const bool known = name == "conntrack" && bytes.size() >= sizeof info &&
                       nftnl_expr_get_u32(expression, NFTNL_EXPR_MT_REV) == kConntrackRevision;
    if (known) std::memcpy(&info, bytes.data(), sizeof info);
    const bool state_only = known && info.match_flags == XT_CONNTRACK_STATE &&
                            info.invert_flags == 0 && rule_.state == CtState::Any;
    if (state_only && info.state_mask == kEstablished) {
      rule_.state = CtState::Established;
    } else if (state_only && info.state_mask == kDnat) {
      rule_.state = CtState::Dnat;
    } else {
      rule_.has_more = true;
    }
  }

  void take_verdict(const nftnl_expr* expression) {
    if (!nftnl_expr_is_set(expression, NFTNL_EXPR_IMM_VERDICT)) {
      rule_.has_more = true;
      return;
    }
    const auto verdict = decode_verdict(nftnl_expr_get_u32(expression, NFTNL_EXPR_IMM_VERDICT),
                                        std::string(text_of(expression, NFTNL_EXPR_IMM_CHAIN)));
    if (verdict) rule_.verdict = *verdict;
    if (!verdict) rule_.has_more = true;
  }

  Family family_;
  FilterRule rule_{};
  std::optional<IpAddress>* loaded_ = nullptr;  // where the field lies that was loaded last
};

}  // namespace

Status add_expressions(nftnl_rule* rule, const FilterRule& filter) {
  if (filter.has_more || !filter.verdict) {
    return fail(Errc::InvalidArgument, "a rule of iptables' that is not known whole");
  }
  TRY(check_verdict(*filter.verdict));
  if (filter.source) add_address(rule, *filter.source, source_offset(filter.source->family()));
  if (filter.destination) {
    add_address(rule, *filter.destination, destination_offset(filter.destination->family()));
  }
  if (filter.state != CtState::Any) add_state(rule, filter.state);
  if (!filter.comment.empty()) TRY(add_comment(rule, filter.comment));
  append(rule, "counter");
  nftnl_expr* const immediate = append(rule, "immediate");
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, kernel_verdict(filter.verdict->kind));
  if (!filter.verdict->chain.empty()) {
    nftnl_expr_set_str(immediate, NFTNL_EXPR_IMM_CHAIN, filter.verdict->chain.c_str());
  }
  return ok();
}

FilterRule decode_expressions(nftnl_rule* rule, Family family) {
  Reader reader(family);
  nftnl_expr_foreach(
      rule,
      [](nftnl_expr* expression, void* data) {
        static_cast<Reader*>(data)->take(expression);
        return 0;
      },
      &reader);
  return std::move(reader).result();
}

}  // namespace netctl::nft
