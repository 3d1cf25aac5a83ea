#pragma once

#include <string>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {

// A host with two networks of both families, and a router's distance away another machine:
//
//   web, neighbour - net (cni0, 10.7.0.0/24, fd00:7::/64) ---- host ---- lan (203.0.113.0/24,
//   stranger       - other (cni1, 10.8.0.0/24, fd00:8::/64) /             2001:db8::/64)
//
// Only `web` publishes; its address is the first of its network.
class PortmapHost : public Lab {
 protected:
  static constexpr const char* kHost4 = "203.0.113.1";
  static constexpr const char* kHost6 = "2001:db8::1";
  static constexpr const char* kLan4 = "203.0.113.2";
  static constexpr const char* kLan6 = "2001:db8::2";
  static constexpr const char* kWeb4 = "10.7.0.2";
  static constexpr const char* kWeb6 = "fd00:7::2";

  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    write_networks(false);
    // An ADD switches it on for good, which shows in the routes.
    sure("sysctl -qw net.ipv6.conf.all.forwarding=1");
    for (const char* name : {"web", "neighbour", "stranger"}) {
      sure(format("netctl ns add {}", name));
    }
    connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
    sure("ip addr add 2001:db8::1/64 dev lan0 nodad");
    EXPECT_EQ(run_in("lan", "ip addr add 2001:db8::2/64 dev eth0 nodad").exit_status, 0);
  }

  void write_networks(bool hairpin) {
    write_network("10-net.conflist", network("net", "cni0", 7, hairpin));
    write_network("20-other.conflist", network("other", "cni1", 8, hairpin));
  }

  // The two that publish nothing.
  void attach_others() {
    sure("netctl add net neighbour");
    sure("netctl add other stranger");
  }

  // Where bridge netfilter does not see IPv6; without it, it never does.
  void without_bridge_netfilter() { run("sysctl -qw net.bridge.bridge-nf-call-ip6tables=0"); }

 private:
  static std::string network(const char* name, const char* bridge, int number, bool hairpin) {
    return format(R"({{"cniVersion": "1.0.0", "name": "{0}", "plugins": [
        {{"type": "bridge", "bridge": "{1}", "isDefaultGateway": true, "ipMasq": true,
          "hairpinMode": {3}, "ipam": {{"type": "host-local", "ranges": [
            [{{"subnet": "10.{2}.0.0/24"}}], [{{"subnet": "fd00:{2}::/64"}}]]}}}},
        {{"type": "portmap", "capabilities": {{"portMappings": true}}}}]}})",
                  name, bridge, number, hairpin);
  }
};

}  // namespace netctl::test
