// What must not grow with how many there are.
#include <algorithm>
#include <barrier>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/bench/makers.hpp"
#include "tests/bench/scenarios.hpp"
#include "tests/bench/traffic.hpp"

namespace netctl::bench {
namespace {

using Round = std::function<Result<Samples>(Seat&)>;

Result<Samples> add_and_del(Seat& seat) {
  Samples samples = TRY(seat.add_and_del());
  samples.resize(2);
  return samples;
}

// ---- Many at once

// Does `work(i)` for each i below `count`, all at once. The first error of any.
Status at_once(int count, const std::function<Status(int)>& work) {
  std::vector<Status> outcomes(static_cast<std::size_t>(count));
  {
    std::barrier start(count);
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        outcomes[static_cast<std::size_t>(i)] = work(i);
      });
    }
  }
  for (Status& outcome : outcomes) TRY(std::move(outcome));
  return ok();
}

// Attachments per second; the namespaces are made in the first round.
Round parallel_adds(int count) {
  auto attachments = std::make_shared<std::vector<Attachment>>();
  return [count, attachments](Seat& seat) -> Result<Samples> {
    for (int i = static_cast<int>(attachments->size()); i < count; ++i) {
      attachments->push_back({.id = format("parallel-{}", i),
                              .netns = TRY(seat.host().add_container()),
                              .number = 100 + i,
                              .host_port = 9000 + i});
    }
    std::vector<std::string> results(static_cast<std::size_t>(count));
    const Stopwatch adding;
    const Status added = at_once(count, [&](int i) -> Status {
      const auto index = static_cast<std::size_t>(i);
      results[index] = TRY(seat.attacher().add((*attachments)[index]));
      return ok();
    });
    const double elapsed = adding.elapsed();
    TRY(added);
    TRY(at_once(count, [&](int i) {
      const auto index = static_cast<std::size_t>(i);
      return seat.attacher().del((*attachments)[index], results[index]);
    }));
    return Samples{count / elapsed * 1e3};
  };
}

Scenario parallel(int count, int rounds) {
  std::vector<Reach> reach;
  if (count == 64) reach.push_back({Reach::Kind::FasterBy, 8, kReference});
  return {.name = format("parallel-{}", count),
          .figures = {{.title = count == 1 ? std::string("ADDs alone")
                                           : format("{} ADDs at once", count),
                       .unit = "ADD/s",
                       .better = Better::More,
                       .reach = reach}},
          .rounds = rounds,
          .prepare = [count](Lab& lab) {
            const Programs& programs = lab.programs();
            return std::vector<Contestant>{
                seated(lab, kOurs, chain_of(programs.plugins, {}), parallel_adds(count)),
                seated(lab, kReference, chain_of(programs.reference, {}), parallel_adds(count)),
                seated(lab, kFloor, floor_of(programs, {}), parallel_adds(count))};
          }};
}

// ---- Many one after the other

constexpr int kOthers = 999;

// Each in a namespace of its own: what is sent to all reaches each of them as it would a container.
Status attach_others(Seat& seat) {
  for (int i = 1; i < kOthers; ++i) {  // the resident is the first
    TRY(seat.attacher().add({.id = format("other-{}", i),
                             .netns = TRY(seat.host().add_container()),
                             .number = 100 + i,
                             .host_port = 10000 + i}));
  }
  return ok();
}

Scenario thousandth() {
  return {.name = "thousandth",
          .figures = {{.title = "the 1,000th attachment: ADD",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, 2nd"}}},
                      {.title = "the 1,000th attachment: DEL",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, 2nd"}}}},
          .rounds = 21,
          .prepare = [](Lab& lab) {
            const MakeAttacher chain = chain_of(lab.programs().plugins, {});
            const MakeAttacher floor = floor_of(lab.programs(), {});
            return std::vector<Contestant>{
                seated(lab, kOurs, chain, add_and_del, attach_others),
                seated(lab, "ours, 2nd", chain, add_and_del),
                seated(lab, kFloor, floor, add_and_del, attach_others),
                seated(lab, "floor, 2nd", floor, add_and_del),
                absent(kReference, fail(Errc::NotSupported,
                                        "left out: 999 attachments take it several minutes"))};
          }};
}

// ---- Many ports

// Every other number, so that no two of them are a range.
int filler_port(int index) { return 10000 + 2 * index; }

// Through the plugin itself, a thousand with each call.
std::function<Status(Seat&)> publish_more(const std::string& directory, int count) {
  return [=](Seat& seat) -> Status {
    constexpr int kTogether = 1000;
    for (int first = 0; first < count; first += kTogether) {
      std::string mappings;
      for (int i = first; i < std::min(first + kTogether, count); ++i) {
        mappings += format(R"({}{{"hostPort":{},"containerPort":80,"protocol":"tcp"}})",
                           i == first ? "" : ",", filler_port(i));
      }
      const std::string config =
          format(R"({{"cniVersion":"1.0.0","name":"bench","type":"portmap","runtimeConfig":)"
                 R"({{"portMappings":[{}]}},"prevResult":{{"cniVersion":"1.0.0","interfaces":)"
                 R"([{{"name":"eth0","sandbox":"/x"}}],"ips":[{{"interface":0,)"
                 R"("address":"10.64.100.{}/16","gateway":"10.64.0.1"}}]}}}})",
                 mappings, 1 + first / kTogether);
      TRY(seat.host().sure({directory + "/portmap"}, config,
                           {"CNI_COMMAND=ADD", format("CNI_CONTAINERID=filler-{}", first),
                            "CNI_NETNS=/x", "CNI_IFNAME=eth0", "CNI_PATH=" + directory,
                            "NETCTL_RUN_DIR=" + seat.host().directory()}));
    }
    return ok();
  };
}

// The rules that a peer would have added for so many more containers with a port each, in its own
// shape: through its own calls that takes minutes.
std::function<Status(Seat&)> restore_rules(const std::string& prefix, const std::string& masq,
                                           int count) {
  return [=](Seat& seat) -> Status {
    std::string rules = "*nat\n";
    for (int i = 0; i < count; ++i) {
      rules += format(":{}-DN-FILLER{} - [0:0]\n", prefix, i);
    }
    for (int i = 0; i < count; ++i) {
      const int port = filler_port(i);
      const std::string chain = format("{}-DN-FILLER{}", prefix, i);
      const std::string match = format("-p tcp -m tcp --dport {}", port);
      rules += format("-A {}-HOSTPORT-DNAT {} -m comment --comment \"dnat id: filler-{}\" -j {}\n",
                      prefix, match, i, chain);
      rules += format("-A {} -s 10.64.0.0/16 {} -j {}\n", chain, match, masq);
      rules += format("-A {} -s 127.0.0.1/32 {} -j {}\n", chain, match, masq);
      rules += format("-A {} {} -j DNAT --to-destination 10.64.{}.{}:80\n", chain, match,
                      100 + i / 250, 1 + i % 250);
    }
    TRY(seat.host().shell("iptables-restore --noflush", rules + "COMMIT\n"));
    return ok();
  };
}

std::function<Status(Seat&)> fill_reference(int count) {
  return restore_rules("CNI", "CNI-HOSTPORT-SETMARK", count);
}

std::vector<Contestant> with_many_ports(Lab& lab, const Round& round, bool is_add) {
  const Programs& programs = lab.programs();
  const MakeAttacher ours = chain_of(programs.plugins, {});
  const MakeAttacher reference = chain_of(programs.reference, {});
  std::vector<Contestant> all{
      seated(lab, kOurs, ours, round, publish_more(programs.plugins, 20000)),
      seated(lab, "ours, 1,000 ports", ours, round, publish_more(programs.plugins, 1000)),
      seated(lab, "ours, 1 port", ours, round), seated(lab, "reference, 1 port", reference, round),
      seated(lab, "reference, 1,000 ports", reference, round, fill_reference(1000))};
  if (is_add) {
    const MakeAttacher peer = netavark_of(programs);
    all.push_back(seated(lab, "netavark, 1 port", peer, round));
    all.push_back(seated(lab, "netavark, 1,000 ports", peer, round,
                         restore_rules("NETAVARK", "NETAVARK-HOSTPORT-SETMARK", 1000)));
  }
  return all;
}

Scenario ports() {
  return {.name = "ports",
          .figures = {{.title = "ADD with 20,000 published ports present",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, 1 port"}}},
                      {.title = "DEL with 20,000 published ports present",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, 1 port"}}}},
          .rounds = 21,
          .prepare = [](Lab& lab) { return with_many_ports(lab, add_and_del, true); }};
}

Scenario connections() {
  return {.name = "connections",
          .figures = {{.title = "new connections through a port, 20,000 ports published",
                       .unit = "per second",
                       .better = Better::More,
                       .reach = {{Reach::Kind::Within, 1.05, "ours, 1 port"}}}},
          .rounds = 21,
          .prepare = [](Lab& lab) { return with_many_ports(lab, connections_per_second, false); }};
}

// ---- Many addresses

// One call of host-local, in a host of its own.
Contestant host_local(Lab& lab, const std::string& name, const std::string& directory, int used) {
  const auto prepared = [&]() -> Result<std::shared_ptr<Host>> {
    auto host = TRY(lab.make_host(format("host-local-{}", name.size() * 100000 + used)));
    const std::string store = host->directory() + "/addresses/bench";
    std::filesystem::create_directories(store);
    for (int i = 2; i < used + 2; ++i) {
      std::ofstream(format("{}/10.64.{}.{}", store, i >> 8, i & 255))
          << "filler-" << i << "\r\neth0";
    }
    return host;
  };
  auto host = prepared();
  if (!host) return absent(name, host.error());
  const auto call = [host = *host, directory](const std::string& command) -> Result<double> {
    const std::string config =
        format(R"({{"cniVersion":"1.0.0","name":"bench","ipam":{{"type":"host-local",)"
               R"("subnet":"10.64.0.0/16","dataDir":"{}/addresses"}}}})",
               host->directory());
    const Stopwatch calling;
    TRY(host->sure(
        {directory + "/host-local"}, config,
        {"CNI_COMMAND=" + command, "CNI_CONTAINERID=guest", "CNI_NETNS=/x", "CNI_IFNAME=eth0",
         "CNI_PATH=" + directory, "NETCTL_RUN_DIR=" + host->directory()}));
    return calling.elapsed();
  };
  const auto round = [call]() -> Result<Samples> {
    const double add = TRY(call("ADD"));
    const double del = TRY(call("DEL"));
    return Samples{add, del};
  };
  // The first call after others have written there makes ours an index.
  if (const auto first = round(); !first) return absent(name, first.error());
  // Each round twice, and the first one not counted: it finds the processor's caches as the
  // contestant before has left them, who is another one for the full store than for the empty one.
  return {.name = name, .measure = [round]() -> Result<Samples> {
            TRY(round());
            return round();
          }};
}

Scenario addresses() {
  return {.name = "addresses",
          .figures = {{.title = "host-local ADD with 60,000 addresses in use",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, none"}}},
                      {.title = "host-local DEL with 60,000 addresses in use",
                       .unit = "ms",
                       .reach = {{Reach::Kind::AtMost, 1.2, "ours, none"}}}},
          .rounds = 11,
          .prepare = [](Lab& lab) {
            const Programs& programs = lab.programs();
            return std::vector<Contestant>{
                host_local(lab, kOurs, programs.plugins, 60000),
                host_local(lab, "ours, none", programs.plugins, 0),
                host_local(lab, kReference, programs.reference, 60000),
                host_local(lab, "reference, none", programs.reference, 0)};
          }};
}

}  // namespace

std::vector<Scenario> scale_scenarios() {
  return {parallel(1, 11), parallel(16, 5), parallel(64, 3), parallel(256, 2),
          thousandth(),    ports(),         addresses(),     connections()};
}

}  // namespace netctl::bench
