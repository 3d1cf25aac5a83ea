#pragma once

#include <algorithm>
#include <regex>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {

inline constexpr const char* kHostsOwn = "/proc/self/ns/net";

// A host on a network with one other machine, "lan", and two namespaces for containers; a network
// "front" of both families and one "six" of IPv6 alone.
class DockerHost : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    // It stays on after an ADD, and shows: each interface of a router gets an anycast address.
    sure("sysctl -qw net.ipv6.conf.all.forwarding=1");
    connect_machine("lan", "lan0", "203.0.113.1/24", "203.0.113.2/24");
    sure("ip addr add fd99::1/64 dev lan0 nodad");
    run_in("lan", "ip addr add fd99::2/64 dev eth0 nodad");
    for (const char* name : {"web", "db"}) sure(format("netctl ns add {}", name));
    sure("netctl network create front --subnet 10.5.0.0/24 --subnet fd05::/64");
    sure("netctl network create six --subnet fd06::/64");
  }

  // Names of the interfaces in a namespace, in alphabetical order; of the host where it is empty.
  std::string interfaces(const std::string& ns) {
    const std::string text = (ns.empty() ? run("ip -o link") : run_in(ns, "ip -o link")).out;
    const std::regex name("(?:^|\n)[0-9]+: ([^:@]+)");
    std::vector<std::string> names;
    for (std::sregex_iterator each(text.begin(), text.end(), name), end; each != end; ++each) {
      names.push_back((*each)[1]);
    }
    std::ranges::sort(names);
    std::string all;
    for (const std::string& each : names) all += (all.empty() ? "" : " ") + each;
    return all;
  }

  std::string default_route(const std::string& ns, int family = 4) {
    return run_in(ns, format("ip -{} route show default", family)).out;
  }

  // The kernel takes a namespace's links, and with them their peers on the host, some time after
  // the namespace's name is gone: returns when it has done so.
  void delete_namespace(const std::string& ns) {
    sure(format("ip netns del {}", ns));
    for (int tenths = 0; tenths < 300; ++tenths) {
      if (interfaces("").find("veth") == std::string::npos) return;
      sure("sleep 0.1");
    }
    ADD_FAILURE() << "a namespace's links are there after 30 s: " << interfaces("");
  }

  // All that an attachment can change, on the host and in the namespaces.
  std::string state() {
    std::string all = host_state();
    for (const char* ns : {"web", "db"}) {
      for (const char* line : {"ip -o link", "ip -o -4 addr", "ip route"}) {
        all += run_in(ns, line).out;
      }
    }
    return all;
  }

  // `line` fails, says all of `words`, and changes nothing.
  void expect_refused(const std::string& line, const std::vector<std::string>& words) {
    SCOPED_TRACE(line);
    const std::string before = state();
    const auto refused = run(line);
    EXPECT_EQ(refused.exit_status, 1) << refused.out;
    for (const std::string& each : words) EXPECT_THAT(refused.err, testing::HasSubstr(each));
    EXPECT_EQ(state(), before);
  }
};

}  // namespace netctl::test
