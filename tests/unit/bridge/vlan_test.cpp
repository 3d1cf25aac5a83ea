#include "plugins/bridge/vlan.hpp"

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/support/request.hpp"

namespace netctl::bridge {
namespace {

using rtnl::VlanRange;
using test::FailsSaying;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Config> parse(const std::string& keys) { return parse_config(test::add_request(keys)); }

std::string vlans(const std::string& keys) {
  const auto config = parse(keys);
  EXPECT_THAT(config, Succeeds());
  return config ? rtnl::to_text(port_vlans(*config).vlans) : "";
}

TEST(BridgeVlans, AreThoseOfTheTwoKeysEachOnceAndInOrder) {
  const struct {
    const char* keys;
    const char* vlans;
  } cases[] = {
      {R"("vlan": 0)", "none"},
      {R"("vlanTrunk": [])", "none"},
      {R"("vlanTrunk": null, "vlan": null)", "none"},
      {R"("vlan": 100)", "100 native untagged"},
      {R"("vlan": 4094)", "4094 native untagged"},
      {R"("vlanTrunk": [{"id": 7}])", "1 native untagged, 7"},
      {R"("vlanTrunk": [{"minID": 5, "maxID": 7}])", "1 native untagged, 5-7"},
      {R"("vlanTrunk": [{"minID": 5, "maxID": 7, "id": 9}])", "1 native untagged, 5-7, 9"},
      {R"("vlan": 2, "vlanTrunk": [{"id": 9}, {"id": 4}, {"id": 9}])", "2 native untagged, 4, 9"},
      {R"("vlan": 2, "vlanTrunk": [{"minID": 5, "maxID": 9}, {"minID": 3, "maxID": 6}])",
       "2 native untagged, 3-6, 7-9"},
      {R"("vlan": 2, "vlanTrunk": [{"minID": 5, "maxID": 9}, {"minID": 6, "maxID": 7}])",
       "2 native untagged, 5-9"},
      // What leaves untagged cannot leave with a tag as well.
      {R"("vlan": 6, "vlanTrunk": [{"minID": 5, "maxID": 9}])", "6 native untagged, 5, 7-9"},
      {R"("vlan": 6, "vlanTrunk": [{"id": 6}])", "6 native untagged"},
      {R"("vlanTrunk": [{"minID": 1, "maxID": 4094}])", "1 native untagged, 2-4094"},
  };
  for (const auto& [keys, expected] : cases) {
    SCOPED_TRACE(keys);
    EXPECT_EQ(vlans(keys), expected);
  }
}

TEST(BridgeVlans, WhatIsNoVlanIsRefusedInTheReferencePluginsWords) {
  const struct {
    const char* keys;
    const char* words;
  } cases[] = {
      {R"("vlan": 4095)", "invalid VLAN ID 4095 (must be between 0 and 4094)"},
      {R"("vlan": -1)", "invalid VLAN ID -1 (must be between 0 and 4094)"},
      {R"("vlan": "100")", "\"vlan\": \"100\" is not a number"},
      {R"("vlanTrunk": [{"minID": 5}])",
       "minID and maxID should be configured simultaneously, maxID is missing"},
      {R"("vlanTrunk": [{"maxID": 5}])",
       "minID and maxID should be configured simultaneously, minID is missing"},
      {R"("vlanTrunk": [{"minID": 0, "maxID": 5}])", "incorrect trunk minID parameter"},
      {R"("vlanTrunk": [{"minID": 1, "maxID": 4095}])", "incorrect trunk maxID parameter"},
      {R"("vlanTrunk": [{"id": 4095}])", "incorrect trunk id parameter"},
      {R"("vlanTrunk": [{"minID": 9, "maxID": 5}])",
       "minID is greater than maxID in trunk parameter"},
      {R"("vlanTrunk": {"id": 5})", "vlanTrunk"},
      {R"("vlanTrunk": [5])", "vlanTrunk"},
      {R"("preserveDefaultVlan": 1)", "preserveDefaultVlan"},
  };
  for (const auto& [keys, words] : cases) {
    SCOPED_TRACE(keys);
    EXPECT_THAT(parse(keys), FailsSaying(HasSubstr(words)));
  }
}

TEST(BridgeVlans, TheDefaultVlanIsKeptOnlyWhereThatIsAskedFor) {
  EXPECT_FALSE(port_vlans(*parse(R"("vlan": 100)")).keep_default);
  EXPECT_TRUE(port_vlans(*parse(R"("vlan": 100, "preserveDefaultVlan": true)")).keep_default);
}

TEST(BridgeVlans, AVlanHasAGatewayOfItsOwnAndATrunkTheBridge) {
  EXPECT_TRUE(has_vlan_gateway(*parse(R"("vlan": 100, "isDefaultGateway": true)")));
  EXPECT_FALSE(has_vlan_gateway(*parse(R"("vlan": 100)")));
  EXPECT_FALSE(has_vlan_gateway(*parse(R"("vlanTrunk": [{"id": 7}], "isGateway": true)")));
}

}  // namespace
}  // namespace netctl::bridge
