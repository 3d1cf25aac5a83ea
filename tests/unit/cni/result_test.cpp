#include "runtime-core/cni/result.hpp"

#include "runtime-core/cni/version.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

// What the reference bridge plugin gives for a container with a default route.
AddResult bridge_result() {
  AddResult result;
  result.interfaces = {{.name = "cni0", .mac = "4e:34:b0:d1:e1:8a"},
                       {.name = "vethd2be4a95", .mac = "da:7c:e6:7f:6c:77"},
                       {.name = "eth0", .mac = "1e:06:b7:a0:af:44", .sandbox = "/run/netns/c1"}};
  result.ips = {{.address = prefix("10.88.0.2/24"), .gateway = ip("10.88.0.1"), .interface = 2}};
  result.routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.88.0.1")}};
  return result;
}

// Everything that any version can tell.
AddResult full_result() {
  AddResult result;
  result.interfaces = {{.name = "eth0",
                        .mac = "02:00:00:00:00:01",
                        .mtu = 1400,
                        .sandbox = "/run/netns/c1",
                        .socket_path = "/s",
                        .pci_id = "0000:04:00.5"}};
  result.ips = {{.address = prefix("10.1.0.2/24"), .gateway = ip("10.1.0.1"), .interface = 0},
                {.address = prefix("fd01::2/64"), .gateway = ip("fd01::1"), .interface = 0},
                {.address = prefix("10.2.0.2/24")}};
  result.routes = {{.destination = prefix("0.0.0.0/0"),
                    .gateway = ip("10.1.0.1"),
                    .mtu = 1300,
                    .advmss = 1200,
                    .priority = 50,
                    .table = 0,
                    .scope = 0},
                   {.destination = prefix("::/0")}};
  result.dns = {.nameservers = {"10.1.0.53", "fd01::53"},
                .domain = "example.com",
                .search = {"a", "b"},
                .options = {"ndots:5"}};
  return result;
}

TEST(Result, OfTheNewestShapeIsAsUpstreamPrintsIt) {
  const auto text = to_json(bridge_result(), "1.0.0");
  ASSERT_THAT(text, Succeeds());
  EXPECT_EQ(*text, R"({
    "cniVersion": "1.0.0",
    "interfaces": [
        {
            "mac": "4e:34:b0:d1:e1:8a",
            "name": "cni0"
        },
        {
            "mac": "da:7c:e6:7f:6c:77",
            "name": "vethd2be4a95"
        },
        {
            "mac": "1e:06:b7:a0:af:44",
            "name": "eth0",
            "sandbox": "/run/netns/c1"
        }
    ],
    "ips": [
        {
            "address": "10.88.0.2/24",
            "gateway": "10.88.0.1",
            "interface": 2
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0",
            "gw": "10.88.0.1"
        }
    ]
})");
}

TEST(Result, OfTheMiddleShapeTellsTheIpVersionAndAlwaysDns) {
  AddResult result = bridge_result();
  result.routes = {{.destination = prefix("0.0.0.0/0"), .priority = 50}};
  result.interfaces.resize(1);
  const auto text = to_json(result, "0.4.0");
  ASSERT_THAT(text, Succeeds());
  EXPECT_EQ(*text, R"({
    "cniVersion": "0.4.0",
    "interfaces": [
        {
            "name": "cni0",
            "mac": "4e:34:b0:d1:e1:8a"
        }
    ],
    "ips": [
        {
            "version": "4",
            "interface": 2,
            "address": "10.88.0.2/24",
            "gateway": "10.88.0.1"
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0",
            "priority": 50
        }
    ],
    "dns": {}
})");
}

TEST(Result, OfTheOldestShapeHasOneAddressPerFamily) {
  AddResult result;
  result.ips = {{.address = prefix("10.1.0.2/24"), .gateway = ip("10.1.0.1")}};
  result.routes = {{.destination = prefix("0.0.0.0/0")}};
  const auto text = to_json(result, "0.2.0");
  ASSERT_THAT(text, Succeeds());
  EXPECT_EQ(*text, R"({
    "cniVersion": "0.2.0",
    "ip4": {
        "ip": "10.1.0.2/24",
        "gateway": "10.1.0.1",
        "routes": [
            {
                "dst": "0.0.0.0/0"
            }
        ]
    },
    "dns": {}
})");
}

TEST(Result, OfAConfigWithoutVersionIsTheOldest) {
  AddResult result;
  result.ips = {{.address = prefix("10.1.0.2/24")}};
  EXPECT_THAT(*to_json(result, ""), HasSubstr("\"cniVersion\": \"0.1.0\""));
}

TEST(Result, TellsAllItKnowsInTheNewestShape) {
  const auto text = to_json(full_result(), "1.1.0");
  ASSERT_THAT(text, Succeeds());
  for (const char* part : {R"("dns": {
        "domain": "example.com",
        "nameservers": [
            "10.1.0.53",
            "fd01::53"
        ],
        "options": [
            "ndots:5"
        ],
        "search": [
            "a",
            "b"
        ]
    },)",
                           R"(
            "mac": "02:00:00:00:00:01",
            "mtu": 1400,
            "name": "eth0",
            "pciID": "0000:04:00.5",
            "sandbox": "/run/netns/c1",
            "socketPath": "/s"
)",
                           R"(
            "advmss": 1200,
            "dst": "0.0.0.0/0",
            "gw": "10.1.0.1",
            "mtu": 1300,
            "priority": 50,
            "scope": 0,
            "table": 0
)"}) {
    EXPECT_THAT(*text, HasSubstr(part));
  }
}

TEST(Result, ComesBackFromTheNewestShapesWhole) {
  for (const char* version : {"1.0.0", "1.1.0"}) {
    SCOPED_TRACE(version);
    const auto back = parse_result(*to_json(full_result(), version), "0.2.0");
    ASSERT_THAT(back, Succeeds());
    EXPECT_EQ(*back, full_result());
  }
}

TEST(Result, LosesInTheMiddleShapesWhatInterfacesCouldNotTell) {
  AddResult expected = full_result();
  expected.interfaces.front().mtu = 0;
  expected.interfaces.front().socket_path = "";
  expected.interfaces.front().pci_id = "";
  for (const char* version : {"0.3.0", "0.3.1", "0.4.0"}) {
    SCOPED_TRACE(version);
    const auto back = parse_result(*to_json(full_result(), version), "");
    ASSERT_THAT(back, Succeeds());
    EXPECT_EQ(*back, expected);
  }
}

TEST(Result, KeepsInTheOldestShapesTheFirstAddressOfEachFamily) {
  AddResult expected;
  expected.ips = {{.address = prefix("10.1.0.2/24"), .gateway = ip("10.1.0.1")},
                  {.address = prefix("fd01::2/64"), .gateway = ip("fd01::1")}};
  expected.routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.0.1")},
                     {.destination = prefix("::/0")}};
  expected.dns = full_result().dns;
  for (const char* version : {"0.1.0", "0.2.0"}) {
    SCOPED_TRACE(version);
    const auto back = parse_result(*to_json(full_result(), version), "1.1.0");
    ASSERT_THAT(back, Succeeds());
    EXPECT_EQ(*back, expected);
  }
}

TEST(Result, DropsRoutesOfAFamilyThatHasNoAddress) {
  AddResult result;
  result.ips = {{.address = prefix("fd01::2/64")}};
  result.routes = {{.destination = prefix("0.0.0.0/0")}, {.destination = prefix("::/0")}};
  const auto text = to_json(result, "0.2.0");
  ASSERT_THAT(text, Succeeds());
  EXPECT_THAT(*text, testing::Not(HasSubstr("0.0.0.0")));
  EXPECT_THAT(*text, HasSubstr("::/0"));
}

TEST(Result, WithoutAddressesHasNoOldShape) {
  for (const char* version : {"", "0.1.0", "0.2.0"}) {
    EXPECT_THAT(to_json(AddResult{}, version),
                FailsSaying("cannot convert: no valid IP addresses"));
  }
  EXPECT_EQ(*to_json(AddResult{}, "0.3.1"),
            "{\n    \"cniVersion\": \"0.3.1\",\n    \"dns\": {}\n}");
  EXPECT_EQ(*to_json(AddResult{}, "1.1.0"), "{\n    \"cniVersion\": \"1.1.0\"\n}");
}

TEST(Result, OfAVersionThatNobodyKnowsIsRefused) {
  EXPECT_THAT(to_json(bridge_result(), "9.9.9"), FailsSaying(HasSubstr("9.9.9")));
  EXPECT_THAT(parse_result("{}", "9.9.9"), FailsSaying(HasSubstr("9.9.9")));
  EXPECT_THAT(parse_result(R"({"cniVersion":"9.9.9"})", "1.0.0"), FailsSaying(HasSubstr("9.9.9")));
}

TEST(Result, OfAnIpamPluginMayBeSparse) {
  const std::pair<std::string_view, std::size_t> table[] = {
      {"{}", 0},
      {"null", 0},
      {R"({"cniVersion":"","ips":null})", 0},
      {R"({"ips":[{"address":"10.0.0.2/24"}],"unknown":{}})", 1},
      {R"({"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24","gateway":""}]})", 1},
      {R"({"CNIVERSION":"0.2.0","IP4":{"IP":"10.0.0.2/24"},"ip6":null})", 1},
  };
  for (const auto& [text, ips] : table) {
    SCOPED_TRACE(text);
    const auto parsed = parse_result(text, "1.0.0");
    ASSERT_THAT(parsed, Succeeds());
    EXPECT_EQ(parsed->ips.size(), ips);
  }
}

TEST(Result, TellsAbsentFromZeroInRoutes) {
  const auto parsed = parse_result(
      R"({"routes":[{"dst":"10.0.0.0/8"},{"dst":"10.0.0.0/8","table":0,"scope":253}]})", "1.0.0");
  ASSERT_THAT(parsed, Succeeds());
  EXPECT_FALSE(parsed->routes[0].table || parsed->routes[0].scope);
  EXPECT_EQ(parsed->routes[1].table, 0U);
  EXPECT_EQ(parsed->routes[1].scope, 253);
}

TEST(Result, SaysAllThatIsWrongWithIt) {
  EXPECT_THAT(
      parse_result(
          R"({"interfaces":[{"name":1}],"ips":[{},{"address":"x","interface":-1}],"dns":[]})",
          "1.0.0"),
      FailsSaying(R"(invalid result: "interfaces[0].name": 1 is not a text; )"
                  R"("ips[0].address": is missing; )"
                  R"("ips[1].address": "x" is not in CIDR notation: no "/length"; )"
                  R"("ips[1].interface": -1 is not between 0 and 4294967295; )"
                  R"("dns": a list is not an object)"));
}

TEST(Result, ThatIsNoJsonIsRefused) {
  EXPECT_THAT(parse_result("", "1.0.0"),
              FailsSaying("invalid result: unexpected end of JSON input"));
  EXPECT_THAT(parse_result("[]", "1.0.0"), FailsSaying("invalid result: a list is not an object"));
}

}  // namespace
}  // namespace netctl::cni
