#include "portmap/conditions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "runtime-core/addr/if_name.hpp"

namespace netctl::portmap {
namespace {

using attach::PortCondition;
using Of = PortCondition::Of;

// Of the 255 bytes of a chain's name.
constexpr std::size_t kMaxChainName = 200;

class Words {
 public:
  Words(std::vector<std::string> words, Family family)
      : words_(std::move(words)), family_(family) {}

  bool done() const { return next_ == words_.size(); }
  bool take(std::string_view word) {
    if (done() || words_[next_] != word) return false;
    ++next_;
    return true;
  }
  bool take_any(std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [this](std::string_view word) { return take(word); });
  }

  Error unknown() const {
    return fail(Errc::NotSupported,
                "\"{}\" is not understood: source, destination and incoming interface can be asked "
                "for (-s, -d, -i, or {} saddr, {} daddr, iifname), each alone or negated",
                done() ? "" : words_[next_], family_word(), family_word());
  }

  Result<PortCondition> value_for(Of of, bool negated) {
    if (done()) return fail(Errc::InvalidArgument, "\"{}\" has no value", words_.back());
    std::string text = words_[next_++];
    PortCondition condition{.of = of, .negated = negated};
    if (of != Of::InLink) {
      condition.prefix = TRY(prefix(text));
      return condition;
    }
    if (text.size() > 1 && text.starts_with('"') && text.ends_with('"')) {
      text = text.substr(1, text.size() - 2);
    }
    TRY(check_if_name(text));
    if (!attach::has_chain_name(text)) {
      return fail(Errc::NotSupported,
                  "interface \"{}\": only letters, digits, \".\", \"_\" and single \"-\" can be "
                  "asked for",
                  text);
    }
    condition.link = text;
    return condition;
  }

  std::string_view family_word() const { return family_ == Family::V4 ? "ip" : "ip6"; }

 private:
  Result<IpPrefix> prefix(const std::string& text) const {
    const bool has_length = text.find('/') != std::string::npos;
    const IpPrefix found =
        has_length ? TRY(parse_ip_prefix(text)) : host_prefix(TRY(parse_ip_address(text)));
    if (found.address.family() == family_) return found;
    return fail(Errc::InvalidArgument, "{} is an address of the other family", text);
  }

  std::vector<std::string> words_;
  Family family_;
  std::size_t next_ = 0;
};

struct Option {
  Of of;
  std::string_view brief;
  std::string_view name;
  std::string_view other;
};

constexpr std::array<Option, 3> kOptions{{{Of::Source, "-s", "--source", "--src"},
                                          {Of::Destination, "-d", "--destination", "--dst"},
                                          {Of::InLink, "-i", "--in-interface", "-i"}}};

Result<PortCondition> take_iptables(Words& words) {
  const bool negated = words.take("!");
  for (const Option& option : kOptions) {
    if (words.take_any({option.brief, option.name, option.other})) {
      return words.value_for(option.of, negated);
    }
  }
  return words.unknown();
}

Result<PortCondition> take_nftables(Words& words) {
  Of of = Of::InLink;
  if (words.take(words.family_word())) {
    if (words.take("saddr")) {
      of = Of::Source;
    } else if (words.take("daddr")) {
      of = Of::Destination;
    } else {
      return words.unknown();
    }
  } else {
    words.take("meta");
    if (!words.take_any({"iifname", "iif"})) return words.unknown();
  }
  const bool negated = words.take("!=");
  if (!negated) words.take("==");
  return words.value_for(of, negated);
}

std::vector<std::string> split(const std::vector<std::string>& texts) {
  std::vector<std::string> words;
  for (std::string_view text : texts) {
    while (!text.empty()) {
      const auto end = std::min(text.find(' '), text.size());
      if (end > 0) words.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  return words;
}

}  // namespace

Result<std::vector<PortCondition>> parse_conditions(const std::vector<std::string>& words,
                                                    Family family) {
  std::vector<PortCondition> conditions;
  Words left(split(words), family);
  const bool iptables =
      !words.empty() && (words.front().starts_with('-') || words.front().starts_with('!'));
  while (!left.done()) {
    conditions.push_back(TRY(iptables ? take_iptables(left) : take_nftables(left)));
  }
  if (attach::condition_chain(conditions).size() > kMaxChainName) {
    return fail(Errc::NotSupported, "{} conditions are too many", conditions.size());
  }
  return conditions;
}

}  // namespace netctl::portmap
