// What a plugin's process may do of all that root may (capabilities(7)), seen by an IPAM plugin
// that it calls.
#include <linux/capability.h>

#include <cstdint>
#include <string>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

class Privileges : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    write_network("onlooker",
                  "#!/bin/sh\n"
                  "grep -E 'Cap(Prm|Eff)' /proc/$PPID/status >/run/of-plugin\n"
                  "grep -E 'Cap(Prm|Eff)' /proc/self/status >/run/of-onlooker\n"
                  "exit 1\n");
    sure("chmod +x /run/cni-config/onlooker");
    sure("netctl ns add web");
    const sys::Finished finished = plugin("bridge",
                                          {{"CNI_COMMAND", "ADD"},
                                           {"CNI_CONTAINERID", "web"},
                                           {"CNI_NETNS", "/run/netns/web"},
                                           {"CNI_IFNAME", "eth0"},
                                           {"CNI_PATH", "/run/cni-config"}},
                                          R"({"cniVersion": "1.1.0", "name": "net",
                                              "type": "bridge", "ipam": {"type": "onlooker"}})");
    EXPECT_EQ(finished.exit_status, 1) << "the onlooker gives no address";
  }
};

std::string permitted_and_effective(std::uint64_t mask) {
  return format("CapPrm:\t{0:016x}\nCapEff:\t{0:016x}", mask);
}

TEST_F(Privileges, OnlyWhatIsNeededIsKept) {
  std::uint64_t needed = 0;
  for (const int each : {CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_NET_RAW,
                         CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER}) {
    needed |= std::uint64_t{1} << each;
  }
  EXPECT_EQ(sure("cat /run/of-plugin"), permitted_and_effective(needed));
}

TEST_F(Privileges, APluginOfAnotherHasThoseOfRoot) {
  EXPECT_EQ(sure("cat /run/of-onlooker"), sure("grep -E Cap(Prm|Eff) /proc/self/status"));
  EXPECT_NE(sure("cat /run/of-onlooker"), sure("cat /run/of-plugin"));
}

}  // namespace
}  // namespace netctl::test
