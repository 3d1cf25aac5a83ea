#include "ipam/host-local/config.hpp"

#include <map>
#include <string_view>

#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::host_local {
namespace {

using cni::ObjectReader;
using cni::Problems;

constexpr std::string_view kDefaultDirectory = "/var/lib/cni/networks";
constexpr const char* kStateDirectory = "NETCTL_CNI_STATE_DIR";

RangeSpec read_range(const ObjectReader& keys) {
  RangeSpec range;
  keys.read("subnet", range.subnet);
  keys.read("rangeStart", range.start);
  keys.read("rangeEnd", range.end);
  keys.read("gateway", range.gateway);
  return range;
}

using RangeSpecs = std::vector<std::vector<RangeSpec>>;

void read_range_sets(const ObjectReader& keys, std::string_view key, RangeSpecs& sets) {
  for (const std::vector<ObjectReader>& ranges : keys.lists_of_children(key)) {
    auto& set = sets.emplace_back();
    for (const ObjectReader& range : ranges) set.push_back(read_range(range));
  }
}

// The order numbers the sets, and with them their last_reserved_ip files.
RangeSpecs read_all_range_sets(const ObjectReader& keys) {
  RangeSpecs sets;
  const ObjectReader ipam = keys.child("ipam");
  read_range_sets(keys.child("runtimeConfig"), "ipRanges", sets);
  const RangeSpec flat = read_range(ipam);
  if (flat.subnet) sets.push_back({flat});
  read_range_sets(ipam, "ranges", sets);
  return sets;
}

void read_routes(const ObjectReader& ipam, std::vector<cni::Route>& routes) {
  for (const ObjectReader& keys : ipam.children("routes")) {
    cni::Route& route = routes.emplace_back();
    keys.require("dst", route.destination);
    keys.read("gw", route.gateway);
    keys.read("mtu", route.mtu);
    keys.read("advmss", route.advmss);
    keys.read("priority", route.priority);
    keys.read("table", route.table);
    keys.read("scope", route.scope);
  }
}

// A requested address may have a prefix length, which says nothing: the range knows it.
void add_requested(std::string_view text, Config& config, Problems& problems) {
  if (const auto address = parse_ip_address(text)) {
    config.requested.push_back(*address);
  } else if (const auto prefix = parse_ip_prefix(text)) {
    config.requested.push_back(prefix->address);
  } else {
    problems.add(format("cannot understand ip: invalid IP address {}", text));
  }
}

void read_requested(const cni::Request& request, const ObjectReader& keys, Config& config,
                    Problems& problems) {
  std::vector<std::string> texts;
  if (auto args = cni::parse_args(request.args, {"IP"})) {
    if (const auto ip = args->find("IP"); ip != args->end()) texts.push_back(ip->second);
  } else {
    problems.add(args.error().message);
  }
  for (const ObjectReader& place : {keys.child("args").child("cni"), keys.child("runtimeConfig")}) {
    std::vector<std::string> ips;
    place.read("ips", ips);
    texts.insert(texts.end(), ips.begin(), ips.end());
  }
  for (const std::string& text : texts) {
    if (!text.empty()) add_requested(text, config, problems);
  }
}

bool overlap(const RangeSet& one, const RangeSet& other) {
  for (const Range& range : one) {
    for (const Range& another : other) {
      if (range.overlaps(another)) return true;
    }
  }
  return false;
}

void check_overlaps(const std::vector<RangeSet>& sets, Problems& problems) {
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t j = i + 1; j < sets.size(); ++j) {
      if (overlap(sets[i], sets[j])) {
        problems.add(format("range set {} overlaps with {}", i, j));
      }
    }
  }
}

// Results of those versions have room for one address of each family.
void check_version(const cni::Request& request, const std::vector<RangeSet>& sets,
                   Problems& problems) {
  const auto version = cni::parse_version(request.cni_version);
  if (version && *version >= cni::Version{.major = 0, .minor = 3}) return;
  std::map<Family, int> count;
  for (const RangeSet& set : sets) ++count[set.front().start.family()];
  if (count[Family::V4] > 1 || count[Family::V6] > 1) {
    problems.add(format("CNI version {} does not support more than 1 address per family",
                        request.cni_version));
  }
}

std::vector<RangeSet> complete_sets(const RangeSpecs& specs, Problems& problems) {
  std::vector<RangeSet> sets;
  if (specs.empty()) problems.add("no IP ranges specified");
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (auto set = complete(specs[i])) {
      sets.push_back(*std::move(set));
    } else {
      problems.add(format("invalid range set {}: {}", i, set.error().message));
    }
  }
  return sets;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  Problems problems;
  const ObjectReader keys(*request.config, problems);
  const ObjectReader ipam = keys.child("ipam");
  if (!keys.has("ipam")) problems.add("IPAM config missing 'ipam' key");
  const RangeSpecs specs = read_all_range_sets(keys);
  read_requested(request, keys, config, problems);
  read_routes(ipam, config.routes);
  ipam.read("resolvConf", config.resolv_conf);
  std::string directory;  // read by store_directory(); here for its type
  ipam.read("dataDir", directory);
  // What the values say together is looked at only when each of them could be read.
  TRY(problems.status());

  config.sets = complete_sets(specs, problems);
  TRY(problems.status());
  check_overlaps(config.sets, problems);
  check_version(request, config.sets, problems);
  TRY(problems.status());
  return config;
}

std::string store_directory(const cni::Request& request) {
  Problems ignored;
  std::string directory;
  ObjectReader(*request.config, ignored).child("ipam").read("dataDir", directory);
  if (directory.empty()) {
    const auto moved = request.environment.find(kStateDirectory);
    const bool is_moved = moved != request.environment.end() && !moved->second.empty();
    directory = is_moved ? moved->second + "/networks" : std::string(kDefaultDirectory);
  }
  return format("{}/{}", directory, request.network);
}

}  // namespace netctl::host_local
