#include "runtime-core/nft/element_text.hpp"

#include <algorithm>

#include "runtime-core/base/format.hpp"
#include "runtime-core/nft/data.hpp"

namespace netctl::nft {
namespace {

constexpr std::string_view kOpen = " { ";
constexpr std::string_view kClose = " }";
constexpr std::string_view kComment = " comment \"";
constexpr std::string_view kData = " : ";
constexpr std::string_view kDot = " . ";

Error unreadable(std::string_view what) {
  return fail(Errc::InvalidArgument, "\"{}\" cannot be read as a part of an element", what);
}

Result<Verdict> parse_verdict(std::string_view text) {
  using enum Verdict::Kind;
  const auto space = std::min(text.find(' '), text.size());
  const std::string chain(text.substr(std::min(space + 1, text.size())));
  for (const Verdict::Kind kind : {Accept, Drop, Return, Jump, Goto}) {
    const Verdict verdict{.kind = kind, .chain = chain};
    if (to_text(verdict) == text) return verdict;
  }
  return unreadable(text);
}

// A port, or "8000-8999" in the key of a set with ranges.
Result<Datum> parse_ports(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == text.npos) return Datum(Port{TRY(parse_port(text))});
  const std::uint16_t first = TRY(parse_port(text.substr(0, dash)));
  const std::uint16_t last = TRY(parse_port(text.substr(dash + 1)));
  if (first >= last) return unreadable(text);
  return Datum(PortRange{.first = first, .last = last});
}

Result<Datum> parse_datum(std::string_view text, Type type) {
  switch (type) {
    case Type::Ipv4Addr:
    case Type::Ipv6Addr:
      return Datum(TRY(parse_ip_address(text)));
    case Type::EtherAddr:
      return Datum(TRY(parse_mac_address(text)));
    case Type::InetProto:
      return Datum(TRY(parse_protocol(text)));
    case Type::InetService:
      return parse_ports(text);
    case Type::IfName:
      if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"'))
        return unreadable(text);
      return Datum(std::string(text.substr(1, text.size() - 2)));
    case Type::Verdict:
      return Datum(TRY(parse_verdict(text)));
  }
  return unreadable(text);
}

Result<std::vector<Datum>> parse_concatenation(std::string_view text,
                                               const std::vector<Type>& types) {
  std::vector<Datum> parts;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const bool last = i + 1 == types.size();
    const auto end = last ? text.size() : text.find(kDot);
    if (end == text.npos) return unreadable(text);
    parts.push_back(TRY(parse_datum(text.substr(0, end), types[i])));
    text.remove_prefix(last ? end : end + kDot.size());
  }
  return parts;
}

// Takes ` comment "…"` out of the text; a comment has no quotes in it.
std::string take_comment(std::string& text) {
  const auto begin = text.find(kComment);
  if (begin == text.npos) return "";
  const auto end = text.find('"', begin + kComment.size());
  if (end == text.npos) return "";
  std::string comment = text.substr(begin + kComment.size(), end - begin - kComment.size());
  text.erase(begin, end + 1 - begin);
  return comment;
}

}  // namespace

std::string to_text(const Element& element) {
  std::string text = format("{}{}{}", element.set, kOpen, to_text(element.key));
  if (!element.comment.empty()) text += format("{}{}\"", kComment, element.comment);
  if (!element.data.empty()) text += format("{}{}", kData, to_text(element.data));
  return text + std::string(kClose);
}

Result<Element> parse_element(std::string_view text, const FindSet& find_set) {
  const auto open = text.find(kOpen);
  if (open == text.npos || !text.ends_with(kClose)) return unreadable(text);
  const Set* const set = find_set(text.substr(0, open));
  if (set == nullptr) {
    return fail(Errc::NotFound, "there is no set \"{}\"", text.substr(0, open));
  }
  const auto begin = open + kOpen.size();
  if (text.size() < begin + kClose.size()) return unreadable(text);
  std::string inner(text.substr(begin, text.size() - kClose.size() - begin));
  Element element{.set = set->name, .comment = take_comment(inner)};
  const auto colon = set->data.empty() ? inner.npos : inner.find(kData);
  if (!set->data.empty() && colon == inner.npos) return unreadable(text);
  element.key = TRY(parse_concatenation(std::string_view(inner).substr(0, colon), set->key));
  if (has_range(element.key) && !set->ranges) return unreadable(text);
  if (colon != inner.npos) {
    const auto data = std::string_view(inner).substr(colon + kData.size());
    element.data = TRY(parse_concatenation(data, set->data));
    if (has_range(element.data)) return unreadable(text);
  }
  // Another spelling, or something between the parts: it is not as it was written.
  if (to_text(element) != text) return unreadable(text);
  return element;
}

}  // namespace netctl::nft
