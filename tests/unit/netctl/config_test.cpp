#include "netctl/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::command {
namespace {

using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

NewNetwork web() {
  return {.name = "web",
          .bridge = "nc-web",
          .subnets = {{.subnet = *parse_ip_prefix("10.5.0.0/24"),
                       .gateway = *parse_ip_address("10.5.0.254"),
                       .first = *parse_ip_address("10.5.0.16"),
                       .last = *parse_ip_address("10.5.0.31"),
                       .excluded = {*parse_ip_address("10.5.0.20")}},
                      {.subnet = *parse_ip_prefix("fd05::/64")}},
          .routes = {{.destination = *parse_ip_prefix("10.9.0.0/16"),
                      .gateway = *parse_ip_address("10.5.0.7"),
                      .metric = 5}},
          .nameservers = {"10.5.0.53"},
          .labels = {{"tier", "front"}, {"empty", ""}},
          .created = "2026-01-02T03:04:05Z",
          .mtu = 1400};
}

cni::NetworkConfig parsed(const NewNetwork& network) {
  auto config = cni::parse_network_list(network_json(network), "");
  EXPECT_THAT(config, Succeeds());
  return std::move(config).value();
}

TEST(NetworkJson, IsANetworkOfWhichTheSameFactsAreRead) {
  const cni::NetworkConfig config = parsed(web());
  EXPECT_EQ(config.name, "web");
  EXPECT_EQ(config.cni_version, "1.1.0");

  const NetworkFacts facts = network_facts(config);
  EXPECT_EQ(facts.driver, "bridge");
  EXPECT_THAT(facts.plugins, ElementsAre("bridge", "portmap", "firewall"));
  EXPECT_EQ(facts.bridge, "nc-web");
  EXPECT_THAT(facts.subnets,
              ElementsAre(*parse_ip_prefix("10.5.0.0/24"), *parse_ip_prefix("fd05::/64")));
  EXPECT_THAT(facts.labels, ElementsAre(Pair("empty", ""), Pair("tier", "front")));
  EXPECT_EQ(facts.created, "2026-01-02T03:04:05Z");
}

TEST(NetworkJson, SaysWhatWasAskedFor) {
  const std::string json = cni::json_of(parsed(web()).plugins.front());
  for (
      const char* part :
      {R"("isDefaultGateway":true)", R"("ipMasq":true)", R"("mtu":1400)",
       R"({"subnet":"10.5.0.0/24","rangeStart":"10.5.0.16","rangeEnd":"10.5.0.31","gateway":"10.5.0.254","exclude":["10.5.0.20"]})",
       R"({"dst":"10.9.0.0/16","gw":"10.5.0.7","priority":5})", R"("nameservers":["10.5.0.53"])"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

TEST(NetworkJson, AnInternalNetworkHasTheHostOnItAndNoWayOut) {
  NewNetwork network = web();
  network.internal = true;
  const std::string json = network_json(network);
  EXPECT_THAT(json, AllOf(HasSubstr("\"internal\": true"), HasSubstr("\"isGateway\": true")));
  for (const char* way_out : {"isDefaultGateway", "ipMasq", "gatewayMode"}) {
    EXPECT_THAT(json, Not(HasSubstr(way_out)));
  }
}

TEST(NetworkJson, ANetworkIsProtectedUnlessToldOtherwise) {
  NewNetwork network = web();
  const auto with_modes = [&] {
    auto plugins = parsed(network).plugins;
    std::erase_if(plugins, [](const auto& plugin) { return plugin.type == "firewall"; });
    return plugins;
  };
  for (const auto& plugin : with_modes()) {
    EXPECT_THAT(cni::json_of(plugin), AllOf(HasSubstr(R"("gatewayModeV4":"nat")"),
                                            HasSubstr(R"("gatewayModeV6":"nat")")));
  }
  network.gateway_mode_v6 = "routed";
  for (const auto& plugin : with_modes()) {
    EXPECT_THAT(cni::json_of(plugin), AllOf(HasSubstr(R"("gatewayModeV4":"nat")"),
                                            HasSubstr(R"("gatewayModeV6":"routed")")));
  }
}

TEST(NetworkJson, IsolationIsTrueOrStrict) {
  NewNetwork network = web();
  EXPECT_THAT(network_json(network), Not(HasSubstr("isolate")));
  network.isolate = "true";
  EXPECT_THAT(network_json(network), HasSubstr("\"isolate\": true"));
  network.isolate = "strict";
  EXPECT_THAT(network_json(network), HasSubstr("\"isolate\": \"strict\""));
}

TEST(NetworkJson, WithoutAddressesThereAreNoPortsToPublish) {
  NewNetwork network = web();
  network.ipam.clear();
  EXPECT_THAT(network_facts(parsed(network)).plugins, ElementsAre("bridge"));
  EXPECT_THAT(network_json(network), Not(HasSubstr("ipam")));
}

TEST(NetworkFacts, OfPodmansFilesHaveItsLabels) {
  const auto config = cni::parse_network_list(R"({"cniVersion": "0.4.0", "name": "podman1",
      "plugins": [{"type": "bridge", "bridge": "cni-podman1", "args": {"podman_labels": {"a": "b"}},
                   "ipam": {"type": "host-local", "subnet": "10.89.0.0/24"}},
                  {"type": "firewall"}]})",
                                              "");
  const NetworkFacts facts = network_facts(*config);
  EXPECT_THAT(facts.labels, ElementsAre(Pair("a", "b")));
  EXPECT_THAT(facts.subnets, ElementsAre(*parse_ip_prefix("10.89.0.0/24")));
  EXPECT_EQ(facts.created, "");
}

TEST(NetworkFacts, WhatIsOfAnotherTypeIsMissing) {
  const auto config = cni::parse_network_list(
      R"({"name": "odd", "netctl": 7, "plugins": [{"type": "x", "bridge": 5, "args": [], "ipam": "no"}]})",
      "");
  ASSERT_THAT(config, Succeeds());
  const NetworkFacts facts = network_facts(*config);
  EXPECT_EQ(facts.driver, "x");
  EXPECT_EQ(facts.bridge, "");
  EXPECT_TRUE(facts.subnets.empty());
}

}  // namespace
}  // namespace netctl::command
