// netctl as a CNI runtime: what add takes, what it remembers, what gc and status do.
#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A plugin that writes down what it is given, and passes prevResult on. Shell, so it is executed.
constexpr const char* kTee = R"(#!/bin/sh
env | grep ^CNI_ | sort >/run/tee.$CNI_COMMAND.env
cat >/run/tee.$CNI_COMMAND.stdin
[ $CNI_COMMAND != ADD ] || echo '{"cniVersion": "1.0.0"}'
)";

class RuntimeOf : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }

  void install_tee() {
    std::filesystem::create_directories("/run/bin");
    write_network("../bin/tee", kTee);
    sure("chmod 755 /run/bin/tee");
    environment["CNI_PATH"] = "/run/bin:" + plugin_directory();
    write_network("10-tee.conflist", R"({"cniVersion": "1.0.0", "name": "tee", "plugins": [
        {"type": "tee", "capabilities": {"portMappings": true, "ips": true, "mac": true, "bandwidth": true}}]})");
  }
  std::string seen(const std::string& what) { return run("cat /run/tee." + what).out; }
};

TEST_F(RuntimeOf, AddAsksForAddressAndMac) {
  sure("netctl add bridge web --ip 172.17.3.4 --mac 02:00:00:00:00:07");

  EXPECT_EQ(address_in("web", "eth0"), "172.17.3.4");
  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("02:00:00:00:00:07"));
}

TEST_F(RuntimeOf, EnvironmentAndFlagsSayTheSameThingsAndFlagsWin) {
  install_tee();
  environment["CAP_ARGS"] = R"({"mac":"02:00:00:00:00:01","bandwidth":{"ingressRate":1}})";
  environment["CNI_ARGS"] = "IgnoreUnknown=1";
  environment["CNI_IFNAME"] = "net7";
  sure(
      R"(netctl add tee web --arg FOO=bar --mac 02:00:00:00:00:02 --ip 10.0.0.5 -p 80 --cap {"bandwidth":{"ingressRate":2}})");

  EXPECT_THAT(seen("ADD.env"), AllOf(HasSubstr("CNI_ARGS=IgnoreUnknown=1;FOO=bar\n"),
                                     HasSubstr("CNI_IFNAME=net7\n")));
  EXPECT_THAT(seen("ADD.stdin"),
              AllOf(HasSubstr(R"("mac":"02:00:00:00:00:02")"), HasSubstr(R"("ips":["10.0.0.5"])"),
                    HasSubstr(R"("bandwidth":{"ingressRate":2})"), HasSubstr(R"("hostPort":80)")));
}

TEST_F(RuntimeOf, DelGivesThePluginsWhatAddGave) {
  install_tee();
  sure("netctl add tee web --arg FOO=bar -p 8080:80");
  sure("netctl del tee web");

  EXPECT_THAT(seen("DEL.env"), HasSubstr("CNI_ARGS=FOO=bar\n"));
  EXPECT_THAT(seen("DEL.stdin"), AllOf(HasSubstr(R"("hostPort":8080)"), HasSubstr("prevResult")));
}

TEST_F(RuntimeOf, AFlagThatNoPluginWouldLookAtIsRefused) {
  write_network("10-x.conflist", R"({"cniVersion": "1.0.0", "name": "x", "plugins": [
      {"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
  const std::string before = host_state();
  for (const auto& [flag, capability] :
       {std::pair("--ip 10.7.0.9", "\"ips\""), {"--mac 02:00:00:00:00:01", "\"mac\""}}) {
    const auto refused = run(format("netctl add x web {}", flag));
    EXPECT_EQ(refused.exit_status, 1);
    EXPECT_THAT(refused.err, AllOf(HasSubstr(capability), HasSubstr(flag)));
  }
  for (const char* flag : {"--ip 10.7.0.300", "--mac zz", "--cap [] ", "--arg novalue"}) {
    const auto refused = run(format("netctl add bridge web {}", flag));
    EXPECT_EQ(refused.exit_status, 1) << flag;
    EXPECT_EQ(std::ranges::count(refused.err, '\n'), 1) << refused.err;
  }
  EXPECT_EQ(host_state(), before);
}

TEST_F(RuntimeOf, AForeignPluginIsExecutedAndItsRefusalIsTold) {
  std::filesystem::create_directories("/run/bin");
  write_network("../bin/host-local",
                "#!/bin/sh\necho '{\"code\": 11, \"msg\": \"not now\"}'\nexit 1\n");
  sure("chmod 755 /run/bin/host-local");
  environment["CNI_PATH"] = "/run/bin:" + plugin_directory();

  EXPECT_THAT(run("netctl add bridge web").err, HasSubstr("not now"));
}

TEST_F(RuntimeOf, ADeletedContainerIsDetachedByItsIdAlone) {
  sure("netctl add bridge web --id c1");
  sure("netctl ns rm web");
  sure("netctl del bridge --id c1");
  EXPECT_EQ(run("ls /run/cni-state/networks/bridge/172.17.0.2").exit_status, 2);
  EXPECT_THAT(run("netctl del bridge").err, HasSubstr("--id"));
}

// --- gc and status --------------------------------------------------------------------------

TEST_F(RuntimeOf, GcDetachesWhatIsGoneAndNothingElse) {
  sure("netctl ns add gone");
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add bridge gone -p 8081:80");
  sure("netctl ns rm gone");

  EXPECT_THAT(sure("netctl gc --dry-run"), AllOf(HasSubstr("would detach"), HasSubstr("/gone")));
  EXPECT_EQ(run("ls /run/cni-state/networks/bridge/172.17.0.3").exit_status, 0);
  EXPECT_THAT(sure("netctl gc bridge"),
              AllOf(HasSubstr("detached"), HasSubstr("/gone"), Not(HasSubstr("/web"))));

  EXPECT_EQ(run("ls /run/cni-state/networks/bridge/172.17.0.3").exit_status, 2);
  EXPECT_THAT(run("nft list map inet netctl publish4_any").out,
              AllOf(HasSubstr("8080"), Not(HasSubstr("8081"))));
  Server server("web", 80);
  EXPECT_EQ(ask("", "127.0.0.1", 8080, server), "172.17.0.1");
  EXPECT_EQ(sure("netctl gc"), "");
}

TEST_F(RuntimeOf, GcRemovesWhatAKilledAddLeft) {
  const std::string before = host_state();
  sure("netctl add bridge web -p 8080:80");
  // As if netctl had been killed before it could write down the result.
  std::filesystem::remove_all("/run/cni-state/results");

  sure("netctl gc bridge");

  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
}

TEST_F(RuntimeOf, GcWithAllDetachesTheLivingAsCnitoolDoes) {
  const std::string before = host_state();
  sure("netctl add bridge web");
  sure("netctl gc bridge --all");
  EXPECT_EQ(host_state(), before);
}

TEST_F(RuntimeOf, GcOfANetworkWhoseFileIsGoneGoesByTheCache) {
  write_network("10-x.conflist", R"({"cniVersion": "1.0.0", "name": "x", "plugins": [
      {"type": "bridge", "bridge": "cni7", "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
  sure("netctl add x web");
  std::filesystem::remove("/run/cni-config/10-x.conflist");
  sure("netctl ns rm web");

  sure("netctl gc x");

  EXPECT_EQ(run("ls /run/cni-state/networks/x/10.7.0.2").exit_status, 2);
  EXPECT_EQ(run("netctl gc nobody").exit_status, 1);
}

TEST_F(RuntimeOf, StatusSaysWhetherANetworkIsReadyOrWhyNot) {
  EXPECT_EQ(sure("netctl status bridge"), "bridge: ready");
  EXPECT_EQ(sure("netctl status bridge web"), "bridge: ready");  // as cnitool is called
  write_network("10-old.conflist",
                R"({"cniVersion": "1.0.0", "name": "old", "plugins": [{"type": "bridge"}]})");
  EXPECT_THAT(sure("netctl status old"), HasSubstr("cannot be asked"));
  write_network("10-full.conflist", R"({"cniVersion": "1.1.0", "name": "full", "plugins": [
      {"type": "bridge", "bridge": "cni7", "ipam": {"type": "host-local", "subnet": "10.7.0.0/30",
       "rangeStart": "10.7.0.2", "rangeEnd": "10.7.0.2"}}]})");
  sure("netctl add full web -i eth5");
  const auto full = run("netctl status full");
  EXPECT_EQ(full.exit_status, 1);
  EXPECT_THAT(full.err, AllOf(HasSubstr("full"), HasSubstr("no IP addresses available")));
}

TEST_F(RuntimeOf, VerboseShowsWhatIsSentToTheKernelAndWhen) {
  const auto added = run("netctl -v add bridge web");
  EXPECT_THAT(added.err,
              testing::ContainsRegex("[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6} .*172[.]17[.]0[.]2"));
}

}  // namespace
}  // namespace netctl::test
