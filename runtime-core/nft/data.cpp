#include "runtime-core/nft/data.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime-core/addr/if_name.hpp"

namespace netctl::nft {
namespace {

constexpr std::uint32_t kIfNameLength = 16;       // IFNAMSIZ
constexpr std::uint32_t kBitsOfTypeInConcat = 6;  // TYPE_BITS in nft(8)'s sources
constexpr std::size_t kMaxNameLength = NFT_NAME_MAXLEN - 1;
constexpr std::uint8_t kCommentType = 0;  // NFTNL_UDATA_SET_ELEM_COMMENT

// enum datatypes in nft(8)'s sources.
std::uint32_t number_of(Type type) {
  switch (type) {
    case Type::Ipv4Addr:
      return 7;
    case Type::Ipv6Addr:
      return 8;
    case Type::EtherAddr:
      return 9;
    case Type::InetProto:
      return 12;
    case Type::InetService:
      return 13;
    case Type::IfName:
      return 41;
    case Type::Verdict:
      return NFT_DATA_VERDICT;
  }
  return 0;
}

struct EncodePart {
  bool end = false;  // of a range, not its beginning

  Result<Bytes> operator()(const IpAddress& address) const {
    return Bytes(address.bytes().begin(), address.bytes().end());
  }
  Result<Bytes> operator()(const MacAddress& mac) const {
    return Bytes(mac.bytes.begin(), mac.bytes.end());
  }
  Result<Bytes> operator()(Protocol protocol) const {
    return Bytes{static_cast<std::uint8_t>(protocol)};
  }
  Result<Bytes> operator()(const Port& port) const {
    return Bytes{static_cast<std::uint8_t>(port.number >> 8U),
                 static_cast<std::uint8_t>(port.number & 0xffU)};
  }
  Result<Bytes> operator()(const PortRange& range) const {
    if (range.first >= range.last) {
      return fail(Errc::InvalidArgument, "{} is no range of ports", nft::to_text(range));
    }
    return (*this)(Port{.number = end ? range.last : range.first});
  }
  Result<Bytes> operator()(const std::string& if_name) const {
    TRY(check_if_name(if_name));
    Bytes bytes(if_name.begin(), if_name.end());
    bytes.resize(kIfNameLength);
    return bytes;
  }
  Result<Bytes> operator()(const Verdict& verdict) const {
    return fail(Errc::InvalidArgument, "the verdict \"{}\" cannot be a part of a key or of data",
                nft::to_text(verdict));
  }
};

Result<Bytes> encode(const std::vector<Datum>& parts, const EncodePart& encode_part) {
  if (parts.empty()) return fail(Errc::InvalidArgument, "a key needs at least one part");
  if (parts.size() == 1) return std::visit(encode_part, parts.front());
  Bytes bytes;
  for (const Datum& part : parts) {
    const Bytes more = TRY(std::visit(encode_part, part));
    bytes.insert(bytes.end(), more.begin(), more.end());
    bytes.resize(padded(static_cast<std::uint32_t>(bytes.size())));
  }
  if (bytes.size() > kMaxDataLength) {
    return fail(Errc::InvalidArgument, "\"{}\" takes {} bytes, more than the {} that fit",
                to_text(parts), bytes.size(), kMaxDataLength);
  }
  return bytes;
}

std::string text_until_zero(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), std::ranges::find(bytes, 0)};
}

// `bytes` are as long as the type says.
Datum decode_part(std::span<const std::uint8_t> bytes, Type type) {
  switch (type) {
    case Type::Ipv4Addr:
    case Type::Ipv6Addr:
      return IpAddress::from_bytes(bytes);
    case Type::EtherAddr: {
      MacAddress mac;
      std::ranges::copy(bytes, mac.bytes.begin());
      return mac;
    }
    case Type::InetProto:
      return Protocol{bytes[0]};
    case Type::InetService:
      return Port{.number = static_cast<std::uint16_t>((bytes[0] << 8U) | bytes[1])};
    case Type::IfName:
      return text_until_zero(bytes);
    case Type::Verdict:
      break;
  }
  return Verdict{};
}

bool can_be_quoted(char character) {
  return static_cast<unsigned char>(character) >= 0x20 && character != '"' && character != 0x7f;
}

}  // namespace

Status check_name(const std::string& name) {
  if (name.empty()) return fail(Errc::InvalidArgument, "a name is missing");
  if (name.size() > kMaxNameLength) {
    return fail(Errc::InvalidArgument, "name \"{}\" has {} bytes, at most {} are allowed", name,
                name.size(), kMaxNameLength);
  }
  if (name.find('\0') != std::string::npos) {
    return fail(Errc::InvalidArgument, "a name has a zero byte in it");
  }
  return ok();
}

Status check_verdict(const Verdict& verdict) {
  const bool leads_on = verdict.kind == Verdict::Kind::Jump || verdict.kind == Verdict::Kind::Goto;
  if (leads_on) return check_name(verdict.chain);
  if (verdict.chain.empty()) return ok();
  return fail(Errc::InvalidArgument, "\"{}\" leads to no chain, but \"{}\" is given",
              to_text(verdict), verdict.chain);
}

std::uint32_t length_of(Type type) {
  switch (type) {
    case Type::Ipv4Addr:
      return 4;
    case Type::Ipv6Addr:
      return 16;
    case Type::EtherAddr:
      return 6;
    case Type::InetProto:
      return 1;
    case Type::InetService:
      return 2;
    case Type::IfName:
      return kIfNameLength;
    case Type::Verdict:
      return 0;
  }
  return 0;
}

std::uint32_t length_of(const std::vector<Type>& types) {
  if (types.size() == 1) return length_of(types.front());
  std::uint32_t length = 0;
  for (const Type type : types) length += padded(length_of(type));
  return length;
}

std::uint32_t kernel_type(const std::vector<Type>& types) {
  std::uint32_t number = 0;
  for (const Type type : types) number = (number << kBitsOfTypeInConcat) | number_of(type);
  return number;
}

bool has_range(const std::vector<Datum>& parts) {
  return std::ranges::any_of(
      parts, [](const Datum& part) { return std::holds_alternative<PortRange>(part); });
}

Result<Bytes> encode_data(const std::vector<Datum>& parts) { return encode(parts, {}); }

Result<Bytes> encode_end_of_range(const std::vector<Datum>& parts) {
  return encode(parts, {.end = true});
}

Result<std::vector<Datum>> decode_data(std::span<const std::uint8_t> bytes,
                                       const std::vector<Type>& types) {
  if (bytes.size() != length_of(types)) {
    return fail(Errc::InvalidArgument, "{} bytes where the types take {}", bytes.size(),
                length_of(types));
  }
  std::vector<Datum> parts;
  std::size_t offset = 0;
  for (const Type type : types) {
    parts.push_back(decode_part(bytes.subspan(offset, length_of(type)), type));
    offset += padded(length_of(type));
  }
  return parts;
}

Result<std::vector<Datum>> decode_range(std::span<const std::uint8_t> first,
                                        std::span<const std::uint8_t> last,
                                        const std::vector<Type>& types) {
  std::vector<Datum> parts = TRY(decode_data(first, types));
  const std::vector<Datum> ends = TRY(decode_data(last, types));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == ends[i]) continue;
    const auto* from = std::get_if<Port>(&parts[i]);
    if (from == nullptr) {
      return fail(Errc::InvalidArgument, "a range from {} to {}", to_text(parts), to_text(ends));
    }
    parts[i] = PortRange{.first = from->number, .last = std::get<Port>(ends[i]).number};
  }
  return parts;
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

std::uint32_t kernel_verdict(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::Accept:
      return NF_ACCEPT;
    case Verdict::Kind::Drop:
      return NF_DROP;
    case Verdict::Kind::Return:
      return static_cast<std::uint32_t>(NFT_RETURN);
    case Verdict::Kind::Jump:
      return static_cast<std::uint32_t>(NFT_JUMP);
    case Verdict::Kind::Goto:
      return static_cast<std::uint32_t>(NFT_GOTO);
  }
  return NF_DROP;
}

Result<Verdict> decode_verdict(std::uint32_t number, std::string chain) {
  using enum Verdict::Kind;
  for (const Verdict::Kind kind : {Accept, Drop, Return, Jump, Goto}) {
    if (kernel_verdict(kind) == number) return Verdict{.kind = kind, .chain = std::move(chain)};
  }
  return fail(Errc::InvalidArgument, "unknown verdict {}", static_cast<std::int32_t>(number));
}

Result<Bytes> encode_comment(const std::string& comment) {
  if (comment.empty()) return Bytes{};
  if (comment.size() > kMaxCommentLength) {
    return fail(Errc::InvalidArgument, "comment \"{}\" has {} bytes, at most {} are allowed",
                comment, comment.size(), kMaxCommentLength);
  }
  if (!std::ranges::all_of(comment, can_be_quoted)) {
    return fail(Errc::InvalidArgument,
                "comment \"{}\" has a quote or a control character, which nft cannot read back",
                comment);
  }
  Bytes bytes{kCommentType, static_cast<std::uint8_t>(comment.size() + 1)};
  bytes.insert(bytes.end(), comment.begin(), comment.end());
  bytes.push_back(0);
  return bytes;
}

std::string decode_comment(std::span<const std::uint8_t> user_data) {
  while (user_data.size() >= 2 && user_data.size() >= 2U + user_data[1]) {
    const auto value = user_data.subspan(2, user_data[1]);
    if (user_data[0] == kCommentType) return text_until_zero(value);
    user_data = user_data.subspan(2 + value.size());
  }
  return "";
}

}  // namespace netctl::nft
