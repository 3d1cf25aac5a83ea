#include "ipam/host-local/plugin.hpp"

#include <gmock/gmock.h>

#include "tests/unit/host-local/temporary_directory.hpp"

namespace netctl::host_local {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// What the plugin answered, without the white space of its JSON between tokens.
struct Answer {
  int status = 0;
  std::string text{};
};

std::string compact(const std::string& json) {
  std::string text;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '\n') {
      i = std::min(json.find_first_not_of(' ', i + 1), json.size()) - 1;
    } else if (!(json[i] == ' ' && i > 0 && json[i - 1] == ':' && json[i - 2] == '"')) {
      text += json[i];
    }
  }
  return text;
}

class HostLocalTest : public test::TemporaryDirectory {
 protected:
  HostLocalTest() { write(boot_id_file(), "first-boot\n"); }
  ~HostLocalTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(machine(), ignored);
  }

  // What is the machine's and not the store's lies beside the test's directory.
  std::string machine() const { return root() + "-machine"; }
  std::string boot_id_file() const { return machine() + "/boot_id"; }
  std::string run_directory() const { return machine() + "/run"; }
  std::string file(const std::string& name) const { return root() + "/data/net/" + name; }
  std::vector<std::string> files() const { return names_in(root() + "/data/net"); }

  // `ipam` are keys of the IPAM object, `more` further keys of the config, both with a comma first.
  std::string config(const std::string& ipam, const std::string& more = "") const {
    return format(
        R"({{"cniVersion": "{}", "name": "net", "ipam": {{"type": "host-local", "dataDir": "{}/data"{}}}{}}})",
        version, root(), ipam, more);
  }

  Answer call(const std::string& command, const std::string& stdin_text) const {
    cni::Environment environment{{"CNI_COMMAND", command},
                                 {"CNI_CONTAINERID", container},
                                 {"CNI_NETNS", "/none"},
                                 {"CNI_IFNAME", ifname},
                                 {"CNI_PATH", "/none"},
                                 {"CNI_ARGS", args},
                                 {"NETCTL_RUN_DIR", run_directory()}};
    environment.insert(more_environment.begin(), more_environment.end());
    HostLocal plugin(boot_id_file());
    const cni::Outcome outcome = cni::run_on(plugin, std::move(environment), stdin_text);
    return {.status = outcome.exit_status, .text = compact(outcome.out)};
  }
  Answer add(const std::string& ipam, const std::string& more = "") const {
    return call("ADD", config(ipam, more));
  }

  // The answer to a call that has to succeed.
  std::string succeed(const Answer& answer) const {
    EXPECT_EQ(answer.status, 0) << answer.text;
    return answer.text;
  }
  std::string refusal(const Answer& answer) const {
    EXPECT_EQ(answer.status, 1) << answer.text;
    return answer.text;
  }

  // The next calls are made after a restart of the machine.
  void reboot() { write(boot_id_file(), "another-boot\n"); }

  std::string version = "1.1.0";
  std::string container = "c1";
  std::string ifname = "eth0";
  std::string args;
  cni::Environment more_environment;
};

const std::string kRange = R"(, "ranges": [[{"subnet": "10.0.0.0/24"}]])";
// Addresses 10.0.0.2 and 10.0.0.3.
const std::string kSmall = R"(, "ranges": [[{"subnet": "10.0.0.0/24", "rangeEnd": "10.0.0.3"}]])";

TEST_F(HostLocalTest, AnAddressOfTheRangeComesWithItsSubnetAndGateway) {
  EXPECT_EQ(succeed(add(kRange)),
            R"({"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24","gateway":"10.0.0.1"}]})");
  EXPECT_THAT(files(), ElementsAre("10.0.0.2", "last_reserved_ip.0", "lock"));
  EXPECT_EQ(read(file("10.0.0.2")), "c1\r\neth0");
}

TEST_F(HostLocalTest, TheFlatFormIsARangeSetToo) {
  EXPECT_THAT(succeed(add(R"(, "subnet": "10.7.0.0/16", "rangeStart": "10.7.5.5",
                             "gateway": "10.7.9.9")")),
              AllOf(HasSubstr("10.7.5.5/16"), HasSubstr("10.7.9.9")));
}

TEST_F(HostLocalTest, SetsAreNumberedRuntimeConfigThenFlatThenRanges) {
  const auto answer =
      succeed(add(R"(, "subnet": "10.2.0.0/24", "ranges": [[{"subnet": "10.3.0.0/24"}]])",
                  R"(, "runtimeConfig": {"ipRanges": [[{"subnet": "10.1.0.0/24"}]]})"));
  EXPECT_THAT(answer, testing::ContainsRegex("10.1.0.2/24.*10.2.0.2/24.*10.3.0.2/24"));
  EXPECT_EQ(read(file("last_reserved_ip.0")), "10.1.0.2");
  EXPECT_EQ(read(file("last_reserved_ip.1")), "10.2.0.2");
  EXPECT_EQ(read(file("last_reserved_ip.2")), "10.3.0.2");
}

TEST_F(HostLocalTest, EachSetGivesOneAddressAndItsRangesFollowEachOther) {
  const std::string sets = R"(, "ranges": [
      [{"subnet": "10.0.0.0/24", "rangeStart": "10.0.0.9", "rangeEnd": "10.0.0.9"},
       {"subnet": "10.0.1.0/24"}],
      [{"subnet": "fd00::/64"}]])";
  EXPECT_THAT(succeed(add(sets)), AllOf(HasSubstr("10.0.0.9/24"), HasSubstr("fd00::2/64")));
  container = "c2";
  EXPECT_THAT(succeed(add(sets)),
              AllOf(HasSubstr("10.0.1.2/24"), HasSubstr("\"10.0.1.1\""), HasSubstr("fd00::3/64")));
}

TEST_F(HostLocalTest, ReleasedAddressesComeBackOnlyAfterARound) {
  for (const char* expected : {"10.0.0.2/24", "10.0.0.3/24", "10.0.0.2/24"}) {
    EXPECT_THAT(succeed(add(kSmall)), HasSubstr(expected));
    succeed(call("DEL", config(kSmall)));
  }
}

TEST_F(HostLocalTest, AFullSetIsSaidInTheReferencePluginsWords) {
  succeed(add(kSmall));
  container = "c2";
  succeed(add(kSmall));
  container = "c3";
  const std::string full =
      "failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.3; "
      "10.0.0.0/24: 2 taken";
  EXPECT_THAT(refusal(add(kSmall)), AllOf(HasSubstr(full), HasSubstr("999")));
}

TEST_F(HostLocalTest, AFailureInALaterSetReleasesTheEarlierOnes) {
  write(file("10.1.0.2"), "other\r\neth0");
  write(file("last_reserved_ip.0"), "10.0.0.77");
  const std::string sets =
      R"(, "ranges": [[{"subnet": "10.0.0.0/24"}],
                      [{"subnet": "10.1.0.0/24", "rangeEnd": "10.1.0.2"}]])";
  EXPECT_THAT(refusal(add(sets)), HasSubstr("failed to allocate for range 1: no IP addresses"));
  EXPECT_THAT(files(), ElementsAre("10.1.0.2", "last_reserved_ip.0", "lock"));
  EXPECT_EQ(read(file("last_reserved_ip.0")), "10.0.0.77");
}

TEST_F(HostLocalTest, AFailureToNoteThePositionReleasesTheAddress) {
  write(file("last_reserved_ip.0/in-the-way"), "");
  EXPECT_THAT(refusal(add(kRange)), HasSubstr("last_reserved_ip.0"));
  EXPECT_THAT(files(), ElementsAre("last_reserved_ip.0", "lock"));
}

TEST_F(HostLocalTest, OneInterfaceGetsNoSecondAddressOfASet) {
  succeed(add(kRange));
  EXPECT_THAT(refusal(add(kRange)),
              HasSubstr("10.0.0.2 has been allocated to c1, duplicate allocation is not allowed"));
  args = "IP=10.0.0.9";
  EXPECT_THAT(refusal(add(kRange)), HasSubstr("duplicate allocation is not allowed"));
  args = "";
  ifname = "eth1";
  EXPECT_THAT(succeed(add(kRange)), HasSubstr("10.0.0.3/24"));
}

TEST_F(HostLocalTest, RequestedAddressesComeFromThreePlaces) {
  args = "IP=10.0.0.50";
  const auto answer =
      succeed(add(R"(, "ranges": [[{"subnet": "10.0.0.0/24"}], [{"subnet": "10.1.0.0/24"}],
                                  [{"subnet": "fd00::/64"}], [{"subnet": "10.3.0.0/24"}]])",
                  R"(, "args": {"cni": {"ips": ["10.1.0.60/8"]}},
                       "runtimeConfig": {"ips": ["fd00::70"]})"));
  EXPECT_THAT(answer,
              testing::ContainsRegex("10.0.0.50/24.*10.1.0.60/24.*fd00::70/64.*10.3.0.2/24"));
  EXPECT_EQ(read(file("last_reserved_ip.0")), "10.0.0.50");
}

TEST_F(HostLocalTest, RequestsThatCannotBeMetAreRefusedWithoutATrace) {
  write(file("10.0.0.2"), "other\r\neth0");
  struct Case {
    const char* request;
    const char* words;
  };
  const Case cases[] = {
      {"10.0.0.1", "failed to allocate for range 0: requested ip 10.0.0.1 is subnet's gateway"},
      {"10.0.0.2",
       "failed to allocate for range 0: requested IP address 10.0.0.2 is not available "
       "in range set 10.0.0.1-10.0.0.254"},
      {"10.9.0.9", "failed to allocate all requested IPs: 10.9.0.9"},
      {"10.0.0.7\", \"10.0.0.8\", \"fd00::1",
       "failed to allocate all requested IPs: 10.0.0.8 fd00::1"},
      {"10.0.0.300", "cannot understand ip: invalid IP address 10.0.0.300"},
      {"10.0.0.3/33", "cannot understand ip: invalid IP address 10.0.0.3/33"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.request);
    const auto more = format(R"(, "runtimeConfig": {{"ips": ["{}"]}})", row.request);
    EXPECT_THAT(refusal(add(kRange, more)), HasSubstr(row.words));
    EXPECT_EQ(read(file("10.0.0.2")), "other\r\neth0");
    EXPECT_EQ(read(file("10.0.0.7")), "(none)");
  }
}

TEST_F(HostLocalTest, TheSameRequestTwiceIsOneRequest) {
  args = "IP=10.0.0.9;IgnoreUnknown=1;K8S_POD_NAME=x";
  EXPECT_THAT(succeed(add(kRange, R"(, "runtimeConfig": {"ips": ["10.0.0.9/24"]})")),
              HasSubstr("10.0.0.9/24"));
}

TEST_F(HostLocalTest, RoutesAreHandedOnWithAllTheySay) {
  EXPECT_THAT(succeed(add(kRange + R"(, "routes": [{"dst": "0.0.0.0/0"},
          {"dst": "10.9.0.0/16", "gw": "10.0.0.7", "mtu": 1400, "advmss": 1360, "priority": 50,
           "table": 0, "scope": 253}])")),
              HasSubstr(R"("routes":[{"dst":"0.0.0.0/0"},{"advmss":1360,"dst":"10.9.0.0/16",)"
                        R"("gw":"10.0.0.7","mtu":1400,"priority":50,"scope":253,"table":0}])"));
}

TEST_F(HostLocalTest, TheResolverSettingsComeFromTheNamedFile) {
  write(root() + "/resolv.conf", "nameserver 10.0.0.53\nsearch a.example b.example\n");
  EXPECT_THAT(
      succeed(add(kRange + format(R"(, "resolvConf": "{}/resolv.conf")", root()))),
      HasSubstr(R"("dns":{"nameservers":["10.0.0.53"],"search":["a.example","b.example"]})"));
}

TEST_F(HostLocalTest, AMissingResolverFileIsRefusedBeforeAnythingIsReserved) {
  EXPECT_THAT(refusal(add(kRange + R"(, "resolvConf": "/nowhere/resolv.conf")")),
              HasSubstr("/nowhere/resolv.conf"));
  EXPECT_THAT(files(), ElementsAre());
}

TEST_F(HostLocalTest, WrongConfigsAreRefusedAndNothingIsMade) {
  struct Case {
    const char* ipam;
    const char* words;
  };
  const Case cases[] = {
      {"", "no IP ranges specified"},
      {R"(, "ranges": [])", "no IP ranges specified"},
      {R"(, "rangeStart": "10.0.0.7")", "no IP ranges specified"},
      {R"(, "ranges": [[]])", "invalid range set 0: empty range set"},
      {R"(, "ranges": [[{}]])", "invalid range set 0: a range needs a"},
      {R"(, "ranges": [[{"subnet": "10.0.0.0"}]])", "10.0.0.0"},
      {R"(, "ranges": [[{"subnet": 5}]])", "ipam.ranges[0][0].subnet"},
      {R"(, "ranges": [{"subnet": "10.0.0.0/24"}])", "ipam.ranges[0]"},
      {R"(, "ranges": [[{"subnet": "10.0.0.0/31"}]])",
       "invalid range set 0: Network 10.0.0.0/31 too small to allocate from"},
      {R"(, "subnet": "10.0.0.0/24", "ranges": [[{"subnet": "10.1.0.1/24"}]])",
       "invalid range set 1: Network has host bits set. For a subnet mask of length 24 the network "
       "address is 10.1.0.0"},
      {R"(, "subnet": "10.0.0.0/24", "rangeStart": "10.1.0.1")",
       "invalid range set 0: RangeStart 10.1.0.1 not in network 10.0.0.0/24"},
      {R"(, "subnet": "10.0.0.0/24", "rangeEnd": "10.1.0.1")",
       "invalid range set 0: RangeEnd 10.1.0.1 not in network 10.0.0.0/24"},
      {R"(, "subnet": "10.0.0.0/24", "gateway": "first")", "ipam.gateway"},
      {R"(, "subnet": "10.0.0.0/24", "exclude": ["10.0.0.9-10.0.0.8"])",
       "10.0.0.9-10.0.0.8 does not go up from its first address to its last"},
      {R"(, "subnet": "10.0.0.0/24", "exclude": ["10.0.0.9/28"])", "10.0.0.9/28 has host bits set"},
      {R"(, "subnet": "10.0.0.0/24", "exclude": ["some"])", "some"},
      {R"(, "subnet": "10.0.0.0/24", "exclude": "10.0.0.9")", "ipam.exclude"},
      {R"(, "ranges": [[{"subnet": "10.0.0.0/24", "exclude": ["10.1.0.0"]}]])",
       "invalid range set 0: exclude 10.1.0.0 not in network 10.0.0.0/24"},
      {R"(, "ranges": [[{"subnet": "10.0.0.0/24"}, {"subnet": "fd00::/64"}]])",
       "invalid range set 0: mixed address families"},
      {R"(, "ranges": [[{"subnet": "10.0.0.0/24"}, {"subnet": "10.0.0.0/16"}]])",
       "invalid range set 0: subnets 10.0.0.1-10.0.0.254 and 10.0.0.1-10.0.255.254 overlap"},
      {R"(, "subnet": "10.0.0.0/24", "ranges": [[{"subnet": "10.0.0.0/16"}]])",
       "range set 0 overlaps with 1"},
      {R"(, "subnet": "10.0.0.0/24", "routes": [{"gw": "10.0.0.1"}])", "ipam.routes[0].dst"},
      {R"(, "subnet": "10.0.0.0/24", "routes": [{"dst": "x"}])", "ipam.routes[0].dst"},
      {R"(, "subnet": "10.0.0.0/24", "routes": [{"dst": "::/0", "scope": 256}])",
       "ipam.routes[0].scope"},
      {R"(, "subnet": "10.0.0.0/24", "resolvConf": true)", "ipam.resolvConf"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.ipam);
    EXPECT_THAT(refusal(add(row.ipam)), HasSubstr(row.words));
    EXPECT_THAT(names_in(root()), ElementsAre());
  }
}

TEST_F(HostLocalTest, SeveralProblemsAreToldAtOnce) {
  EXPECT_THAT(refusal(add(R"(, "ranges": [[{"subnet": "10.0.0.0/31"}], [],
                                          [{"subnet": "10.1.0.1/24"}]])")),
              AllOf(HasSubstr("invalid range set 0"), HasSubstr("invalid range set 1"),
                    HasSubstr("invalid range set 2")));
}

TEST_F(HostLocalTest, AConfigWithoutIpamIsRefused) {
  EXPECT_THAT(refusal(call("ADD", R"({"cniVersion": "1.0.0", "name": "net"})")),
              HasSubstr("IPAM config missing 'ipam' key"));
}

TEST_F(HostLocalTest, UnknownArgumentsAreRefusedOnAdd) {
  args = "FOO=bar";
  EXPECT_THAT(refusal(add(kRange)), HasSubstr("ARGS: unknown args"));
}

TEST_F(HostLocalTest, OldVersionsHaveRoomForOneAddressPerFamily) {
  version = "0.2.0";
  EXPECT_THAT(
      refusal(add(R"(, "ranges": [[{"subnet": "10.0.0.0/24"}], [{"subnet": "10.1.0.0/24"}]])")),
      HasSubstr("CNI version 0.2.0 does not support more than 1 address per family"));
  EXPECT_THAT(
      succeed(add(R"(, "ranges": [[{"subnet": "10.1.0.0/24"}], [{"subnet": "fd00::/64"}]])")),
      AllOf(HasSubstr(R"("ip4":{"ip":"10.1.0.2/24","gateway":"10.1.0.1"})"),
            HasSubstr("fd00::2/64")));
}

TEST_F(HostLocalTest, KeysAreFoundInAnyCase) {
  EXPECT_THAT(
      succeed(add(R"(, "RANGES": [[{"Subnet": "10.0.0.0/24", "rangestart": "10.0.0.5"}]])")),
      HasSubstr("10.0.0.5/24"));
}

TEST_F(HostLocalTest, TheStoreCanBeMovedByTheEnvironment) {
  more_environment["NETCTL_CNI_STATE_DIR"] = root() + "/state";
  succeed(
      call("ADD", R"({"cniVersion": "1.0.0", "name": "net", "ipam": {"subnet": "10.0.0.0/24"}})"));
  EXPECT_EQ(read(root() + "/state/networks/net/10.0.0.2"), "c1\r\neth0");
}

TEST_F(HostLocalTest, ExcludedAddressesAreNeverGiven) {
  const std::string ipam = R"(, "exclude": ["10.0.0.4", "fd00::/120"], "ranges": [
      [{"subnet": "10.0.0.0/24", "exclude": ["10.0.0.2-10.0.0.3"]}], [{"subnet": "fd00::/64"}]])";
  EXPECT_THAT(succeed(add(ipam)), AllOf(HasSubstr("10.0.0.5/24"), HasSubstr("fd00::100/64")));
  container = "c2";
  args = "IP=10.0.0.3";
  EXPECT_THAT(
      refusal(add(ipam)),
      HasSubstr("requested ip 10.0.0.3 is excluded from the range: exclude has 10.0.0.2-10.0.0.3"));
}

TEST_F(HostLocalTest, AReservationFromBeforeTheLastBootIsFree) {
  succeed(add(kSmall));
  container = "c2";
  succeed(add(kSmall));
  reboot();
  EXPECT_THAT(refusal(call("CHECK", config(kSmall))), HasSubstr("Failed to find address"));
  EXPECT_EQ(succeed(call("STATUS", config(kSmall))), "");
  EXPECT_THAT(succeed(add(kSmall)), HasSubstr("10.0.0.2/24")) << "the same container again";
  EXPECT_EQ(read(file("10.0.0.2")), "c2\r\neth0");
  container = "c3";
  EXPECT_THAT(succeed(add(kSmall)), HasSubstr("10.0.0.3/24"));
  container = "c1";
  succeed(call("DEL", config(kSmall)));
  EXPECT_EQ(read(file("10.0.0.2")), "c2\r\neth0") << "a late DEL takes nothing from the next one";
}

TEST_F(HostLocalTest, ADelAfterTheRebootStillCleansUp) {
  succeed(add(kRange));
  reboot();
  succeed(call("DEL", config(kRange)));
  EXPECT_THAT(files(), ElementsAre("last_reserved_ip.0", "lock"));
}

// The reference plugin's, or one on a file system without attributes: nothing certain is known.
TEST_F(HostLocalTest, AReservationWithoutTagOutlivesABoot) {
  write(file("10.0.0.2"), "c1\r\neth0");
  reboot();
  EXPECT_EQ(succeed(call("CHECK", config(kSmall))), "");
  container = "c2";
  EXPECT_THAT(succeed(add(kSmall)), HasSubstr("10.0.0.3/24"));
}

TEST_F(HostLocalTest, ACrashedReservationIsTakenOver) {
  write(file("10.0.0.2"), "");
  write(file("last_reserved_ip.0"), "garbage");
  EXPECT_THAT(succeed(add(kRange)), HasSubstr("10.0.0.2/24"));
  EXPECT_EQ(read(file("10.0.0.2")), "c1\r\neth0");
}

TEST_F(HostLocalTest, DelReleasesEverySetAndOnlyTheOwners) {
  const std::string sets =
      R"(, "ranges": [[{"subnet": "10.0.0.0/24"}], [{"subnet": "fd00::/64"}]])";
  succeed(add(sets));
  ifname = "eth1";
  succeed(add(sets));
  EXPECT_EQ(succeed(call("DEL", config(sets))), "");
  EXPECT_THAT(files(), ElementsAre("10.0.0.2", "fd00::2", "last_reserved_ip.0",
                                   "last_reserved_ip.1", "lock"));
  EXPECT_EQ(succeed(call("DEL", config(sets))), "") << "the second time";
}

TEST_F(HostLocalTest, DelNeedsNeitherRangesNorArguments) {
  for (const char* ipam : {"", R"(, "ranges": [[{"subnet": "10.0.0.0/31"}]])", R"(, "ranges": 7)",
                           R"(, "routes": 1)"}) {
    SCOPED_TRACE(ipam);
    write(file("10.0.0.2"), "c1\r\neth0");
    args = "FOO=bar;;";
    succeed(call("DEL", config(ipam)));
    EXPECT_EQ(read(file("10.0.0.2")), "(none)");
  }
}

TEST_F(HostLocalTest, DelOfANetworkThatNeverWasMakesNothing) {
  EXPECT_EQ(succeed(call("DEL", config(kRange))), "");
  EXPECT_THAT(names_in(root()), ElementsAre());
}

TEST_F(HostLocalTest, DelReportsWhatItCouldNotReleaseAndReleasesTheRest) {
  write(file("10.0.0.2"), "c1\r\neth0");
  write(file(".reservation/in-the-way"), "");
  EXPECT_THAT(refusal(call("DEL", config(kRange))), HasSubstr(".reservation"));
  EXPECT_EQ(read(file("10.0.0.2")), "(none)");
}

TEST_F(HostLocalTest, CheckWantsAReservation) {
  const std::string words = "host-local: Failed to find address added by container c1";
  EXPECT_THAT(refusal(call("CHECK", config(kRange))), HasSubstr(words));
  EXPECT_THAT(names_in(root()), ElementsAre());
  succeed(add(kRange));
  EXPECT_EQ(succeed(call("CHECK", config(kRange))), "");
  ifname = "eth1";
  EXPECT_THAT(refusal(call("CHECK", config(kRange))), HasSubstr(words));
}

TEST_F(HostLocalTest, CheckComparesTheResultWithTheReservations) {
  succeed(add(kRange));
  write(file("10.0.0.4"), "c2\r\neth0");
  const auto with_result = [&](const std::string& address) {
    return call("CHECK", config(kRange, format(R"(, "prevResult": {{"cniVersion": "1.1.0", "ips": [
                                         {{"address": "{}/24"}}]}})",
                                               address)));
  };
  EXPECT_EQ(succeed(with_result("10.0.0.2")), "");
  EXPECT_EQ(succeed(with_result("192.168.7.7")), "") << "another plugin's";
  EXPECT_THAT(refusal(with_result("10.0.0.3")), HasSubstr("10.0.0.3 is not reserved"));
  EXPECT_THAT(refusal(with_result("10.0.0.4")),
              HasSubstr("10.0.0.4 is reserved for another interface"));
}

TEST_F(HostLocalTest, GcReleasesWhatIsNotAmongTheValidAttachments) {
  write(file("10.0.0.2"), "c1\r\neth0");
  write(file("10.0.0.3"), "c1\r\neth1");
  write(file("10.0.0.4"), "c2\r\neth0");
  write(file("10.0.0.5"), "");
  write(file("last_reserved_ip.0"), "10.0.0.5");
  succeed(call("GC", config("", R"(, "cni.dev/valid-attachments": [
                                     {"containerID": "c1", "ifname": "eth0"}])")));
  EXPECT_THAT(files(), ElementsAre("10.0.0.2", "last_reserved_ip.0", "lock"));
}

TEST_F(HostLocalTest, GcOfANetworkThatNeverWasMakesNothing) {
  succeed(call("GC", config(kRange)));
  EXPECT_THAT(names_in(root()), ElementsAre());
}

TEST_F(HostLocalTest, StatusTellsWhenASetIsFull) {
  EXPECT_EQ(succeed(call("STATUS", config(kSmall))), "");
  EXPECT_THAT(names_in(root()), ElementsAre());
  succeed(add(kSmall));
  EXPECT_EQ(succeed(call("STATUS", config(kSmall))), "");
  container = "c2";
  succeed(add(kSmall));
  EXPECT_THAT(refusal(call("STATUS", config(kSmall))),
              AllOf(HasSubstr("\"code\":50"),
                    HasSubstr("no IP addresses available in range set: 10.0.0.1-10.0.0.3")));
}

TEST_F(HostLocalTest, StatusTellsWhenTheStoreCannotBeWritten) {
  write(root() + "/data", "a file where the directory should be");
  EXPECT_THAT(refusal(call("STATUS", config(kRange))),
              AllOf(HasSubstr("\"code\":50"), HasSubstr(root() + "/data")));
}

}  // namespace
}  // namespace netctl::host_local
