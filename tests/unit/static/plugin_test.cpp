#include "ipam/static/plugin.hpp"

#include <gmock/gmock.h>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/result.hpp"

namespace netctl::static_ipam {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class StaticTest : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string text{};
  };

  // `ipam` are keys of the IPAM object, `more` further keys of the config, both with a comma first.
  Answer call(const std::string& command, const std::string& ipam,
              const std::string& more = "") const {
    return call_with(
        command,
        format(R"({{"cniVersion": "{}", "name": "net", "ipam": {{"type": "static"{}}}{}}})",
               version, ipam, more));
  }

  Answer call_with(const std::string& command, const std::string& config) const {
    Static plugin;
    const cni::Outcome outcome = cni::run_on(plugin,
                                             {{"CNI_COMMAND", command},
                                              {"CNI_CONTAINERID", "c1"},
                                              {"CNI_NETNS", "/none"},
                                              {"CNI_IFNAME", "eth0"},
                                              {"CNI_PATH", "/none"},
                                              {"CNI_ARGS", args}},
                                             config);
    return {.status = outcome.exit_status, .text = outcome.out};
  }

  // The result of an ADD, addresses as "10.0.0.5/24 via 10.0.0.1".
  std::vector<std::string> add(const std::string& ipam, const std::string& more = "") const {
    const Answer answer = call("ADD", ipam, more);
    EXPECT_EQ(answer.status, 0) << answer.text;
    std::vector<std::string> texts;
    const auto result = cni::parse_result(answer.text, version);
    for (const cni::Ip& ip : result ? result->ips : std::vector<cni::Ip>()) {
      texts.push_back(ip.address.to_text() + (ip.gateway ? " via " + ip.gateway->to_text() : ""));
    }
    return texts;
  }
  Error refusal(const Answer& answer) const {
    EXPECT_EQ(answer.status, 1) << answer.text;
    return cni::parse_error(answer.text);
  }
  Error check(const std::string& ipam, const std::string& ips) const {
    const Answer answer =
        call("CHECK", ipam,
             format(R"(, "prevResult": {{"cniVersion": "{}", "ips": [{}]}})", version, ips));
    return answer.status == 0 ? Error{.message = "fine"} : cni::parse_error(answer.text);
  }

  std::string version = "1.1.0";
  std::string args;
};

const std::string kTwo = R"(, "addresses": [{"address": "10.0.0.5/24", "gateway": "10.0.0.1"},
                                            {"address": "fd00::5/64"}])";

TEST_F(StaticTest, TheAddressesOfTheConfigAreTheResult) {
  EXPECT_THAT(add(kTwo), ElementsAre("10.0.0.5/24 via 10.0.0.1", "fd00::5/64"));
}

TEST_F(StaticTest, EachVersionHasItsShape) {
  for (const char* each : {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
    SCOPED_TRACE(each);
    version = each;
    EXPECT_THAT(add(kTwo), ElementsAre("10.0.0.5/24 via 10.0.0.1", "fd00::5/64"));
  }
  for (const char* each : {"0.1.0", "0.2.0"}) {
    SCOPED_TRACE(each);
    version = each;
    EXPECT_THAT(call("ADD", kTwo).text,
                AllOf(HasSubstr(R"("ip4")"), HasSubstr("10.0.0.5/24"), HasSubstr("fd00::5/64")));
  }
}

TEST_F(StaticTest, RoutesAndDnsAreHandedOnWithAllTheySay) {
  const std::string text =
      call("ADD", kTwo + R"(, "routes": [{"dst": "10.9.0.0/16", "gw": "10.0.0.7", "mtu": 1400}],
                             "dns": {"nameservers": ["10.0.0.53"], "domain": "d.example",
                                     "search": ["s.example"], "options": ["ndots:2"]})")
          .text;
  const auto result = cni::parse_result(text, version);
  ASSERT_TRUE(result) << text;
  EXPECT_THAT(result->routes, ElementsAre(cni::Route{.destination = *parse_ip_prefix("10.9.0.0/16"),
                                                     .gateway = *parse_ip_address("10.0.0.7"),
                                                     .mtu = 1400}));
  EXPECT_EQ(result->dns, (cni::Dns{.nameservers = {"10.0.0.53"},
                                   .domain = "d.example",
                                   .search = {"s.example"},
                                   .options = {"ndots:2"}}));
}

TEST_F(StaticTest, AddressesOfTheArgumentsAreAddedToThoseOfTheConfig) {
  args = "IP=10.1.0.5/24, fd01::5/64;GATEWAY=10.1.0.1,fd01::1";
  EXPECT_THAT(add(kTwo), ElementsAre("10.0.0.5/24 via 10.0.0.1", "fd00::5/64",
                                     "10.1.0.5/24 via 10.1.0.1", "fd01::5/64 via fd01::1"));
}

TEST_F(StaticTest, AGatewayOfTheArgumentsReachesConfiguredAddressesThatHaveNone) {
  args = "GATEWAY=fd00::1,10.0.0.254";
  EXPECT_THAT(add(kTwo), ElementsAre("10.0.0.5/24 via 10.0.0.1", "fd00::5/64 via fd00::1"));
}

TEST_F(StaticTest, WhatTheRuntimeAsksForTakesTheirPlace) {
  args = "IP=10.1.0.5/24";
  const std::string convention = R"("args": {"cni": {"ips": ["10.2.0.5/24", "fd02::5/64"]}})";
  const std::string capability = R"("runtimeConfig": {"ips": ["10.3.0.5/24"]})";
  EXPECT_THAT(add(kTwo, ", " + convention), ElementsAre("10.2.0.5/24", "fd02::5/64"));
  EXPECT_THAT(add(kTwo, ", " + convention + ", " + capability), ElementsAre("10.3.0.5/24"));
  EXPECT_THAT(add(R"(, "addresses": [{"address": "unused"}])", ", " + capability),
              ElementsAre("10.3.0.5/24"));
  EXPECT_THAT(add(kTwo, R"(, "runtimeConfig": {"ips": []})"),
              ElementsAre("10.0.0.5/24 via 10.0.0.1", "fd00::5/64", "10.1.0.5/24"))
      << "an empty list asks for nothing";
}

TEST_F(StaticTest, NoAddressIsAnAnswerToo) { EXPECT_THAT(add(""), ElementsAre()); }

TEST_F(StaticTest, WrongConfigsAreRefusedInTheReferencePluginsWords) {
  struct Case {
    const char* ipam;
    const char* more;
    const char* args;
    const char* words;
  };
  const Case cases[] = {
      {R"(, "addresses": [{"address": "10.0.0.5"}])", "", "",
       "the 'address' field is expected to be in CIDR notation, got: '10.0.0.5'"},
      {R"(, "addresses": [{}])", "", "",
       "the 'address' field is expected to be in CIDR notation, got: ''"},
      {R"(, "addresses": [{"address": "10.0.0.5/24", "gateway": "x"}])", "", "",
       "ipam.addresses[0].gateway"},
      {R"(, "addresses": ["10.0.0.5/24"])", "", "", "ipam.addresses[0]"},
      {"", "", "IP=10.0.0.5", "the 'ip' field is expected to be in CIDR notation, got: '10.0.0.5'"},
      {"", "", "IP=10.0.0.5/24,", "the 'ip' field is expected to be in CIDR notation, got: ''"},
      {"", "", "GATEWAY=10.0.0", "invalid gateway address: 10.0.0"},
      {"", "", "FOO=bar", "ARGS: unknown args"},
      {"", R"(, "args": {"cni": {"ips": ["10.0.0.5"]}})", "",
       "an entry in the 'ips' field is NOT in CIDR notation, got: '10.0.0.5'"},
      {"", R"(, "runtimeConfig": {"ips": ["x"]})", "",
       "an entry in the 'ips' field is NOT in CIDR notation, got: 'x'"},
      {R"(, "routes": [{"gw": "10.0.0.1"}])", "", "", "ipam.routes[0].dst"},
      {R"(, "dns": {"search": "x"})", "", "", "ipam.dns.search"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.words);
    args = row.args;
    const Error error = refusal(call("ADD", row.ipam, row.more));
    EXPECT_THAT(error.message, HasSubstr(row.words));
    EXPECT_EQ(error.protocol_code, cni::kInvalidConfig);
    EXPECT_THAT(refusal(call("STATUS", row.ipam, row.more)).message, HasSubstr(row.words));
  }
}

TEST_F(StaticTest, AConfigWithoutIpamIsRefused) {
  EXPECT_THAT(refusal(call_with("ADD", R"({"cniVersion": "1.0.0", "name": "net"})")).message,
              HasSubstr("IPAM config missing 'ipam' key"));
}

TEST_F(StaticTest, OldVersionsHaveRoomForOneAddressPerFamily) {
  version = "0.2.0";
  args = "IP=10.1.0.5/24";
  EXPECT_THAT(refusal(call("ADD", kTwo)).message,
              HasSubstr("CNI version 0.2.0 does not support more than 1 address per family"));
}

TEST_F(StaticTest, DelAndGcHaveNothingToDoWhateverTheConfigSays) {
  args = "FOO=bar";
  for (const char* ipam : {"", R"(, "addresses": 7)", R"(, "addresses": [{"address": "x"}])"}) {
    EXPECT_EQ(call("DEL", ipam).status, 0);
    EXPECT_EQ(call("GC", ipam, R"(, "cni.dev/valid-attachments": [])").status, 0);
  }
}

TEST_F(StaticTest, CheckTellsEveryDifferenceFromTheResult) {
  const std::string v4 = R"({"address": "10.0.0.5/24", "gateway": "10.0.0.1"})";
  const std::string v6 = R"({"address": "fd00::5/64", "gateway": "fd00::1"})";
  EXPECT_EQ(check(kTwo, v4 + ", " + v6).message, "fine") << "a gateway that is not configured";
  EXPECT_EQ(check(kTwo, v6 + ", " + v4 + R"(, {"address": "10.7.0.1/24"})").message, "fine");

  const Error absent = check(kTwo, v4);
  EXPECT_EQ(absent.message, "static: Failed to match addr fd00::5/64 on interface eth0");
  EXPECT_EQ(absent.details, "fd00::5/64 is not in prevResult");

  const Error wrong = check(kTwo, R"({"address": "10.0.0.5/24"}, {"address": "fd00::5/96"})");
  EXPECT_EQ(wrong.message, "static: Failed to match addr 10.0.0.5/24 fd00::5/64 on interface eth0");
  EXPECT_EQ(wrong.details,
            "10.0.0.5/24 has gateway none in prevResult instead of 10.0.0.1; "
            "fd00::5/64 is fd00::5/96 in prevResult");
}

TEST_F(StaticTest, CheckNeedsTheResult) {
  EXPECT_THAT(refusal(call("CHECK", kTwo)).message, HasSubstr("prevResult"));
}

}  // namespace
}  // namespace netctl::static_ipam
