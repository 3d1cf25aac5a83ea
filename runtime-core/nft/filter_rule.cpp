#include "runtime-core/nft/filter_rule.hpp"

#include "runtime-core/base/format.hpp"

namespace netctl::nft {
namespace {

// In double quotes, as iptables-restore(8) reads a word.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string target_of(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::Accept:
      return "-j ACCEPT";
    case Verdict::Kind::Drop:
      return "-j DROP";
    case Verdict::Kind::Return:
      return "-j RETURN";
    case Verdict::Kind::Jump:
      return "-j " + verdict.chain;
    case Verdict::Kind::Goto:
      return "-g " + verdict.chain;
  }
  return "";
}

}  // namespace

bool FilterRule::is_like(const FilterRule& other) const {
  FilterRule same = *this;
  same.handle = other.handle;
  return same == other;
}

bool FilterRule::is_unconditional() const {
  return !source && !destination && state == CtState::Any && !has_more;
}

std::string to_text(const FilterRule& rule) {
  std::string text;
  const auto say = [&](const std::string& words) { text += (text.empty() ? "" : " ") + words; };
  const auto whole = [](const IpAddress& address) {
    return format("{}/{}", address.to_text(), address.bits());
  };
  if (rule.source) say("-s " + whole(*rule.source));
  if (rule.destination) say("-d " + whole(*rule.destination));
  if (rule.state == CtState::Established) say("-m conntrack --ctstate RELATED,ESTABLISHED");
  if (rule.state == CtState::Dnat) say("-m conntrack --ctstate DNAT");
  if (rule.has_more) say("…");
  if (!rule.comment.empty()) say("-m comment --comment " + quoted(rule.comment));
  if (rule.verdict) say(target_of(*rule.verdict));
  return text;
}

}  // namespace netctl::nft
