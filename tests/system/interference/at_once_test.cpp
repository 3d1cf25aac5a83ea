// Many calls at the same moment. The plugins run in children of the test: what starting a program
// with the sanitizers costs would be most of the time otherwise.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "plugins/bridge/plugin.hpp"
#include "plugins/built_ins.hpp"
#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "runtime-core/ns/netns.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traced_process.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPlain = R"("bridge": "cni7", "isDefaultGateway": true,
    "ipam": {"type": "host-local", "subnet": "10.7.0.0/22", "dataDir": "/run/data"})";
constexpr const char* kMasqueraded = R"("bridge": "cni8", "isGateway": true, "ipMasq": true,
    "ipam": {"type": "host-local", "subnet": "10.8.0.0/22", "dataDir": "/run/data"})";
constexpr const char* kGuarded = R"("bridge": "cni9", "macspoofchk": true, "isolate": true,
    "ipam": {"type": "host-local", "dataDir": "/run/data",
             "ranges": [[{"subnet": "10.9.0.0/22"}], [{"subnet": "fd09::/64"}]]})";

struct Call {
  std::string command{};
  int number = 0;  // of the container and its namespace
  std::string network{};
  std::string members{};
};

class AtOnce : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (!IsSkipped()) before_ = host_state();
  }

  // Namespaces n0, n1, ….
  void make_namespaces(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(ns::create_pinned(format("n{}", i)));
  }
  void remove_namespaces(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(ns::remove_pinned(format("n{}", i)));
  }

  static std::string answer_of(std::size_t number) {
    std::ostringstream text;
    text << std::ifstream(format("/run/answer.{}", number)).rdbuf();
    return text.str();
  }

  static cni::Outcome call(const Call& what) {
    const std::string config =
        format(R"({{"cniVersion": "1.1.0", "name": "{}", "type": "bridge", {}}})", what.network,
               what.members);
    cni::Environment environment{{"CNI_COMMAND", what.command},
                                 {"CNI_CONTAINERID", format("c{}", what.number)},
                                 {"CNI_NETNS", format("/run/netns/n{}", what.number)},
                                 {"CNI_IFNAME", "eth0"},
                                 {"CNI_PATH", plugins()}};
    if (what.command == "GC") environment = {{"CNI_COMMAND", "GC"}, {"CNI_PATH", plugins()}};
    bridge::Bridge plugin;
    return cni::run_on(plugin, environment, config, plugins::built_ins());
  }

  // All of them, each in a process; their exit statuses.
  static std::vector<int> at_once(const std::vector<Call>& calls) {
    std::vector<pid_t> processes;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const pid_t process = ::fork();
      if (process == 0) {
        const cni::Outcome outcome = call(calls[i]);
        std::ofstream(format("/run/answer.{}", i)) << outcome.out;
        ::_exit(outcome.exit_status);
      }
      processes.push_back(process);
    }
    std::vector<int> statuses;
    for (const pid_t process : processes) {
      int state = -1;
      ::waitpid(process, &state, 0);
      statuses.push_back(WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state));
    }
    return statuses;
  }
  static void sure_at_once(const std::vector<Call>& calls) {
    const auto statuses = at_once(calls);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(statuses[i], 0) << calls[i].command << calls[i].number << answer_of(i);
    }
  }

  // No link, rule or reservation of anybody.
  void expect_nothing_left() {
    EXPECT_EQ(host_state(), before_);
    EXPECT_THAT(run("find /run/data /run/netctl/firewall -type f ! -name lock "
                    "! -name last_reserved_ip.*")
                    .out,
                IsEmpty());
  }

  static const std::string& plugins() {
    static const std::string directory = NETCTL_PLUGINS;
    return directory;
  }

  std::string before_;
};

TEST_F(AtOnce, Of256EachIsAttachedAndNothingIsLeft) {
  constexpr int kCount = 256;
  make_namespaces(kCount);
  std::vector<Call> adds;
  std::vector<Call> dels;
  for (int i = 0; i < kCount; ++i) {
    adds.push_back({"ADD", i, "masq", kMasqueraded});
    dels.push_back({"DEL", i, "masq", kMasqueraded});
  }

  sure_at_once(adds);
  const std::string reserved = run("ls /run/data/masq").out;
  EXPECT_EQ(std::ranges::count(reserved, '\n'), kCount + 2);  // the lock and the last address
  sure_at_once(dels);

  remove_namespaces(kCount);
  expect_nothing_left();
}

TEST_F(AtOnce, NetworksOfEveryKindComeAndGo) {
  constexpr int kCount = 48;
  const std::pair<const char*, const char*> networks[] = {
      {"plain", kPlain}, {"masq", kMasqueraded}, {"guarded", kGuarded}};
  make_namespaces(kCount);
  const auto all = [&](const std::string& command) {
    std::vector<Call> calls;
    for (int i = 0; i < kCount; ++i) {
      const auto& [network, members] = networks[i % 3];
      calls.push_back({command, i, network, members});
    }
    return calls;
  };

  for (int round = 0; round < 2; ++round) {
    sure_at_once(all("ADD"));
    sure_at_once(all("DEL"));
  }

  remove_namespaces(kCount);
  expect_nothing_left();
}

TEST_F(AtOnce, TheSameContainerTwiceIsThereOnce) {
  make_namespaces(1);
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(round);
    const auto statuses = at_once(std::vector<Call>(4, {"ADD", 0, "masq", kMasqueraded}));
    EXPECT_EQ(std::ranges::count(statuses, 0), 1);
    EXPECT_THAT(run_in("n0", "ip -o -4 addr show eth0").out, HasSubstr("10.8."));
    sure_at_once(std::vector<Call>(4, {"DEL", 0, "masq", kMasqueraded}));
  }
  remove_namespaces(1);
  expect_nothing_left();
}

// Whoever wins each race: each call ends, and the DEL that comes last leaves nothing.
TEST_F(AtOnce, DelGcAndReloadRaceAdds) {
  constexpr int kCount = 24;
  make_namespaces(kCount);
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    std::vector<Call> calls;
    std::vector<Call> last;
    for (int i = 0; i < kCount; ++i) {
      calls.push_back({"ADD", i, "masq", kMasqueraded});
      if (i % 2 == 0) calls.push_back({"DEL", i, "masq", kMasqueraded});
      if (i % 8 == 0) calls.push_back({"GC", 0, "masq", kMasqueraded});
      last.push_back({"DEL", i, "masq", kMasqueraded});
    }
    const pid_t reload = ::fork();
    if (reload == 0) ::_exit(run("netctl reload").exit_status);
    for (const int status : at_once(calls)) EXPECT_LE(status, 1) << "it ended by itself";
    int state = -1;
    ::waitpid(reload, &state, 0);
    EXPECT_EQ(state, 0) << "reload";
    sure_at_once(last);
  }
  remove_namespaces(kCount);
  expect_nothing_left();
}

// The record is written first, so who comes between it and the element takes it away and sees no
// element. Afterwards both are there, and the next DEL takes both.
TEST_F(AtOnce, AnElementWhoseRecordWasTakenBeforeItCameIsOnRecordAgain) {
  using attach::TableEditor;
  const auto element_of = [](const std::string& tag, std::uint8_t host) {
    const std::string chain = attach::masquerade_chain(*parse_ip_prefix("10.8.0.0/22"));
    return nft::Element{.set = attach::masquerade_map(Family::V4).name,
                        .key = {IpAddress::v4(10, 8, 0, host)},
                        .data = {nft::Verdict{.kind = nft::Verdict::Kind::Goto, .chain = chain}},
                        .comment = tag};
  };
  const auto remove = [](const std::string& tag) {
    TableEditor editor = TableEditor::open(attach::firewall_table()).value();
    return editor.remove(attach::Purpose::Masquerade, tag);
  };
  // Somebody else stays: without any record DEL goes by what is in the kernel.
  const nft::Element other = element_of("masq/c0/eth0", 2);
  const nft::Element ours = element_of("masq/c1/eth0", 3);
  TableEditor editor = TableEditor::open(attach::firewall_table()).value();
  ASSERT_TRUE(editor.add({.elements = {other}}));

  bool taken = false;
  const Status added = editor.add({.elements = {ours}, .vet = [&]() -> Status {
                                     if (!std::exchange(taken, true)) TRY(remove(ours.comment));
                                     return ok();
                                   }});

  ASSERT_TRUE(added) << added.error().message;
  ASSERT_TRUE(taken);
  for (const nft::Element& each : {ours, other}) {
    const auto removed = remove(each.comment);
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(*removed, std::vector<nft::Element>{each});
  }
  expect_nothing_left();
}

TEST_F(AtOnce, ALockOfAKilledCallHoldsNobodyUp) {
  make_namespaces(2);
  // Anywhere in the middle, where it holds the host's and the store's.
  for (const unsigned number : {60U, 120U, 180U, 240U}) {
    SCOPED_TRACE(number);
    run_and_kill_at(number, [&] { call({"ADD", 0, "masq", kMasqueraded}); });
    sure_at_once({{"ADD", 1, "masq", kMasqueraded}});
    sure_at_once({{"DEL", 0, "masq", kMasqueraded}, {"DEL", 1, "masq", kMasqueraded}});
  }
  remove_namespaces(2);
  expect_nothing_left();
}

}  // namespace
}  // namespace netctl::test
