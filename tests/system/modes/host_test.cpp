// Network mode host: the container is the host.
#include "runtime-core/cni/result.hpp"
#include "tests/system/modes/mode_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class HostMode : public ModeHost {
 protected:
  void SetUp() override {
    ModeHost::SetUp();
    if (IsSkipped()) return;
    connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
    sure("ip addr add fd00:1::1/64 dev lan0 nodad");
    sure("ip link add spare0 type bridge");
    sure("ip addr add 10.99.0.1/24 dev spare0");
    sure("ip route add default via 203.0.113.2 dev lan0");
    before_ = host_state();
  }

  sys::Finished host(const std::string& command, const std::string& more = "",
                     const std::string& version = "1.1.0") {
    auto call = call_of(command);
    call["CNI_NETNS"] = "/proc/self/ns/net";
    return plugin("host", call, config_of("host", more, version));
  }

  void expect_refused(const sys::Finished& finished, const std::string& words) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr("\"msg\""), HasSubstr(words)));
    EXPECT_EQ(host_state(), before_);
  }

  std::string before_;
};

TEST_F(HostMode, TheResultIsTheHostWithTheAddressThatLeadsOutFirst) {
  const auto added = host("ADD");
  ASSERT_EQ(added.exit_status, 0) << added.out;
  const auto result = cni::parse_result(added.out, "1.1.0");
  ASSERT_TRUE(result);

  std::vector<std::string> names;
  for (const cni::Interface& interface : result->interfaces) {
    names.push_back(interface.name);
    EXPECT_EQ(interface.sandbox, "");
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("lo", "lan0", "spare0"));
  std::vector<std::string> addresses;
  for (const cni::Ip& ip : result->ips) {
    if (ip.address.to_text().starts_with("fe80:")) continue;
    addresses.push_back(names.at(ip.interface.value()) + " " + ip.address.to_text() +
                        (ip.gateway ? " via " + ip.gateway->to_text() : ""));
  }
  EXPECT_THAT(addresses,
              testing::ElementsAre("lan0 203.0.113.1/24 via 203.0.113.2", "spare0 10.99.0.1/24",
                                   "lan0 fd00:1::1/64", "lo 127.0.0.1/8", "lo ::1/128"));
  EXPECT_EQ(host_state(), before_);
}

TEST_F(HostMode, TheOldestShapeHasTheFirstAddressOfEachFamily) {
  EXPECT_EQ(compact(host("ADD", "", "0.2.0").out),
            R"({"cniVersion":"0.2.0","ip4":{"ip":"203.0.113.1/24","gateway":"203.0.113.2"},)"
            R"("ip6":{"ip":"fd00:1::1/64"},"dns":{}})");
}

TEST_F(HostMode, ANamespaceOfItsOwnIsRefused) {
  for (const char* command : {"ADD", "CHECK"}) {
    const auto refused = plugin("host", call_of(command), config_of("host"));
    expect_refused(refused, "has a network namespace of its own (/run/netns/web)");
    EXPECT_THAT(refused.out, HasSubstr("\"code\": 8"));
  }
}

TEST_F(HostMode, PublishedPortsAreDiscardedWithAWarning) {
  const auto added = host("ADD", R"("runtimeConfig": {"portMappings": [{"hostPort": 8080,
                                    "containerPort": 80, "protocol": "tcp"}]})");
  EXPECT_EQ(added.exit_status, 0) << added.out;
  EXPECT_THAT(added.err, HasSubstr("published ports are discarded when using host network mode"));
  EXPECT_EQ(host_state(), before_);
}

TEST_F(HostMode, WhatWouldChangeTheHostIsRefusedAllInOneError) {
  const auto refused = host("ADD", R"("runtimeConfig": {"mac": "02:00:00:00:00:01",
      "ips": ["10.0.0.2/24"], "aliases": ["db"]}, "ipam": {"type": "host-local"})");
  expect_refused(refused, "conflicting options: mac-address and the network mode host");
  EXPECT_THAT(refused.out, AllOf(HasSubstr("IP address"), HasSubstr("alias"), HasSubstr("ipam")));
}

TEST_F(HostMode, DnsIsPassedOnTheRuntimesBeforeTheConfigs) {
  const std::string config = R"("dns": {"nameservers": ["10.0.0.1"]})";
  EXPECT_THAT(compact(host("ADD", config).out), HasSubstr(R"("dns":{"nameservers":["10.0.0.1"]})"));
  EXPECT_THAT(compact(host("ADD", config + R"(, "runtimeConfig": {"dns": {"servers": ["10.0.0.2"],
                          "searches": ["lan"]}})")
                          .out),
              HasSubstr(R"("dns":{"nameservers":["10.0.0.2"],"search":["lan"]})"));
}

TEST_F(HostMode, TheOtherOperationsSucceedAndTouchNothing) {
  for (const char* command : {"CHECK", "DEL", "DEL", "GC", "STATUS"}) {
    EXPECT_EQ(host(command).exit_status, 0) << command;
  }
  EXPECT_EQ(host_state(), before_);
}

}  // namespace
}  // namespace netctl::test
