// Rules that disappear under us: what is on record comes back, whole and only once.
#include <filesystem>
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FirewallRecords : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    connect_machine("client", "eth9", "198.51.100.1/24", "198.51.100.2/24");
    sure("sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    for (const char* name : {"web", "db"}) sure(format("netctl ns add {}", name));
  }

  // The whole ruleset; chains and elements have no order.
  std::string rules() {
    static const std::regex kSeparators("[,\n{}=]+\\s*(elements)?");
    const std::string text = sure("nft -s list ruleset");
    std::multiset<std::string> parts(
        std::sregex_token_iterator(text.begin(), text.end(), kSeparators, -1),
        std::sregex_token_iterator());
    std::string sorted;
    for (const std::string& part : parts) {
      if (!part.empty()) sorted += part + "\n";
    }
    return sorted;
  }
  bool answers(const std::string& from, const std::string& address, std::uint16_t port) {
    Server server("web", 80);
    return !ask(from, address, port, server).empty();
  }
  std::size_t records() {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator("/run/netctl/firewall")) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  std::string first_record(const std::string& purpose) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator("/run/netctl/firewall")) {
      if (entry.path().filename().string().starts_with(purpose)) return entry.path();
    }
    ADD_FAILURE() << "no record of " << purpose;
    return "";
  }
};

// A transaction that the kernel refuses keeps it waiting for a grace period of RCU, and the log has
// the changes of each that was tried.
TEST_F(FirewallRecords, ComeWithTheTableAndTheChainsInOneTransaction) {
  for (const char* name : {"web", "db"}) {
    const int port = name == std::string("web") ? 8080 : 8081;
    const auto added = run(format("NETCTL_LOG=debug netctl add bridge {} -p {}:80", name, port));
    ASSERT_EQ(added.exit_status, 0) << added.err;
    for (const char* map : {"masquerade4", "publish4_any", "hairpin4"}) {
      const std::regex change(format("nft create element inet netctl {} ", map));
      EXPECT_EQ(std::distance(std::sregex_iterator(added.err.begin(), added.err.end(), change),
                              std::sregex_iterator()),
                1)
          << map << " of " << name << "\n"
          << added.err;
    }
  }
}

TEST_F(FirewallRecords, AReloadPutsEverythingBackAfterAFlush) {
  sure("netctl network create guarded --subnet 10.5.0.0/24 --subnet fd05::/64 -o isolate=strict");
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add guarded db -p 127.0.0.1:5432:5432");
  const std::string before = rules();
  EXPECT_TRUE(answers("client", "198.51.100.1", 8080));

  sure("nft flush ruleset");
  EXPECT_FALSE(answers("client", "198.51.100.1", 8080));

  EXPECT_THAT(sure("netctl reload"), HasSubstr("elements put back"));
  EXPECT_TRUE(answers("client", "198.51.100.1", 8080));
  EXPECT_EQ(rules(), before);
}

TEST_F(FirewallRecords, AReloadOfWhatIsThereChangesNothing) {
  sure("netctl add bridge web -p 8080:80");
  const std::string before = rules();

  EXPECT_EQ(sure("netctl reload"), "nothing was missing");
  EXPECT_EQ(rules(), before);
}

TEST_F(FirewallRecords, AReloadMendsATableThatLostAPart) {
  sure("netctl add bridge web -p 8080:80");
  const std::string before = rules();
  sure("nft flush chain inet netctl publish");
  sure("nft delete chain inet netctl raw");

  sure("netctl reload");

  EXPECT_EQ(rules(), before);
}

TEST_F(FirewallRecords, AReloadWithoutAttachmentsMakesNoTable) {
  EXPECT_EQ(sure("netctl reload"), "nothing was missing");
  EXPECT_EQ(rules(), "");
}

TEST_F(FirewallRecords, TheNextAddPutsEverythingBackToo) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft flush ruleset");

  sure("netctl add bridge db");

  EXPECT_TRUE(answers("client", "198.51.100.1", 8080));
  EXPECT_EQ(sure("netctl reload"), "nothing was missing");
}

TEST_F(FirewallRecords, AMacGuardComesBackAsWell) {
  write_network("10-guard.conflist", R"({"cniVersion": "1.0.0", "name": "guard", "plugins": [
      {"type": "bridge", "bridge": "cni1", "macspoofchk": true,
       "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}]]}}]})");
  sure("netctl add guard web");
  const std::string before = rules();
  EXPECT_THAT(before, HasSubstr("table bridge netctl"));
  sure("nft flush ruleset");

  EXPECT_EQ(sure("netctl reload"), "2 elements put back");
  EXPECT_EQ(rules(), before);
}

TEST_F(FirewallRecords, ADelAfterAFlushLeavesNothingThatAReloadWouldPutBack) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft flush ruleset");
  sure("netctl del bridge web");

  EXPECT_EQ(sure("netctl reload"), "nothing was missing");
  EXPECT_EQ(rules(), "");
}

TEST_F(FirewallRecords, AFailedAddLeavesNone) {
  sure("netctl add bridge web -p 8080:80");
  const std::size_t before = records();

  EXPECT_NE(run("netctl add bridge db -p 8080:80").exit_status, 0);

  EXPECT_EQ(records(), before);
}

TEST_F(FirewallRecords, WithoutTheirDirectoryADelFindsItsElementsAllTheSame) {
  sure("netctl add bridge web -p 8080:80");
  sure("netctl add bridge db -p 8081:80");
  std::filesystem::remove_all("/run/netctl/firewall");

  sure("netctl del bridge web");
  EXPECT_THAT(rules(), AllOf(Not(HasSubstr("tcp . 8080")), HasSubstr("tcp . 8081")));
  sure("netctl del bridge db");
  EXPECT_EQ(rules(), "");
}

TEST_F(FirewallRecords, AnElementThatAnotherHasNowStaysWhenTheFormerHolderIsDeleted) {
  sure("netctl add bridge web -p 8080:80");
  sure("nft flush map inet netctl publish4_any");
  sure(
      "nft add element inet netctl publish4_any { tcp . 8080 comment \"other/x/eth0\" : 10.0.0.9 . "
      "80 }");

  sure("netctl del bridge web");

  EXPECT_THAT(rules(), testing::ContainsRegex("tcp . 8080 [^\n]*comment \"other/x/eth0\""));
}

TEST_F(FirewallRecords, OneThatCannotBeReadHoldsNobodyUp) {
  sure("netctl add bridge web -p 8080:80");
  std::filesystem::resize_file(first_record("publish"), 40);

  sure("netctl add bridge db -p 8081:80");
  sure("netctl reload");
  sure("netctl del bridge db");
  sure("netctl del bridge web");
  sure("netctl gc");

  EXPECT_EQ(rules(), "");
}

TEST_F(FirewallRecords, TheTableGoesWithTheLastThatStaysWhoeverIsOnHisWay) {
  write_network("plain.conflist", R"({"cniVersion": "1.1.0", "name": "plain", "plugins": [
      {"type": "bridge", "bridge": "cni5", "isGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "subnet": "10.5.0.0/24"}},
      {"type": "portmap", "capabilities": {"portMappings": true}}]})");
  const std::string before = host_state();
  for (const char* name : {"web", "db"}) {
    sure(format("netctl add plain {0} --id {0} -p {1}:80", name, *name == 'w' ? 8080 : 9090));
  }
  // A DEL of "web" that took its elements out, and has not come to an end.
  for (const auto& file : std::filesystem::recursive_directory_iterator("/run/netctl/firewall")) {
    const std::string path = file.path();
    const bool is_of_web = run("grep -q plain/web/eth0 " + path).exit_status == 0;
    if (file.is_regular_file() && is_of_web) std::filesystem::rename(path, path + ".leaving");
  }
  for (const char* element :
       {"masquerade4 { 10.5.0.2 }", "hairpin4 { 10.5.0.2 }", "publish4_any { tcp . 8080 }"}) {
    sure(format("nft delete element inet netctl {}", element));
  }

  sure("netctl del plain db --id db");
  EXPECT_EQ(sure("nft list tables"), "");

  sure("netctl del plain web --id web");
  EXPECT_EQ(host_state(), before);
}

}  // namespace
}  // namespace netctl::test
