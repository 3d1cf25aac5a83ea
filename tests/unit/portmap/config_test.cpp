#include "portmap/config.hpp"

#include <string>

#include <gmock/gmock.h>

#include "runtime-core/cni/error.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/request.hpp"

namespace netctl::portmap {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Config> parse(const std::string& keys) { return parse_config(test::add_request(keys)); }

unsigned code_of(const std::string& keys) {
  const auto config = parse(keys);
  return config ? 0 : config.error().protocol_code;
}

TEST(PortmapConfig, EveryKeyIsRead) {
  const auto config = parse(R"("snat": false, "masqAll": true, "backend": "nftables",
      "markMasqBit": 13, "externalSetMarkChain": "", "conditionsV4": [], "conditionsV6": null,
      "runtimeConfig": {"portMappings": [
        {"hostPort": 8080, "containerPort": 80, "protocol": "UDP", "hostIP": "127.0.0.1"},
        {"hostPort": 0, "containerPort": 443}]})");
  ASSERT_THAT(config, Succeeds());
  EXPECT_FALSE(config->snat);
  EXPECT_TRUE(config->masq_all);
  EXPECT_THAT(config->mappings, ElementsAre(PortMapping{.host_ip = IpAddress::v4(127, 0, 0, 1),
                                                        .host_port = 8080,
                                                        .container_port = 80,
                                                        .protocol = Protocol::Udp},
                                            PortMapping{.container_port = 443}));
}

TEST(PortmapConfig, EitherBackendIsTakenAndNoOther) {
  EXPECT_EQ(code_of(R"("backend": "iptables")"), 0U);
  EXPECT_EQ(code_of(R"("backend": null)"), 0U);
  EXPECT_EQ(code_of(R"("backend": "ipfw")"), cni::kInvalidConfig);
  EXPECT_THAT(parse(R"("backend": "ipfw")"),
              FailsSaying(HasSubstr("unrecognized backend \"ipfw\"")));
}

TEST(PortmapConfig, TheBitOfTheMarkHasLimitsAndNoOtherChain) {
  EXPECT_EQ(code_of(R"("markMasqBit": 0)"), 0U);
  EXPECT_EQ(code_of(R"("markMasqBit": 31)"), 0U);
  EXPECT_EQ(code_of(R"("markMasqBit": 32)"), cni::kInvalidConfig);
  EXPECT_EQ(code_of(R"("markMasqBit": -1)"), cni::kInvalidConfig);
  EXPECT_EQ(code_of(R"("markMasqBit": 1, "externalSetMarkChain": "KUBE-MARK-MASQ")"),
            cni::kInvalidConfig);
}

TEST(PortmapConfig, AnotherChainThatMarksIsTakenAsAWishToMasquerade) {
  EXPECT_EQ(code_of(R"("externalSetMarkChain": "KUBE-MARK-MASQ")"), 0U);
}

TEST(PortmapConfig, ConditionsAreReadForEachFamily) {
  const auto config = parse(R"("conditionsV4": ["!", "-d", "192.0.2.0/24"],
      "conditionsV6": ["ip6 saddr fd00::/8"])");
  ASSERT_THAT(config, Succeeds());
  EXPECT_EQ(attach::condition_chain(config->conditions_v4), "when--not-to-192.0.2.0/24");
  EXPECT_EQ(attach::condition_chain(config->conditions_v6), "when--from-fd00__/8");
}

TEST(PortmapConfig, ConditionsThatCannotBeDoneAreRefusedByNameAndNotPassedOver) {
  EXPECT_EQ(code_of(R"("conditionsV4": ["-m", "owner"])"), cni::kUnsupportedField);
  EXPECT_THAT(parse(R"("conditionsV6": ["tcp flags syn"])"),
              FailsSaying(AllOf(HasSubstr("conditionsV6"), HasSubstr("\"tcp\""))));
  EXPECT_EQ(code_of(R"("conditionsV4": ["-s", "10.0.0.300"])"), cni::kInvalidConfig);
  EXPECT_EQ(code_of(R"("gatewayModeV4": "routed", "conditionsV4": ["-s", "10.0.0.3"])"),
            cni::kUnsupportedField);
}

TEST(PortmapConfig, APortAskedForTwiceIsRefused) {
  const std::string twice = R"("runtimeConfig": {"portMappings": [
      {"hostPort": 8080, "containerPort": 80}, {"hostPort": 8080, "containerPort": 81}]})";
  EXPECT_EQ(code_of(twice), cni::kInvalidConfig);
  EXPECT_THAT(parse(twice), FailsSaying(HasSubstr("asked for twice")));
}

TEST(PortmapConfig, AllProblemsAreToldAtOnce) {
  EXPECT_THAT(parse(R"("snat": 1, "backend": "x", "markMasqBit": 99,
      "runtimeConfig": {"portMappings": [{"hostPort": 70000}]})"),
              FailsSaying(AllOf(HasSubstr("snat"), HasSubstr("backend"), HasSubstr("markMasqBit"),
                                HasSubstr("70000"), HasSubstr("containerPort"))));
}

}  // namespace
}  // namespace netctl::portmap
