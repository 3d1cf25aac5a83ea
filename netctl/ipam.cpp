#include "netctl/ipam.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "ipam/host-local/inventory.hpp"
#include "netctl/networks.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::command {
namespace {

using host_local::Holding;

constexpr std::string_view kHostLocal = "host-local";

// What host-local would be asked with; nothing when the network's addresses are not of it.
Result<std::optional<cni::Request>> find_request(const Settings& settings,
                                                 const cni::NetworkConfig& network) {
  const std::string identity =
      cni::json_object({{"cniVersion", cni::json_string(cni::kNewestVersion)},
                        {"name", cni::json_string(network.name)}});
  cni::Environment environment = cni::own_environment();
  environment["CNI_COMMAND"] = to_text(cni::Command::Status);
  environment["CNI_PATH"] = settings.plugin_path.empty() ? "/" : settings.plugin_path.front();
  environment["NETCTL_CNI_STATE_DIR"] = settings.state_directory;
  for (const cni::PluginConfig& plugin : network.plugins) {
    cni::Request request = TRY(cni::parse_environment(environment));
    std::string config = TRY(cni::merge_json(cni::json_of(plugin), identity, network.name));
    TRY(cni::add_config(request, std::move(config), cni::kVersions));
    if (request.ipam_type == kHostLocal) return std::optional(std::move(request));
  }
  return std::optional<cni::Request>();
}

Result<cni::Request> request_of(const Settings& settings, const std::string& name) {
  const cni::NetworkConfig network = TRY(find_network(settings, name));
  auto request = TRY(find_request(settings, network));
  if (request) return *std::move(request);
  return fail(Errc::InvalidArgument, "the addresses of network \"{}\" are not given by {}", name,
              kHostLocal);
}

Facts facts_of(const std::string& network, const host_local::RangeUse& use) {
  const std::uint64_t capacity = host_local::capacity_of(use.range);
  // What is past reading for a person is past it for JSON's numbers too.
  const auto number = [](std::uint64_t value) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
  };
  const double share =
      static_cast<double>(use.taken) / static_cast<double>(std::max<std::uint64_t>(capacity, 1));
  return {fact("network", network),
          fact("subnet", use.range.subnet.to_text()),
          fact("range", use.range.to_text()),
          fact("gateway", use.range.gateway.to_text()),
          fact("taken", number(use.taken)),
          fact("addresses", number(capacity)),
          fact("gone", number(use.missing)),
          fact("full", format("{} {}%", bar(use.taken, capacity), static_cast<int>(share * 100)))};
}

std::string owner_text(const Holding& holding) {
  if (holding.owner.ifname.empty()) return holding.owner.container_id;
  return holding.owner.container_id + " " + holding.owner.ifname;
}

Facts facts_of(const Holding& holding) {
  const std::int64_t age = holding.since == 0 ? 0 : std::time(nullptr) - holding.since;
  return {
      fact("address", holding.address.to_text()),
      fact("container", holding.owner.container_id),
      fact("interface", holding.owner.ifname),
      fact("since", holding.since == 0 ? "" : utc_text(holding.since)),
      {.name = "age", .text = holding.since == 0 ? "" : age_text(age), .json = format("{}", age)},
      fact("state", holding.state)};
}

// Fails for what names nothing, before anything is released.
Result<std::vector<Holding>> holdings_named(const std::vector<Holding>& all,
                                            const std::vector<std::string>& wanted,
                                            const std::string& network) {
  std::vector<Holding> found;
  for (const std::string& text : wanted) {
    const std::size_t before = found.size();
    const auto address = parse_ip_address(text);
    std::ranges::copy_if(all, std::back_inserter(found), [&](const Holding& each) {
      return address ? each.address == *address : each.owner.container_id == text;
    });
    if (found.size() > before) continue;
    return fail(Errc::NotFound,
                "nobody holds \"{}\" in network \"{}\": netctl ipam show {} lists who holds what",
                text, network, network);
  }
  return found;
}

Result<std::vector<Facts>> read_ranges(const Settings& settings,
                                       const std::vector<std::string>& names) {
  std::vector<Facts> things;
  const auto add = [&](const std::string& network, const cni::Request& request) -> Status {
    const auto inventory =
        TRY(host_local::take_inventory(request).context("network \"{}\"", network));
    for (const auto& use : inventory.uses) things.push_back(facts_of(network, use));
    return ok();
  };
  for (const std::string& name : names) {
    const cni::Request request = TRY(request_of(settings, name));
    TRY(add(name, request));
  }
  if (!names.empty()) return things;
  for (const cni::NetworkConfig& network : TRY(all_networks(settings))) {
    const auto request = find_request(settings, network);
    if (!request) log::warn("passed over: {}", request.error().message);
    if (request && *request) TRY(add(network.name, **request));
  }
  return things;
}

// Stores may lie anywhere (dataDir), ages and containers that are gone nobody tells of.
Changes address_changes(const Settings& settings) {
  return {.directories = {settings.config_directory, settings.state_directory + "/results"},
          .untold = true};
}

}  // namespace

std::string bar(std::uint64_t part, std::uint64_t whole) {
  constexpr std::size_t kWidth = 10;
  const double share = whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
  auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * kWidth);
  // A bar that looks empty or full is.
  if (part > 0) filled = std::max<std::size_t>(filled, 1);
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "]";
}

Status list_ranges(const Settings& settings, const std::vector<std::string>& names,
                   const Output& output) {
  static constexpr std::array<Column, 8> kColumns{{{"NETWORK", "network"},
                                                   {"RANGE", "range"},
                                                   {"FULL", "full"},
                                                   {"TAKEN", "taken"},
                                                   {"ADDRESSES", "addresses"},
                                                   {"GONE", "gone"},
                                                   {"SUBNET", "subnet", 0, true},
                                                   {"GATEWAY", "gateway", 0, true}}};
  return show_list({.columns = kColumns,
                    .name = "range",
                    .filters = kRangeFilters,
                    .read = [&] { return read_ranges(settings, names); },
                    .changes = address_changes(settings)},
                   output);
}

Status show_addresses(const Settings& settings, const std::string& network, const Output& output) {
  static constexpr std::array<Column, 6> kColumns{{{"ADDRESS", "address"},
                                                   {"CONTAINER", "container", 20},
                                                   {"INTERFACE", "interface"},
                                                   {"AGE", "age"},
                                                   {"STATE", "state"},
                                                   {"SINCE", "since", 0, true}}};
  const cni::Request request = TRY(request_of(settings, network));
  const auto read = [&]() -> Result<std::vector<Facts>> {
    std::vector<Facts> things;
    for (const Holding& each : TRY(host_local::take_inventory(request)).holdings) {
      things.push_back(facts_of(each));
    }
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "address",
                    .filters = kHoldingFilters,
                    .read = read,
                    .changes = address_changes(settings)},
                   output);
}

Result<std::vector<std::pair<std::string, std::string>>> held_addresses(
    const Settings& settings, const std::string& network) {
  const cni::Request request = TRY(request_of(settings, network));
  std::vector<std::pair<std::string, std::string>> held;
  for (const Holding& each : TRY(host_local::take_inventory(request)).holdings) {
    held.emplace_back(each.address.to_text(), each.owner.container_id);
  }
  return held;
}

Status release_addresses(const Settings& settings, const std::string& network,
                         const std::vector<std::string>& wanted, bool force) {
  const cni::Request request = TRY(request_of(settings, network));
  const auto inventory = TRY(host_local::take_inventory(request));
  const auto meant = TRY(holdings_named(inventory.holdings, wanted, network));
  if (!force) {
    std::string question = "This will release";
    for (const Holding& each : meant) {
      question += format("\n  {} of {} ({})", each.address.to_text(), owner_text(each), each.state);
    }
    if (!is_confirmed(question)) return ok();
  }
  // What was shown is what goes: an address that changed hands since is left alone.
  const auto released = TRY(host_local::release_holdings(request, [&](const Holding& now) {
    return std::ranges::any_of(meant, [&](const Holding& each) {
      return each.address == now.address && each.owner == now.owner;
    });
  }));
  for (const Holding& each : released) TRY(print(each.address.to_text() + "\n"));
  return ok();
}

}  // namespace netctl::command
