#include "netctl/network.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>

#include "netctl/config.hpp"
#include "netctl/default_networks.hpp"
#include "netctl/filters.hpp"
#include "netctl/networks.hpp"
#include "netctl/progress.hpp"
#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::command {
namespace {

using Attachments = std::vector<cni::CachedAttachment>;

Fact labels_fact(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> parts;
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [key, value] : labels) {
    parts.push_back(format("{}={}", key, value));
    members.emplace_back(key, cni::json_string(value));
  }
  return {.name = "labels",
          .text = joined(parts, ","),
          .json = cni::json_object(members),
          .parts = parts};
}

Facts facts_of(const cni::NetworkConfig& network, const NetworkFacts& known, std::size_t attached) {
  std::vector<std::string> subnets;
  for (const IpPrefix& subnet : known.subnets) subnets.push_back(subnet.to_text());
  return {fact("id", network_id(network.name)),
          fact("name", network.name),
          fact("driver", known.driver),
          fact("subnets", subnets),
          fact("plugins", known.plugins),
          fact("version", network.cni_version),
          fact("attached", static_cast<std::int64_t>(attached)),
          fact("bridge", known.bridge),
          fact("created", known.created),
          labels_fact(known.labels),
          fact("file", network.file)};
}

bool has_label(const NetworkFacts& known, const std::string& wanted) {
  const auto equals = wanted.find('=');
  const auto label = known.labels.find(wanted.substr(0, equals));
  if (label == known.labels.end()) return false;
  return equals == wanted.npos || label->second == wanted.substr(equals + 1);
}

const Fact& fact_of(const Facts& facts, std::string_view name) {
  return *std::ranges::find(facts, name, &Fact::name);
}

bool network_holds(const Filter& filter, const Facts& facts) {
  const std::string& name = fact_of(facts, "name").text;
  if (filter.key == "name") return name.find(filter.value) != std::string::npos;
  if (filter.key == "id") return fact_of(facts, "id").text.starts_with(filter.value);
  if (filter.key == "label") {
    return std::ranges::any_of(fact_of(facts, "labels").parts, [&](const std::string& label) {
      return label == filter.value || label.substr(0, label.find('=')) == filter.value;
    });
  }
  if (filter.key != "dangling") return is_fact(filter, facts);
  const bool dangling = fact_of(facts, "attached").text == "0" && !is_default_network(name);
  return dangling == (filter.value == "true" || filter.value == "1");
}

std::size_t count_of(const Attachments& attachments, const std::string& network) {
  return static_cast<std::size_t>(
      std::ranges::count(attachments, network, &cni::CachedAttachment::network));
}

// --- inspect --------------------------------------------------------------------------------

// "<container id>": {"interface": …, "namespace": …, "mac": …, "addresses": […]}
std::string container_json(const cni::CachedAttachment& attachment) {
  std::vector<std::string> addresses;
  std::string mac;
  if (attachment.result_json) {
    if (const auto result = cni::parse_result(*attachment.result_json, "")) {
      for (const cni::Ip& ip : result->ips) addresses.push_back(ip.address.to_text());
      for (const cni::Interface& interface : result->interfaces) {
        if (!interface.sandbox.empty()) mac = interface.mac;
      }
    }
  }
  return cni::json_object({{"interface", cni::json_string(attachment.call.ifname)},
                           {"namespace", cni::json_string(attachment.call.netns)},
                           {"mac", cni::json_string(mac)},
                           {"addresses", cni::json_strings(addresses)}});
}

Fact containers_fact(const Attachments& attachments, const std::string& network) {
  std::map<std::string, std::vector<std::string>> by_container;
  for (const cni::CachedAttachment& each : attachments) {
    if (each.network == network)
      by_container[each.call.container_id].push_back(container_json(each));
  }
  std::string text;
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [id, endpoints] : by_container) {
    text += (text.empty() ? "" : ", ") + id;
    members.emplace_back(id, cni::json_list(endpoints));
  }
  return {.name = "containers", .text = text, .json = cni::json_object(members)};
}

Facts all_facts_of(const cni::NetworkConfig& network, const Attachments& attachments) {
  Facts facts = facts_of(network, network_facts(network), count_of(attachments, network.name));
  facts.push_back(containers_fact(attachments, network.name));
  facts.push_back({.name = "config", .text = network.text, .json = network.text});
  return facts;
}

// --- rm and prune ---------------------------------------------------------------------------

std::string list_of(const Attachments& attachments) {
  std::string text;
  for (const cni::CachedAttachment& each : attachments) {
    text += (text.empty() ? "" : ", ") + each.call.container_id + " " + each.call.ifname;
  }
  return text;
}

Status refuse_unknown(const Settings& settings, const std::string& name) {
  if (is_default_network(name)) {
    return fail(Errc::InvalidArgument,
                "network \"{}\" is there without a config file: there is nothing to remove", name);
  }
  return fail(Errc::NotFound, "no network \"{}\" in {}", name, settings.config_directory);
}

Status refuse_in_use(cni::Runtime& cni_runtime, const std::string& name) {
  const Attachments attached = TRY(cni_runtime.all_cached(name));
  if (attached.empty()) return ok();
  return fail(Errc::Exists,
              "network \"{}\" has active endpoints ({}): detach them first, or use -f", name,
              list_of(attached));
}

Status detach_all(cni::Runtime& cni_runtime, const cni::NetworkConfig& network) {
  ErrorList errors;
  for (const cni::CachedAttachment& each : cni_runtime.cached(network.name)) {
    Progress::tick(network.name + ": " + each.call.container_id);
    errors.keep(cni_runtime.del(network, each.call).context("{}", each.call.container_id));
  }
  return errors.status();
}

Status remove_network(const Settings& settings, const std::string& name, bool force) {
  const auto networks = TRY(all_configured_networks(settings));
  const auto found = std::ranges::find(networks, name, &cni::NetworkConfig::name);
  if (found == networks.end()) {
    return force && !is_default_network(name) ? ok() : refuse_unknown(settings, name);
  }
  cni::Runtime cni_runtime = runtime(settings);
  if (force) TRY(detach_all(cni_runtime, *found));
  TRY(refuse_in_use(cni_runtime, name));
  TRY(cni_runtime.gc_cached(*found, [](const cni::CachedAttachment&) { return Result(true); }));
  TRY(refuse_in_use(cni_runtime, name));  // somebody may have come meanwhile
  return sys::delete_file(found->file);
}

Status remove_and_tell(const Settings& settings, const std::string& name, bool force) {
  TRY(remove_network(settings, name, force));
  return print(name + "\n");
}

// Seconds of "24h", "30m", "10s"; nothing for another text.
std::optional<std::int64_t> parse_age(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, refused] = std::from_chars(text.data(), end, count);
  if (refused != std::errc() || stop + 1 != end || count < 0) return {};
  switch (*stop) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    default:
      return {};
  }
}

// A time as it stands in the files, which sorts as text: an age is counted back from now.
Result<std::string> time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (rest && *rest == '\0') return text;
  const auto age = parse_age(text);
  if (!age) {
    return fail(Errc::InvalidArgument,
                "until \"{}\": write a time such as 2026-01-31T12:00:00Z, or an age such as 24h",
                text);
  }
  return utc_text(std::time(nullptr) - *age);
}

Result<bool> may_prune(const cni::NetworkConfig& network, const std::vector<Filter>& filters) {
  const NetworkFacts known = network_facts(network);
  if (known.created.empty()) return false;
  for (const Filter& filter : filters) {
    if (filter.key == "until" && known.created >= TRY(time_of(filter.value))) return false;
  }
  return matches(filters, [&](const Filter& filter) {
    return filter.key == "until" || has_label(known, filter.value);
  });
}

constexpr const char* kPruneWarning =
    "WARNING! This will remove all networks that netctl made and that nothing is attached to.";

}  // namespace

std::string network_id(const std::string& name) { return sha256_hex(name); }

std::string bridge_of(const std::string& name) { return "nc-" + network_id(name).substr(0, 12); }

Status list_networks(const Settings& settings, const Output& output) {
  static constexpr std::array<Column, 11> kColumns{{{"NETWORK ID", "id", 12},
                                                    {"NAME", "name"},
                                                    {"DRIVER", "driver"},
                                                    {"SUBNETS", "subnets"},
                                                    {"PLUGINS", "plugins"},
                                                    {"ATTACHED", "attached"},
                                                    {"BRIDGE", "bridge", 0, true},
                                                    {"VERSION", "version", 0, true},
                                                    {"CREATED", "created", 0, true},
                                                    {"LABELS", "labels", 0, true},
                                                    {"FILE", "file"}}};
  const auto read = [&]() -> Result<std::vector<Facts>> {
    auto networks = TRY(all_networks(settings));
    std::ranges::sort(networks, {}, &cni::NetworkConfig::name);
    const Attachments attachments = runtime(settings).cached("");
    std::vector<Facts> things;
    things.reserve(networks.size());
    for (const cni::NetworkConfig& network : networks) {
      things.push_back(
          facts_of(network, network_facts(network), count_of(attachments, network.name)));
    }
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "name",
                    .filters = kNetworkFilters,
                    .read = read,
                    .changes = {.directories = {settings.config_directory,
                                                settings.state_directory + "/results"}},
                    .holds = network_holds},
                   output);
}

Status inspect_networks(const Settings& settings, const std::vector<std::string>& names,
                        const Output& output) {
  const Attachments attachments = runtime(settings).cached("");
  ErrorList errors;
  std::vector<Facts> things;
  for (const std::string& name : names) {
    const auto network = find_network(settings, name);
    if (network) {
      things.push_back(all_facts_of(*network, attachments));
    } else {
      errors.add(network.error());
    }
  }
  Output as_json = output;
  as_json.json = output.format.empty() && !output.yaml;
  TRY(print_list(things, {}, "name", as_json));
  return errors.status();
}

Status network_exists(const Settings& settings, const std::string& name) {
  const auto networks = TRY(all_configured_networks(settings));
  const auto found = std::ranges::find(networks, name, &cni::NetworkConfig::name);
  if (found != networks.end() || is_default_network(name)) return ok();
  return Error{.code = Errc::NotFound};
}

Status remove_networks(const Settings& settings, const std::vector<std::string>& names,
                       bool force) {
  ErrorList errors;
  Progress progress("removing networks", names.size());
  for (const std::string& name : names) {
    progress.step(name);
    errors.keep(remove_and_tell(settings, name, force));
  }
  return errors.status();
}

Status prune_networks(const Settings& settings, const std::vector<std::string>& filters,
                      bool force) {
  const auto wanted = TRY(parse_filters(filters, {"label", "until"}));
  for (const Filter& filter : wanted) {
    if (filter.key == "until") TRY(time_of(filter.value));
  }
  if (!force && !is_confirmed(kPruneWarning)) return ok();
  ErrorList errors;
  const auto networks = TRY(configured_networks(settings));
  Progress progress("looking at networks", networks.size());
  for (const cni::NetworkConfig& network : networks) {
    progress.step(network.name);
    if (!TRY(may_prune(network, wanted))) continue;
    const auto attached = runtime(settings).all_cached(network.name);
    if (!attached) errors.add(attached.error());
    if (!attached || !attached->empty()) continue;
    errors.keep(remove_and_tell(settings, network.name, false));
  }
  return errors.status();
}

}  // namespace netctl::command
