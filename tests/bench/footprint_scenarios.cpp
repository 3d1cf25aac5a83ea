// What it takes besides time: memory, space on disk, and what is left of the network's speed.
#include <filesystem>

#include "tests/bench/makers.hpp"
#include "tests/bench/runner.hpp"
#include "tests/bench/scenarios.hpp"
#include "tests/bench/traffic.hpp"

namespace netctl::bench {
namespace {

// The bridge plugin, run by bench-peak.
Contestant peak_of(Lab& lab, const std::string& name, const std::string& directory) {
  const Network network{.with_ports = false};
  const std::string peak = lab.programs().peak;
  const MakeAttacher make = [=](std::shared_ptr<Host> host) {
    return plugin_chain(std::move(host), directory, network, peak);
  };
  return seated(lab, name, make, [](Seat& seat) -> Result<Samples> {
    const std::string result = TRY(seat.attacher().add(seat.guest()));
    const double megabytes = seat.attacher().peak_kilobytes() / 1024;
    TRY(seat.attacher().del(seat.guest(), result));
    return Samples{megabytes};
  });
}

Scenario memory() {
  return {.name = "memory",
          .figures = {{.title = "peak memory of bridge's ADD, host-local included",
                       .unit = "MiB",
                       .reach = {{Reach::Kind::Absolute, 3, ""}}}},
          .rounds = 5,
          .prepare = [](Lab& lab) {
            return std::vector<Contestant>{peak_of(lab, kOurs, lab.programs().plugins),
                                           peak_of(lab, kReference, lab.programs().reference)};
          }};
}

// Links to one file count once.
Result<Samples> megabytes_of(const std::vector<std::filesystem::path>& places) {
  double bytes = 0;
  for (const auto& place : places) {
    std::error_code error;
    if (std::filesystem::is_regular_file(place, error)) {
      bytes += static_cast<double>(std::filesystem::file_size(place, error));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(place, error)) {
      if (entry.is_regular_file() && !entry.is_symlink()) {
        bytes += static_cast<double>(entry.file_size());
      }
    }
    if (error) return fail(Errc::Io, "read {}: {}", place.string(), error.message());
  }
  return Samples{bytes / (1 << 20)};
}

Scenario size() {
  return {.name = "size",
          .figures = {{.title = "size of all executables",
                       .unit = "MiB",
                       .reach = {{Reach::Kind::Absolute, 8, ""}}}},
          .rounds = 1,
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            return std::vector<Contestant>{
                {kOurs,
                 [=] {
                   return megabytes_of({programs.plugins, programs.netctl});
                 }},
                {kReference, [=] { return megabytes_of({programs.reference}); }}};
          }};
}

// Before the first ADD that is measured: the flow table takes in what the default route leads to.
Status with_outside(Seat& seat) {
  TRY(seat.host().outside());
  return ok();
}

// Between two hosts with the same plugins a tenth can lie.
Contestant on_two_hosts(Lab& lab, const std::string& name, const MakeAttacher& make,
                        const std::function<Status(Seat&)>& set_up = {}) {
  return on_several_hosts({seated(lab, name, make, throughput, set_up),
                           seated(lab, name + ", 2nd host", make, throughput, set_up)});
}

Scenario throughput_of_chain() {
  return {.name = "throughput",
          .figures = {{.title = "throughput container to container",
                       .unit = "Gbit/s",
                       .better = Better::More,
                       .reach = {{Reach::Kind::Within, 1.05, kReference}}},
                      {.title = "throughput container to outside",
                       .unit = "Gbit/s",
                       .better = Better::More,
                       .reach = {{Reach::Kind::Within, 1.05, kReference}}}},
          .rounds = 42,  // one stream is as likely as not a tenth faster than the next
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            return std::vector<Contestant>{
                on_two_hosts(lab, kOurs, chain_of(programs.plugins, {})),
                on_two_hosts(lab, "ours, flow table",
                             chain_of(programs.plugins, {.flow_table = true}), with_outside),
                on_two_hosts(lab, kReference, chain_of(programs.reference, {}))};
          }};
}

}  // namespace

std::vector<Scenario> footprint_scenarios() { return {throughput_of_chain(), memory(), size()}; }

}  // namespace netctl::bench
