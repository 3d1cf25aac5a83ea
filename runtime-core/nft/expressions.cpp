#include "runtime-core/nft/expressions.hpp"

#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <variant>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "runtime-core/nft/data.hpp"

namespace netctl::nft {
namespace {

// Registers are 4 bytes wide; what is longer takes several in a row.
constexpr std::uint32_t kFirstRegister = NFT_REG32_00;
constexpr std::uint32_t kRegisterBytes = 4;

// Where a field is found.
struct Source {
  enum class Kind { Meta, Original, LinkHeader, NetworkHeader, TransportHeader };
  Kind kind = Kind::Meta;
  std::uint32_t position = 0;      // NFT_META_*, NFT_CT_*, or bytes from the header's start
  std::uint32_t length = 0;        // bytes
  std::optional<Family> family{};  // of the header: other packets must not be looked at
};

Source source_of(Field field) {
  using enum Source::Kind;
  switch (field) {
    case Field::SourceV4:
      return {.kind = NetworkHeader, .position = 12, .length = 4, .family = Family::V4};
    case Field::DestV4:
      return {.kind = NetworkHeader, .position = 16, .length = 4, .family = Family::V4};
    case Field::SourceV6:
      return {.kind = NetworkHeader, .position = 8, .length = 16, .family = Family::V6};
    case Field::DestV6:
      return {.kind = NetworkHeader, .position = 24, .length = 16, .family = Family::V6};
    case Field::EtherSource:
      return {.kind = LinkHeader, .position = 6, .length = 6};
    case Field::L4Proto:
      return {.kind = Meta, .position = NFT_META_L4PROTO, .length = 1};
    case Field::SourcePort:  // at the same place in TCP, UDP and SCTP
      return {.kind = TransportHeader, .position = 0, .length = 2};
    case Field::DestPort:
      return {.kind = TransportHeader, .position = 2, .length = 2};
    case Field::InIfName:
      return {.kind = Meta, .position = NFT_META_IIFNAME, .length = 16};
    case Field::OutIfName:
      return {.kind = Meta, .position = NFT_META_OIFNAME, .length = 16};
    case Field::OriginalDestV4:
      return {.kind = Original, .position = NFT_CT_DST_IP, .length = 4, .family = Family::V4};
    case Field::OriginalDestV6:
      return {.kind = Original, .position = NFT_CT_DST_IP6, .length = 16, .family = Family::V6};
    case Field::OriginalDestPort:
      return {.kind = Original, .position = NFT_CT_PROTO_DST, .length = 2};
  }
  return {};
}

std::uint32_t base_of(Source::Kind kind) {
  if (kind == Source::Kind::LinkHeader) return NFT_PAYLOAD_LL_HEADER;
  if (kind == Source::Kind::NetworkHeader) return NFT_PAYLOAD_NETWORK_HEADER;
  return NFT_PAYLOAD_TRANSPORT_HEADER;
}

std::uint32_t nf_family(Family family) {
  return family == Family::V4 ? std::uint32_t{NFPROTO_IPV4} : std::uint32_t{NFPROTO_IPV6};
}

std::uint32_t compare_operation(bool negated) {
  return negated ? std::uint32_t{NFT_CMP_NEQ} : std::uint32_t{NFT_CMP_EQ};
}

// A mask of `length` bytes with the first `bits` set.
Bytes mask_of(unsigned bits, std::size_t length) {
  Bytes mask(length);
  for (std::size_t i = 0; i < bits; ++i) mask[i / 8] |= static_cast<std::uint8_t>(0x80U >> (i % 8));
  return mask;
}

Bytes bytes_of(std::uint32_t number) {  // in host order, as the kernel's own values are
  Bytes bytes(sizeof number);
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

Bytes in_network_order(std::uint16_t number) {
  return {static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number & 0xffU)};
}

// A connection's state as a bit of NFT_CT_STATE (NF_CT_STATE_BIT, which is the kernel's alone).
constexpr std::uint32_t state_bit(std::uint32_t state) {
  return 1U << (state % IP_CT_IS_REPLY + 1);
}

// Translates the statements of one rule, in order.
class Translator {
 public:
  explicit Translator(nftnl_rule* rule) : rule_(rule) {}

  Status operator()(const MatchIfName& match) {
    const Source source = source_of(match.field);
    if (match.field != Field::InIfName && match.field != Field::OutIfName) {
      return fail(Errc::InvalidArgument, "a packet field is no interface name");
    }
    const Bytes name = TRY(encode_data({match.name}));
    load(source, kFirstRegister);
    compare(compare_operation(match.negated), name);
    return ok();
  }

  Status operator()(const MatchAddress& match) {
    const Source source = source_of(match.field);
    if (source.family != match.prefix.address.family()) {
      return fail(Errc::InvalidArgument, "{} is not of the field's family", match.prefix.to_text());
    }
    TRY(require_family(*source.family));
    compare_prefix(source, match.prefix, compare_operation(match.negated));
    return ok();
  }

  Status operator()(const MatchLocalDest&) {
    nftnl_expr* const fib = append("fib");
    nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_DREG, kFirstRegister);
    nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
    compare(NFT_CMP_EQ, bytes_of(RTN_LOCAL));
    return ok();
  }

  Status operator()(const MatchDnat&) {
    match_conntrack(NFT_CT_STATUS, IPS_DST_NAT);
    return ok();
  }

  Status operator()(const MatchEstablished&) {
    match_conntrack(NFT_CT_STATE, state_bit(IP_CT_ESTABLISHED) | state_bit(IP_CT_RELATED));
    return ok();
  }

  Status operator()(const MatchFamily& match) { return require_family(match.family); }

  Status operator()(const MatchIcmp& match) {
    const bool v4 = match.family == Family::V4;
    load(source_of(Field::L4Proto), kFirstRegister);
    compare(NFT_CMP_EQ, {v4 ? std::uint8_t{IPPROTO_ICMP} : std::uint8_t{IPPROTO_ICMPV6}});
    return ok();
  }

  Status operator()(const MatchProtocol& match) {
    load(source_of(Field::L4Proto), kFirstRegister);
    compare(NFT_CMP_EQ, {static_cast<std::uint8_t>(match.protocol)});
    return ok();
  }

  Status operator()(const MatchPort& match) {
    if (match.field != Field::SourcePort && match.field != Field::DestPort) {
      return fail(Errc::InvalidArgument, "a packet field is no port");
    }
    load(source_of(match.field), kFirstRegister);
    compare(NFT_CMP_EQ, in_network_order(match.port));
    return ok();
  }

  Status operator()(const MatchEchoId& match) {
    load({.kind = Source::Kind::TransportHeader, .position = 4, .length = 2}, kFirstRegister);
    compare(NFT_CMP_EQ, in_network_order(match.id));
    return ok();
  }

  Status operator()(const MatchIfKind& match) {
    const Bytes kind = TRY(encode_data({match.kind}));  // as long as a name: IFNAMSIZ
    const bool in = match.field == Field::InIfName;
    load({.kind = Source::Kind::Meta,
          .position = std::uint32_t{in ? NFT_META_IIFKIND : NFT_META_OIFKIND},
          .length = static_cast<std::uint32_t>(kind.size())},
         kFirstRegister);
    compare(NFT_CMP_EQ, kind);
    return ok();
  }

  Status operator()(const MatchInSet& lookup_of) {
    TRY(check_name(lookup_of.set));
    TRY(load_key(lookup_of.key));
    nftnl_expr* const expression = append("lookup");
    nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, kFirstRegister);
    nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, lookup_of.set.c_str());
    if (lookup_of.negated) {
      nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    }
    return ok();
  }

  Status operator()(const VerdictOf& lookup_of) {
    TRY(check_name(lookup_of.map));
    TRY(load_key(lookup_of.key));
    lookup(lookup_of.map, NFT_REG_VERDICT);
    return ok();
  }

  Status operator()(const DnatTo& dnat) {
    TRY(check_name(dnat.map));
    TRY(load_key(dnat.key));
    lookup(dnat.map, kFirstRegister);
    const std::uint32_t address_length = dnat.family == Family::V4 ? 4 : 16;
    nftnl_expr* const nat = append("nat");
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, nf_family(dnat.family));
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, kFirstRegister);
    if (dnat.keep_port) return ok();
    // The kernel sets NF_NAT_RANGE_PROTO_SPECIFIED itself when it is given this one.
    nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN,
                       kFirstRegister + address_length / kRegisterBytes);
    return ok();
  }

  Status operator()(const CountIn& count) {
    TRY(check_name(count.map));
    TRY(load_key(count.key));
    lookup(count.map, kFirstRegister);
    return ok();
  }

  Status operator()(const Masquerade&) {
    append("masq");
    return ok();
  }

  Status operator()(const AddFlow& flow) {
    TRY(check_name(flow.table));
    nftnl_expr_set_str(append("flow_offload"), NFTNL_EXPR_FLOW_TABLE_NAME, flow.table.c_str());
    return ok();
  }

  Status operator()(const TraceOn&) {
    nftnl_expr* const immediate = append("immediate");
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, kFirstRegister);
    const Bytes on{1};
    nftnl_expr_set(immediate, NFTNL_EXPR_IMM_DATA, on.data(), 1);
    nftnl_expr* const meta = append("meta");
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, NFT_META_NFTRACE);
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_SREG, kFirstRegister);
    return ok();
  }

  Status operator()(const Verdict& verdict) {
    TRY(check_verdict(verdict));
    nftnl_expr* const immediate = append("immediate");
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, kernel_verdict(verdict.kind));
    if (!verdict.chain.empty()) {
      nftnl_expr_set_str(immediate, NFTNL_EXPR_IMM_CHAIN, verdict.chain.c_str());
    }
    return ok();
  }

 private:
  // The rule owns the expression.
  nftnl_expr* append(const char* name) {
    nftnl_expr* const expression = nftnl_expr_alloc(name);
    if (expression == nullptr) throw std::bad_alloc();
    nftnl_rule_add_expr(rule_, expression);
    return expression;
  }

  // Goes on when one of these bits of the connection's value is set.
  void match_conntrack(std::uint32_t what, std::uint32_t bits) {
    nftnl_expr* const ct = append("ct");
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, what);
    nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, kFirstRegister);
    mask(bytes_of(bits));
    compare(NFT_CMP_NEQ, bytes_of(0));
  }

  // Ends the rule for packets of the other family, once: their bytes at a header's offset would be
  // something else.
  Status require_family(Family family) {
    if (family_ == family) return ok();
    if (family_) return fail(Errc::InvalidArgument, "a packet cannot be both IPv4 and IPv6");
    family_ = family;
    load({.kind = Source::Kind::Meta, .position = NFT_META_NFPROTO, .length = 1}, kFirstRegister);
    compare(NFT_CMP_EQ, {static_cast<std::uint8_t>(nf_family(family))});
    return ok();
  }

  void load(const Source& source, std::uint32_t to) {
    if (source.kind == Source::Kind::Meta) {
      nftnl_expr* const meta = append("meta");
      nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, source.position);
      nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, to);
      return;
    }
    if (source.kind == Source::Kind::Original) {
      nftnl_expr* const ct = append("ct");
      nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, source.position);
      nftnl_expr_set_u8(ct, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
      nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, to);
      return;
    }
    nftnl_expr* const payload = append("payload");
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, to);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base_of(source.kind));
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, source.position);
    nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, source.length);
  }

  void compare(std::uint32_t operation, const Bytes& value) {
    nftnl_expr* const cmp = append("cmp");
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, kFirstRegister);
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, operation);
    nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, value.data(),
                   static_cast<std::uint32_t>(value.size()));
  }

  void mask(const Bytes& bits) {
    const auto length = static_cast<std::uint32_t>(bits.size());
    const Bytes zeros(length);
    nftnl_expr* const bitwise = append("bitwise");
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, kFirstRegister);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, kFirstRegister);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
    nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, length);
    nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, bits.data(), length);
    nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, zeros.data(), length);
  }

  // Where the prefix ends with a byte only these bytes are loaded, otherwise the address is masked:
  // nft(8) lists either as a prefix, and does it this way itself.
  void compare_prefix(Source source, const IpPrefix& prefix, std::uint32_t operation) {
    const IpAddress network = prefix.network();
    Bytes value(network.bytes().begin(), network.bytes().end());
    if (prefix.length > 0 && prefix.length % 8 == 0) {
      source.length = prefix.length / 8;
      value.resize(source.length);
      load(source, kFirstRegister);
    } else {
      load(source, kFirstRegister);
      mask(mask_of(prefix.length, value.size()));
    }
    compare(operation, value);
  }

  // Puts the fields into registers as a key lies in a set (data.hpp).
  Status load_key(const std::vector<Field>& fields) {
    std::uint32_t length = 0;
    for (const Field field : fields) {
      const Source source = source_of(field);
      length += padded(source.length);
      // The family's comparison uses a register of the key, so it comes before all loads.
      if (source.family) TRY(require_family(*source.family));
    }
    if (length == 0 || length > kMaxDataLength) {
      return fail(Errc::InvalidArgument, "a key of {} bytes: 1 to {} are possible", length,
                  kMaxDataLength);
    }
    std::uint32_t next = kFirstRegister;
    for (const Field field : fields) {
      const Source source = source_of(field);
      load(source, next);
      next += padded(source.length) / kRegisterBytes;
    }
    return ok();
  }

  void lookup(const std::string& map, std::uint32_t result) {
    nftnl_expr* const expression = append("lookup");
    nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, kFirstRegister);
    nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_DREG, result);
    nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, map.c_str());
  }

  nftnl_rule* rule_;
  std::optional<Family> family_;  // of the packets that get this far; nothing: both
};

}  // namespace

Status add_expressions(nftnl_rule* rule, const std::vector<Statement>& statements) {
  Translator translate(rule);
  for (const Statement& statement : statements) TRY(std::visit(translate, statement));
  return ok();
}

}  // namespace netctl::nft
