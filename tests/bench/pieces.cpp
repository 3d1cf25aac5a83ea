// The pieces of a plugin's work that need no kernel, by Google Benchmark: to see which of them a
// change touches. What a user waits for is measured by the bench itself.
#include <algorithm>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>

#include "ipam/host-local/allocator.hpp"
#include "plugins/bridge/config.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/rtnl/batch.hpp"

namespace netctl::bench {
namespace {

constexpr char kConfig[] =
    R"({"cniVersion":"1.0.0","name":"bench","type":"bridge","bridge":"bench0","isGateway":true,)"
    R"("ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local",)"
    R"("ranges":[[{"subnet":"10.64.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}})";

constexpr char kResult[] =
    R"({"cniVersion":"1.0.0","interfaces":[{"name":"bench0","mac":"0a:58:00:00:00:01"},)"
    R"({"name":"veth0123456789","mac":"0a:58:00:00:00:02"},{"name":"eth0",)"
    R"("mac":"0a:58:00:00:00:03","sandbox":"/run/netns/guest"}],"ips":[{"interface":2,)"
    R"("address":"10.64.0.3/16","gateway":"10.64.0.1"}],"routes":[{"dst":"0.0.0.0/0"}]})";

const std::string_view kVersions[] = {"0.4.0", "1.0.0", "1.1.0"};

cni::Request request_of_add() {
  auto request = cni::parse_environment({{"CNI_COMMAND", "ADD"},
                                         {"CNI_CONTAINERID", "guest"},
                                         {"CNI_NETNS", "/run/netns/guest"},
                                         {"CNI_IFNAME", "eth0"},
                                         {"CNI_PATH", "/usr/lib/cni"}});
  return std::move(request).value();
}

void parse_request(benchmark::State& state) {
  for (auto _ : state) {
    cni::Request request = request_of_add();
    benchmark::DoNotOptimize(cni::add_config(request, kConfig, kVersions));
  }
}
BENCHMARK(parse_request);

void parse_bridge_config(benchmark::State& state) {
  cni::Request request = request_of_add();
  if (!cni::add_config(request, kConfig, kVersions)) state.SkipWithError("the config is refused");
  for (auto _ : state) benchmark::DoNotOptimize(bridge::parse_config(request));
}
BENCHMARK(parse_bridge_config);

void parse_result(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(cni::parse_result(kResult, "1.0.0"));
}
BENCHMARK(parse_result);

void print_result(benchmark::State& state) {
  const auto result = cni::parse_result(kResult, "1.0.0");
  if (!result) return state.SkipWithError("the result is refused");
  for (auto _ : state) benchmark::DoNotOptimize(cni::to_json(*result, "1.0.0"));
}
BENCHMARK(print_result);

// In a range of which the lower half is taken.
void allocate_address(benchmark::State& state) {
  const host_local::RangeSpec spec{.subnet = parse_ip_prefix("10.64.0.0/16").value()};
  const host_local::RangeSet set{host_local::complete(spec).value()};
  const IpAddress first_free = parse_ip_address("10.64.128.0").value();
  const auto find = [&](const IpAddress& from,
                        const IpAddress& to) -> Result<std::optional<IpAddress>> {
    const IpAddress found = std::max(from, first_free);
    return found <= to ? std::optional(found) : std::nullopt;
  };
  for (auto _ : state) benchmark::DoNotOptimize(host_local::next_free(set, std::nullopt, find));
}
BENCHMARK(allocate_address);

void build_messages(benchmark::State& state) {
  const IpPrefix address = parse_ip_prefix("10.64.0.3/16").value();
  for (auto _ : state) {
    rtnl::Batch batch;
    batch.add_veth({.name = "veth0123456789", .master = 3, .peer_name = "eth0"});
    batch.add_address(2, address);
    batch.change_link({.link = 2, .up = true});
    benchmark::DoNotOptimize(batch);
  }
}
BENCHMARK(build_messages);

}  // namespace
}  // namespace netctl::bench

BENCHMARK_MAIN();
