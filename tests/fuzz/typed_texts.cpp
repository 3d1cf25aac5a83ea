#include <string>

#include "ipam/host-local/range.hpp"
#include "netctl/filters.hpp"
#include "netctl/run_options.hpp"
#include "netctl/trace.hpp"
#include "plugins/tuning/allowlist.hpp"
#include "plugins/tuning/config.hpp"
#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/mac.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/ns/kinds.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

void feed_address(Bytes input) {
  const std::string_view text = text_of(input);
  if (const auto address = parse_ip_address(text)) {
    require(parse_ip_address(address->to_text()).value() == *address,
            "an address that is written is read as the same");
  }
  if (const auto prefix = parse_ip_prefix(text)) {
    require(parse_ip_prefix(prefix->to_text()).value() == *prefix,
            "a prefix that is written is read as the same");
    require(prefix->contains(prefix->network()) && prefix->contains(prefix->last()),
            "a network has its first and its last address");
  }
  if (const auto interval = host_local::parse_interval(text)) {
    require(interval->start <= interval->end, "an interval does not end before it begins");
    require(host_local::parse_interval(interval->to_text()).value() == *interval,
            "an interval that is written is read as the same");
  }
}

void feed_mac(Bytes input) {
  const auto mac = parse_mac_address(text_of(input));
  if (!mac) return;
  require(parse_mac_address(mac->to_text()).value() == *mac,
          "a MAC address that is written is read as the same");
}

void feed_if_name(Bytes input) {
  const std::string_view name = text_of(input);
  if (!check_if_name(name)) return;
  require(name.size() <= kMaxIfNameLength && name.find('/') == std::string_view::npos &&
              name != "." && name != "..",
          "the name of an interface is no way out of a directory");
}

void feed_publish(Bytes input) {
  const std::string_view text = text_of(input);
  parse_port(text).has_value();
  parse_protocol(text).has_value();
  const auto mappings = parse_publish(text);
  if (!mappings) return;
  refuse_repeated(*mappings).has_value();
  for (const PortMapping& mapping : *mappings) {
    require(mapping.container_port != 0, "a container has no port 0");
    if (mapping.host_port == 0) continue;
    const auto again = parse_publish(mapping.to_text());
    require(again && *again == std::vector{mapping}, "a port that is written is read as the same");
  }
}

// A filter a line.
void feed_filters(Bytes input) {
  std::vector<std::string> texts;
  for (std::string_view text = text_of(input); !text.empty();) texts.emplace_back(take_line(text));
  const auto filters = command::parse_filters(texts, {"network", "container", "label"});
  if (!filters) return;
  require(filters->size() == texts.size(), "each text is a filter");
}

// What is typed as one word in other places.
void feed_words(Bytes input) {
  const std::string text(text_of(input));
  command::parse_probe_target(text).has_value();
  command::parse_size(text).has_value();
  command::parse_signal(text).has_value();
  ns::parse_kind(text).has_value();
}

// The key of a kernel parameter in the first line, then the administrator's list.
void feed_allowlist(Bytes input) {
  std::string_view text = text_of(input);
  const std::string key(take_line(text));
  if (const auto path = tuning::sysctl_path(key, "eth0")) {
    require(path->find("..") == std::string::npos, "a parameter is no way out of a directory");
  }
  tuning::check_allowed({{key, "1"}}, tuning::parse_allowlist(text)).has_value();
}

}  // namespace

const std::vector<Target>& typed_texts() {
  static const std::vector<Target> all = {{"address", feed_address}, {"allowlist", feed_allowlist},
                                          {"filters", feed_filters}, {"if-name", feed_if_name},
                                          {"mac", feed_mac},         {"publish", feed_publish},
                                          {"words", feed_words}};
  return all;
}

}  // namespace netctl::fuzz
