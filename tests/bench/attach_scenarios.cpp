#include "tests/bench/makers.hpp"
#include "tests/bench/scenarios.hpp"

namespace netctl::bench {
namespace {

constexpr char kOursV4[] = "ours, IPv4 only";

// The first figures of what add_and_del() gives.
std::function<Result<Samples>(Seat&)> first_figures(std::size_t count) {
  return [count](Seat& seat) -> Result<Samples> {
    Samples samples = TRY(seat.add_and_del());
    samples.resize(count);
    return samples;
  };
}

Scenario chain() {
  return {.name = "chain",
          .figures = {{.title = "chain ADD",
                       .unit = "ms",
                       .reach = {{Reach::Kind::FasterBy, 20, kReference},
                                 {Reach::Kind::AtMost, 3, kFloor}}},
                      {.title = "chain DEL",
                       .unit = "ms",
                       .reach = {{Reach::Kind::FasterBy, 6, kReference},
                                 {Reach::Kind::AtMost, 1.3, kFloor}}},
                      {.title = "processor time of a chain ADD",
                       .unit = "ms",
                       .reach = {{Reach::Kind::FasterBy, 20, kReference}}}},
          .rounds = 41,
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            const auto round = first_figures(3);
            std::vector<Contestant> all{
                seated(lab, kOurs, chain_of(programs.plugins, {}), round),
                seated(lab, kReference, chain_of(programs.reference, {}), round),
                seated(lab, kNetavark, netavark_of(programs), round),
                seated(lab, kFloor, floor_of(programs, {}), round)};
            if (!programs.before.empty()) {
              all.push_back(seated(lab, "before", chain_of(programs.before, {}), round));
            }
            return all;
          }};
}

Scenario command() {
  return {
      .name = "netctl",
      .figures =
          {{.title = "netctl add", .unit = "ms", .reach = {{Reach::Kind::AtMost, 2, kFloor}}},
           {.title = "netctl del", .unit = "ms", .reach = {{Reach::Kind::AtMost, 1.3, kFloor}}}},
      .rounds = 41,
      .prepare = [](Lab& lab) {
        const Programs& programs = lab.programs();
        return std::vector<Contestant>{
            seated(lab, kOurs, netctl_of(programs), first_figures(2)),
            seated(lab, kFloor, floor_of(programs, {}), first_figures(2))};
      }};
}

Scenario dual_stack() {
  return {.name = "dual-stack",
          .figures = {{.title = "dual stack ADD",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.3, kOursV4}}},
                      {.title = "dual stack DEL", .unit = "ms"}},
          .rounds = 21,
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            const Network both{.dual_stack = true};
            const Network ptp{.dual_stack = true, .with_ports = false, .type = "ptp"};
            const auto round = first_figures(2);
            return std::vector<Contestant>{
                seated(lab, kOurs, chain_of(programs.plugins, both), round),
                seated(lab, kOursV4, chain_of(programs.plugins, {}), round),
                seated(lab, kReference, chain_of(programs.reference, both), round),
                seated(lab, "ours, ptp", chain_of(programs.plugins, ptp), round),
                seated(lab, "reference, ptp", chain_of(programs.reference, ptp), round),
                seated(lab, kFloor, floor_of(programs, both), round)};
          }};
}

}  // namespace

std::vector<Scenario> attach_scenarios() { return {chain(), command(), dual_stack()}; }

}  // namespace netctl::bench
