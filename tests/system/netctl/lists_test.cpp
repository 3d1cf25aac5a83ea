// What netctl shows of attachments and networks, and how networks are made and removed.
#include <regex>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Lists : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }

  // Refused with status 1 and a line that has `words`, and the config directory as it was.
  void expect_refused(const std::string& line, const std::string& words) {
    const std::string before = run("ls /run/cni-config").out;
    const auto refused = run(line);
    EXPECT_EQ(refused.exit_status, 1) << line;
    EXPECT_THAT(refused.err, HasSubstr(words)) << line;
    EXPECT_EQ(std::ranges::count(refused.err, '\n'), 1) << refused.err;
    EXPECT_EQ(run("ls /run/cni-config").out, before) << line;
  }
};

// --- attachments ----------------------------------------------------------------------------

TEST_F(Lists, LsShowsWhoIsAttachedWhereAndHowItFares) {
  EXPECT_EQ(std::ranges::count(sure("netctl ls"), '\n'), 0);
  sure("netctl add bridge web -p 8080:80");
  const std::regex line(
      "\nbridge +cnitool-[0-9a-f]{12} +web +eth0 +172[.]17[.]0[.]2/16 +8080:80/tcp +[0-9]+ "
      "seconds? +up");
  EXPECT_TRUE(std::regex_search(sure("netctl ls"), line)) << sure("netctl ls");

  const std::string row = "netctl ls -n --format {{.Namespace}}:{{.State}}";
  sure("ip -n web link set eth0 down");
  EXPECT_EQ(sure(row), "web:down");
  sure("ip -n web link del eth0");
  EXPECT_EQ(sure(row), "web:interface gone");
  sure("netctl ns rm web");
  EXPECT_EQ(sure(row), "web:namespace gone");
}

TEST_F(Lists, LsCanBeFilteredAndReadByPrograms) {
  sure("netctl ns add other");
  sure("netctl add bridge web --id first");
  sure("netctl add bridge other --id second");

  EXPECT_EQ(sure("netctl ls -q"), "first\nsecond");
  EXPECT_EQ(sure("netctl ls -q -f namespace=other"), "second");
  EXPECT_EQ(sure("netctl ls -q -f container=first -f container=second -f state=down"), "");
  EXPECT_THAT(sure("netctl ls -o json"),
              AllOf(testing::StartsWith("[\n"), HasSubstr("\"container\": \"first\""),
                    HasSubstr("\"172.17.0.3/16\"")));
  EXPECT_EQ(run("netctl ls -f colour=red").exit_status, 1);
  EXPECT_THAT(run("netctl ls --format {{.Colour}}").err, HasSubstr(".addresses"));
  EXPECT_EQ(run("netctl ls -o xml").exit_status, 2);
}

TEST_F(Lists, InspectShowsOneAttachmentWhole) {
  sure("netctl add bridge web -p 8080:80");
  EXPECT_THAT(sure("netctl inspect bridge web"),
              AllOf(HasSubstr("Namespace:        web"), HasSubstr("172.17.0.2/16"),
                    HasSubstr("8080:80/tcp"), HasSubstr("0.0.0.0/0 via 172.17.0.1"),
                    HasSubstr("netctl0"), HasSubstr("State:            up")));
  EXPECT_THAT(sure("netctl inspect bridge web -o json"), HasSubstr("\"result\": {"));
  EXPECT_EQ(sure("netctl inspect bridge web --format {{.Gateways}}"), "172.17.0.1");
  EXPECT_THAT(run("netctl inspect bridge web -i eth9").err, HasSubstr("eth9"));
}

// --- networks -------------------------------------------------------------------------------

TEST_F(Lists, ACreatedNetworkIsListedUsedAndRemoved) {
  const std::string before = host_state();
  const std::string id = sure(
      "netctl network create front --subnet 10.5.0.0/24 --gateway 10.5.0.254 --ip-range "
      "10.5.0.16/28 --label tier=web -o mtu=1400");
  EXPECT_TRUE(std::regex_match(id, std::regex("[0-9a-f]{64}"))) << id;

  EXPECT_THAT(sure("netctl network ls"),
              AllOf(HasSubstr(id.substr(0, 12) + "   front "), HasSubstr("10.5.0.0/24")));
  EXPECT_EQ(sure("netctl network ls -q -f label=tier=web"), "front");
  EXPECT_EQ(sure("netctl network ls -q"), "bridge\ncontainer\nfront\nhost\nnone");
  sure("netctl network exists front");
  sure("netctl add front web -p 8080:80");
  EXPECT_EQ(address_in("web", "eth0"), "10.5.0.16");
  EXPECT_THAT(run_in("web", "ip route").out, HasSubstr("default via 10.5.0.254"));
  EXPECT_THAT(run_in("web", "ip link show eth0").out, HasSubstr("mtu 1400"));
  EXPECT_THAT(sure("netctl network inspect front"),
              AllOf(HasSubstr("\"10.5.0.16/24\""), HasSubstr("\"attached\": 1")));

  expect_refused("netctl network rm front", "active endpoints");
  sure("netctl del front web");
  EXPECT_EQ(sure("netctl network rm front"), "front");
  EXPECT_EQ(host_state(), before);
  EXPECT_EQ(run("netctl network exists front").exit_status, 1);
  EXPECT_EQ(run("netctl network exists front").err, "");
}

TEST_F(Lists, RmWithForceDetachesFirstAndGoesOnPastWhatIsNotThere) {
  sure("netctl network create front");
  const std::string before = run("ip -o link").out;
  sure("netctl add front web");

  const auto removed = run("netctl network rm nobody front bridge");
  EXPECT_EQ(removed.exit_status, 1);
  EXPECT_EQ(removed.out, "");
  EXPECT_THAT(removed.err,
              AllOf(HasSubstr("nobody"), HasSubstr("active endpoints"), HasSubstr("\"bridge\"")));
  EXPECT_EQ(sure("netctl network rm -f nobody front"), "nobody\nfront");
  EXPECT_EQ(run("ip -o link").out, before);
  EXPECT_EQ(sure("netctl ls -q"), "");
}

TEST_F(Lists, CreateChoosesWhatIsNotSaid) {
  connect_machine("lan", "lan0", "172.18.0.1/24", "172.18.0.2/24");
  sure("netctl network create --ipv6");
  sure("netctl network create");

  EXPECT_EQ(sure("netctl network ls -q"), "bridge\ncontainer\nhost\nnetctl1\nnetctl2\nnone");
  const std::string subnets = sure("netctl network inspect netctl1 --format {{.Subnets}}");
  EXPECT_TRUE(std::regex_match(subnets, std::regex("172[.]19[.]0[.]0/16, fd[0-9a-f:]+/64")))
      << subnets;
  EXPECT_EQ(sure("netctl network inspect netctl2 --format {{.Subnets}}"), "172.20.0.0/16");
  sure("netctl add netctl1 web");
  EXPECT_THAT(address_in("web", "eth0", true), testing::StartsWith("fd"));
}

TEST_F(Lists, CreateRefusesWhatCannotWorkAllAtOnce) {
  sure("netctl network create front --subnet 10.5.0.0/24 --interface-name br-front");
  expect_refused("netctl network create front", "already exists");
  expect_refused("netctl network create bridge", "already exists");
  expect_refused("netctl network create x --subnet 10.5.0.128/25", "network \"front\"");
  expect_refused("netctl network create x --subnet 10.6.0.0/24 --subnet 10.6.0.0/25",
                 "overlapping subnets");
  expect_refused("netctl network create x --interface-name br-front",
                 "already in use by network \"front\"");
  expect_refused("netctl network create x --interface-name lo", "not a bridge");
  expect_refused("netctl network create x --gateway 10.6.0.1", "no matching subnet for gateway");
  expect_refused("netctl network create x --aux-address router=10.6.0.1",
                 "no matching subnet for aux-address");
  expect_refused("netctl network create a/b", "invalid characters");
  expect_refused(
      "netctl network create x -d macvlan --ipam-driver dhcp --label =x --dns y --route z -o q=r",
      "macvlan");
  const std::string all = run("netctl network create x -d macvlan --ipam-driver dhcp --label =x "
                              "--dns y --route z -o q=r")
                              .err;
  EXPECT_THAT(all, AllOf(HasSubstr("dhcp"), HasSubstr("--label"), HasSubstr("--dns"),
                         HasSubstr("--route"), HasSubstr("q;")));
  EXPECT_EQ(sure("netctl network create front --ignore"),
            sure("netctl network inspect front --format {{.ID}}"));
}

TEST_F(Lists, CreateCanOnlyShowTheFile) {
  const std::string json = sure("netctl network create front --subnet 10.5.0.0/24 --dry-run");
  EXPECT_THAT(json, AllOf(HasSubstr("\"name\": \"front\""), HasSubstr("10.5.0.0/24")));
  EXPECT_EQ(run("netctl network exists front").exit_status, 1);
}

TEST_F(Lists, CreateWritesWhetherTheFlowTableIsUsed) {
  const std::string create = "netctl network create front --dry-run";
  EXPECT_THAT(sure(create), Not(HasSubstr("flowTable")));
  EXPECT_THAT(sure(create + " -o flow_table=true"), HasSubstr("\"flowTable\": true"));
  EXPECT_THAT(run(create + " -o flow_table=yes").err, HasSubstr("is not true or false"));
  EXPECT_THAT(run(create + " -o flow_table=true --ipam-driver none").err,
              HasSubstr("flow_table is for what the host forwards"));
}

TEST_F(Lists, AnInternalNetworkHasNoWayOut) {
  connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
  sure("netctl network create back --internal --subnet 10.5.0.0/24");
  sure("netctl ns add db");
  sure("netctl add back web");
  sure("netctl add back db");

  Server beside("db", 80);
  Server outside("lan", 80);

  EXPECT_EQ(ask("web", "10.5.0.3", 80, beside), "10.5.0.2");
  EXPECT_EQ(ask("web", "203.0.113.2", 80, outside), "");
  EXPECT_EQ(run_in("web", "ip route show default").out, "");
}

TEST_F(Lists, PruneRemovesWhatNetctlMadeAndNobodyUses) {
  write_network("10-theirs.conflist",
                R"({"cniVersion": "1.0.0", "name": "theirs", "plugins": [{"type": "bridge"}]})");
  sure("netctl network create used");
  sure("netctl network create unused --label keep=no");
  sure("netctl network create kept");
  sure("netctl add used web");

  const auto asked = run("netctl network prune");  // stdin is empty: not confirmed
  EXPECT_THAT(asked.err, HasSubstr("[y/N]"));
  EXPECT_EQ(sure("netctl network prune -f --filter until=1h"), "");
  EXPECT_EQ(sure("netctl network prune -f --filter label=keep=no"), "unused");
  EXPECT_EQ(sure("netctl network prune -f"), "kept");
  EXPECT_EQ(sure("netctl network ls -q"), "bridge\ncontainer\nhost\nnone\ntheirs\nused");
  EXPECT_THAT(run("netctl network prune -f --filter until=yesterday").err, HasSubstr("yesterday"));
}

// --- completion -----------------------------------------------------------------------------

TEST_F(Lists, CompletionKnowsCommandsFlagsAndWhatThereIs) {
  sure("netctl network create front");
  const auto candidates = [&](const std::string& words) {
    std::string text = sure("netctl complete -- " + words);
    return std::regex_replace(text, std::regex("\t[^\n]*"), "");
  };
  EXPECT_EQ(candidates("net"), "network");
  EXPECT_EQ(candidates("network cr"), "create");
  EXPECT_EQ(candidates("add fr"), "front");
  EXPECT_EQ(candidates("add front w"), "web");
  EXPECT_EQ(candidates("add -i eth1 front w"), "web");
  EXPECT_EQ(candidates("network rm bridge fr"), "front");
  EXPECT_EQ(candidates("ns rm w"), "web");
  EXPECT_EQ(candidates("add front web --pub"), "--publish");
  EXPECT_EQ(candidates("ls -o j"), "json");
  EXPECT_EQ(candidates("completion f"), "fish");
  EXPECT_EQ(candidates("ports"), "ports");
  EXPECT_EQ(candidates("reload --w"), "--watch");
  EXPECT_EQ(candidates("doctor --f"), "--fix\n--format");
  EXPECT_EQ(candidates("add -i et"), "");
}

TEST_F(Lists, EachCommandHasHelpWithAnExample) {
  for (const char* command : {"add",
                              "del",
                              "check",
                              "ls",
                              "inspect",
                              "ports",
                              "gc",
                              "reload",
                              "doctor",
                              "status",
                              "ns",
                              "ns add",
                              "ns rm",
                              "ns ls",
                              "network",
                              "network ls",
                              "network inspect",
                              "network create",
                              "network rm",
                              "network prune",
                              "network exists",
                              "network connect",
                              "network disconnect",
                              "graph",
                              "sandbox ls",
                              "sandbox inspect",
                              "ipam ls",
                              "ipam show",
                              "ipam release",
                              "completion"}) {
    const auto help = run(format("netctl {} --help", command));
    EXPECT_EQ(help.exit_status, 0) << command;
    EXPECT_THAT(help.out, HasSubstr("Example: ")) << command;
  }
}

}  // namespace
}  // namespace netctl::test
