#include "ipam/host-local/config.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "runtime-core/cni/ipam.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result_json.hpp"

namespace netctl::host_local {
namespace {

using cni::ObjectReader;
using cni::Problems;

constexpr std::string_view kDefaultState = "/var/lib/cni";
constexpr std::string_view kDefaultRunDirectory = "/run/netctl";
constexpr const char* kStateDirectory = "NETCTL_CNI_STATE_DIR";
constexpr const char* kRunDirectory = "NETCTL_RUN_DIR";

std::string variable_or(const cni::Environment& environment, const char* name,
                        std::string_view otherwise) {
  const auto found = environment.find(name);
  const bool given = found != environment.end() && !found->second.empty();
  return given ? found->second : std::string(otherwise);
}

RangeSpec read_range(const ObjectReader& keys) {
  RangeSpec range;
  keys.read("subnet", range.subnet);
  keys.read("rangeStart", range.start);
  keys.read("rangeEnd", range.end);
  keys.read("gateway", range.gateway);
  return range;
}

std::vector<Interval> read_exclude(const ObjectReader& keys) {
  std::vector<std::string> texts;
  std::vector<Interval> excluded;
  keys.read("exclude", texts);
  for (const std::string& text : texts) {
    if (const auto interval = parse_interval(text)) {
      excluded.push_back(*interval);
    } else {
      keys.add_problem("exclude", interval.error().message);
    }
  }
  return excluded;
}

RangeSpec read_listed_range(const ObjectReader& keys) {
  RangeSpec range = read_range(keys);
  range.exclude = read_exclude(keys);
  return range;
}

using RangeSpecs = std::vector<std::vector<RangeSpec>>;

void read_range_sets(const ObjectReader& keys, std::string_view key, RangeSpecs& sets) {
  for (const std::vector<ObjectReader>& ranges : keys.lists_of_children(key)) {
    auto& set = sets.emplace_back();
    for (const ObjectReader& range : ranges) set.push_back(read_listed_range(range));
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

// All places count, as with the reference plugin.
void read_requested(const cni::Request& request, const ObjectReader& keys, Config& config,
                    Problems& problems) {
  const auto asked = cni::read_requested_ips(request, {"IP"}, keys, problems);
  std::vector<std::string> texts;
  for (const auto& [key, value] : asked.args) texts.push_back(value);
  texts.insert(texts.end(), asked.convention.begin(), asked.convention.end());
  texts.insert(texts.end(), asked.capability.begin(), asked.capability.end());
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

void check_version(const cni::Request& request, const std::vector<RangeSet>& sets,
                   Problems& problems) {
  std::vector<IpAddress> one_of_each;
  std::ranges::transform(sets, std::back_inserter(one_of_each),
                         [](const RangeSet& set) { return set.front().start; });
  cni::check_room_in_result(request.cni_version, one_of_each, problems);
}

// What the whole config excludes holds for each range; where it lies in none, it does nothing.
void exclude_everywhere(const std::vector<Interval>& excluded, std::vector<RangeSet>& sets) {
  for (RangeSet& set : sets) {
    for (Range& range : set) {
      range.exclude.insert(range.exclude.end(), excluded.begin(), excluded.end());
    }
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
  const std::vector<Interval> excluded = read_exclude(ipam);
  config.routes = cni::read_routes(ipam, "routes");
  ipam.read("resolvConf", config.resolv_conf);
  std::string directory;  // read by store_directory(); here for its type
  ipam.read("dataDir", directory);
  // What the values say together is looked at only when each of them could be read.
  TRY(problems.status());

  config.sets = complete_sets(specs, problems);
  TRY(problems.status());
  exclude_everywhere(excluded, config.sets);
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
    directory = variable_or(request.environment, kStateDirectory, kDefaultState) + "/networks";
  }
  return format("{}/{}", directory, request.network);
}

std::string index_directory(const cni::Request& request) {
  return variable_or(request.environment, kRunDirectory, kDefaultRunDirectory) + "/ipam";
}

}  // namespace netctl::host_local
