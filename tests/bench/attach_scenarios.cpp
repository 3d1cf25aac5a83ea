#include "tests/bench/copies.hpp"
#include "tests/bench/makers.hpp"
#include "tests/bench/runner.hpp"
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

constexpr int kCopies = 4;

// One that takes part with each copy of our programs in turn, each on a host of its own.
Contestant on_copies(Lab& lab, const Result<std::shared_ptr<Copies>>& copies,
                     const std::string& name,
                     const std::function<MakeAttacher(const Programs&)>& make,
                     const std::function<Result<Samples>(Seat&)>& round) {
  if (!copies) return absent(name, copies.error());
  std::vector<Contestant> hosts;
  for (const Programs& programs : (*copies)->all()) {
    const std::string host = hosts.empty() ? name : format("{}, copy {}", name, hosts.size());
    const auto with_copies = [kept = *copies, round](Seat& seat) { return round(seat); };
    hosts.push_back(seated(lab, host, make(programs), with_copies));
  }
  return on_several_hosts(std::move(hosts));
}

MakeAttacher our_chain(const Programs& programs) { return chain_of(programs.plugins, {}); }
MakeAttacher earlier_chain(const Programs& programs) { return chain_of(programs.before, {}); }
MakeAttacher same_by_floor(const Programs& programs) { return floor_of(programs, {}); }

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
          .rounds = 11 * kCopies,
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            const auto copies = Copies::make(programs, kCopies);
            const auto round = first_figures(3);
            std::vector<Contestant> all{
                on_copies(lab, copies, kOurs, our_chain, round),
                seated(lab, kReference, chain_of(programs.reference, {}), round),
                seated(lab, kNetavark, netavark_of(programs), round),
                on_copies(lab, copies, kFloor, same_by_floor, round)};
            if (!programs.before.empty()) {
              all.push_back(on_copies(lab, copies, "before", earlier_chain, round));
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
      .rounds = 15 * kCopies,
      .prepare = [](Lab& lab) {
        const auto copies = Copies::make(lab.programs(), kCopies);
        const auto round = first_figures(2);
        return std::vector<Contestant>{on_copies(lab, copies, kOurs, netctl_of, round),
                                       on_copies(lab, copies, kFloor, same_by_floor, round)};
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
