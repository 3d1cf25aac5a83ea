// The tuning plugin at the end of a chain, alone and beside the reference plugin.
#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kReference = "/usr/lib/cni/tuning";
constexpr const char* kBackup = "/run/cni/tuning/c1_eth0.json";

// Each attribute, and two parameters of which one is the interface's.
constexpr const char* kAll = R"("sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1",
    "net.ipv4.ip_local_port_range": "2000 3000"}, "mac": "02:00:00:00:00:0A", "mtu": 1300,
    "promisc": true, "allmulti": true, "txQLen": 77)";

class Tuning : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    make_container("web", "26:d7:8b:ac:ae:23");
    before_ = state();
  }

  void make_container(const std::string& name, const std::string& mac) {
    sure("ip netns add " + name);
    sure(format("ip link add {}-peer type veth peer name eth0 address {} netns {}", name, mac,
                name));
    sure(format("ip -n {} link set eth0 up mtu 1400", name));
  }

  static std::map<std::string, std::string> call_of(const std::string& command) {
    return {{"CNI_COMMAND", command},
            {"CNI_CONTAINERID", "c1"},
            {"CNI_NETNS", "/run/netns/web"},
            {"CNI_IFNAME", "eth0"}};
  }

  static std::string config_of(const std::string& keys) {
    return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "tuning", {}{}
        "prevResult": {{"interfaces": [{{"name": "veth0", "mac": "02:00:00:00:00:01"}},
          {{"name": "eth0", "mac": "26:d7:8b:ac:ae:23", "sandbox": "/run/netns/web"}}]}}}})",
                  keys, keys.empty() ? "" : ",");
  }

  sys::Finished tuning(const std::string& command, const std::string& keys) {
    return plugin("tuning", call_of(command), config_of(keys));
  }

  // All that the plugin can change, in one text.
  std::string state(const std::string& ns = "web") {
    return run_in(ns, "ip -d -o link show eth0").out +
           run_in(ns, "sysctl net.ipv4.conf.eth0.arp_filter net.ipv4.ip_local_port_range").out +
           backup();
  }

  std::string backup() { return run(std::string("cat ") + kBackup).out; }

  void expect_refused(const sys::Finished& finished, const std::string& words) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr("\"msg\""), HasSubstr(words)));
  }

  std::string before_;
};

TEST_F(Tuning, SetsEachAttributeAndParameter) {
  const auto added = tuning("ADD", kAll);
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_THAT(added.out, AllOf(HasSubstr("02:00:00:00:00:0a"), HasSubstr("02:00:00:00:00:01"),
                               Not(HasSubstr("26:d7"))));
  EXPECT_THAT(state(), AllOf(HasSubstr("02:00:00:00:00:0a"), HasSubstr("mtu 1300"),
                             HasSubstr("PROMISC"), HasSubstr("ALLMULTI"), HasSubstr("qlen 77"),
                             HasSubstr("arp_filter = 1"), HasSubstr("= 2000\t3000")));
  EXPECT_EQ(tuning("CHECK", kAll).exit_status, 0);
}

TEST_F(Tuning, DelPutsTheInterfaceBackAndTakesTheBackupAway) {
  ASSERT_EQ(tuning("ADD", R"("mac": "02:00:00:00:00:0a", "mtu": 1300, "promisc": true,
                             "allmulti": true, "txQLen": 77)")
                .exit_status,
            0);
  EXPECT_NE(state(), before_);
  EXPECT_EQ(run(format("stat -c %a {}", kBackup)).out, "600\n");

  EXPECT_EQ(tuning("DEL", "").exit_status, 0) << "it needs no keys";
  EXPECT_EQ(state(), before_);
  EXPECT_EQ(tuning("DEL", "").exit_status, 0);
}

TEST_F(Tuning, ASecondAddDoesNotTakeWhatTheFirstSetForTheOriginal) {
  ASSERT_EQ(tuning("ADD", R"("mtu": 1300)").exit_status, 0);
  ASSERT_EQ(tuning("ADD", R"("mtu": 1200, "txQLen": 77)").exit_status, 0);
  EXPECT_EQ(backup(), "{\n \"mtu\": 1400,\n \"txQLen\": 1000\n}");
  ASSERT_EQ(tuning("DEL", "").exit_status, 0);
  EXPECT_EQ(state(), before_);
}

TEST_F(Tuning, TheBackupGoesAlsoWhenTheNamespaceOrTheInterfaceIsGone) {
  for (const char* accident : {"ip -n web link del eth0", "ip netns del web"}) {
    SCOPED_TRACE(accident);
    if (run("ip -n web link show eth0").exit_status != 0) {
      sure("ip netns del web");
      make_container("web", "26:d7:8b:ac:ae:23");
    }
    ASSERT_EQ(tuning("ADD", R"("mtu": 1300)").exit_status, 0);
    sure(accident);
    EXPECT_EQ(tuning("DEL", R"("mtu": 1300)").exit_status, 0);
    EXPECT_EQ(backup(), "");
  }
}

TEST_F(Tuning, ADamagedBackupDoesNotStopADel) {
  ASSERT_EQ(tuning("ADD", R"("mtu": 1300)").exit_status, 0);
  std::ofstream(kBackup) << "{\"mtu\": 14";
  EXPECT_EQ(tuning("DEL", "").exit_status, 0);
  EXPECT_EQ(backup(), "");
}

TEST_F(Tuning, ADelThatCannotRestoreLeavesTheBackupToTheNext) {
  ASSERT_EQ(tuning("ADD", R"("mtu": 1300)").exit_status, 0);
  const std::string original = backup();
  std::ofstream(kBackup) << "{\"mtu\": 67}";  // which a veth cannot have
  EXPECT_EQ(tuning("DEL", "").exit_status, 0)
      << "plugins that remove the interface are still to come";
  EXPECT_NE(backup(), "");
  std::ofstream(kBackup) << original;
  EXPECT_EQ(tuning("DEL", "").exit_status, 0);
  EXPECT_EQ(state(), before_);
}

TEST_F(Tuning, AFailureOfALaterStepUndoesTheOnesBefore) {
  // The kernel has no such parameter; it comes last, in the order of names.
  expect_refused(tuning("ADD", R"("sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1",
                                  "net.ipv4.zzz": "1"}, "mtu": 1300)"),
                 "net/ipv4/zzz");
  EXPECT_EQ(state(), before_);
  // An MTU that a veth cannot have, after a transmit queue that it can.
  expect_refused(tuning("ADD", R"("sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"},
                                  "mac": "02:00:00:00:00:0a", "txQLen": 77, "mtu": 67)"),
                 "mtu 67");
  EXPECT_EQ(state(), before_);
}

TEST_F(Tuning, AnInterfaceThatIsNotThereIsAnErrorOnlyWhereItIsTuned) {
  sure("ip -n web link del eth0");
  expect_refused(tuning("ADD", R"("mtu": 1300)"), "there is no link eth0");
  EXPECT_EQ(backup(), "");
  EXPECT_EQ(tuning("ADD", R"("sysctl": {"net.core.somaxconn": "100"})").exit_status, 0);
}

TEST_F(Tuning, WithoutAPrevResultNothingIsDone) {
  const auto refused =
      plugin("tuning", call_of("ADD"),
             R"({"cniVersion": "1.0.0", "name": "net", "type": "tuning", "mtu": 1300})");
  expect_refused(refused, "required prevResult missing");
  EXPECT_EQ(state(), before_);
}

TEST_F(Tuning, OnlyWhatTheAdministratorAllowsIsSet) {
  // A file of this test alone in /etc.
  sure("mkdir -p /run/etc/cni/tuning /run/work");
  std::ofstream("/run/etc/cni/tuning/allowlist.conf") << "^net\\.core\\.\n\n";
  sure("mount -t overlay overlay -o lowerdir=/run/etc:/etc /etc");
  expect_refused(tuning("ADD", kAll),
                 "Sysctl net.ipv4.conf.IFNAME.arp_filter is not allowed. Only the following "
                 "sysctls are allowed: [^net\\\\.core\\\\.]");
  EXPECT_EQ(state(), before_);
  EXPECT_EQ(tuning("ADD", R"("sysctl": {"net.core.somaxconn": "100"})").exit_status, 0);
  sure("umount /etc");  // of the tests after this one, too, where they run in one process
}

TEST_F(Tuning, CheckTellsAllThatIsDifferent) {
  ASSERT_EQ(tuning("ADD", kAll).exit_status, 0);
  sure("ip -n web link set eth0 address 02:00:00:00:00:0b mtu 1250 txqueuelen 5 promisc off");
  run_in("web", "sysctl -qw net.ipv4.conf.eth0.arp_filter=0");
  const auto checked = tuning("CHECK", kAll);
  expect_refused(checked, "5 differences");
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr("02:00:00:00:00:0b"), HasSubstr("1250"), HasSubstr("txQLen"),
                    HasSubstr("promisc"), HasSubstr("arp_filter")));
  EXPECT_EQ(tuning("CHECK", R"("allmulti": true)").exit_status, 0) << "nobody asked for the others";
}

TEST_F(Tuning, StatusAndGcSucceed) {
  EXPECT_EQ(tuning("STATUS", kAll).exit_status, 0);
  EXPECT_EQ(tuning("GC", kAll).exit_status, 0);
}

// --- side by side with the reference plugin ---------------------------------------------------

class TuningInterop : public Tuning {
 protected:
  void SetUp() override {
    Tuning::SetUp();
    if (!IsSkipped() && ::access(kReference, X_OK) != 0) GTEST_SKIP() << "needs " << kReference;
  }

  sys::Finished reference(const std::string& command, const std::string& keys) {
    std::string config = config_of(keys);
    // The packaged one does not know 1.1.0.
    return plugin_at(kReference, call_of(command),
                     std::regex_replace(config, std::regex("1\\.1\\.0"), "1.0.0"));
  }
};

TEST_F(TuningInterop, BothMakeTheSameState) {
  // Without txQLen, which not every release of the reference has.
  const std::string keys = std::regex_replace(kAll, std::regex(", \"txQLen\": 77"), "");
  ASSERT_EQ(reference("ADD", keys).exit_status, 0);
  const std::string theirs = state();
  ASSERT_EQ(reference("DEL", keys).exit_status, 0);
  run_in("web", "sysctl -qw net.ipv4.conf.eth0.arp_filter=0");

  ASSERT_EQ(tuning("ADD", keys).exit_status, 0);
  EXPECT_EQ(state(), theirs);
}

TEST_F(TuningInterop, EachPutsBackWhatTheOtherChanged) {
  const std::string keys = R"("mac": "02:00:00:00:00:0a", "mtu": 1300, "allmulti": true)";
  ASSERT_EQ(reference("ADD", keys).exit_status, 0);
  ASSERT_EQ(tuning("CHECK", keys).exit_status, 0);
  ASSERT_EQ(tuning("DEL", keys).exit_status, 0);
  EXPECT_EQ(state(), before_);

  ASSERT_EQ(tuning("ADD", keys).exit_status, 0);
  ASSERT_EQ(reference("CHECK", keys).exit_status, 0);
  ASSERT_EQ(reference("DEL", keys).exit_status, 0);
  EXPECT_EQ(state(), before_);
}

}  // namespace
}  // namespace netctl::test
