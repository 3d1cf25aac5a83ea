// A DEL ends when nobody can see the attachment any more. What the kernel then waits for is left to
// a successor, where there can be one.
#include <fstream>

#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

// One address, so that none is left while it is not released.
constexpr char kOneAddress[] = R"({"cniVersion": "1.1.0", "name": "net1", "type": "bridge",
  "bridge": "cni1", "isGateway": true, "ipMasq": true, "macspoofchk": true,
  "ipam": {"type": "host-local", "subnet": "10.1.0.0/24",
    "rangeStart": "10.1.0.7", "rangeEnd": "10.1.0.7"}})";

class BridgeRemoval : public Calls {
 protected:
  // A DEL that is started by other words than just its file's name.
  sys::Finished del_by(const std::string& words) {
    std::ofstream("/run/config") << kOneAddress;
    return run(
        format("CNI_COMMAND=DEL CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_PATH={0} "
               "CNI_NETNS=/run/netns/web ASAN_OPTIONS=detect_leaks=0 {1} {0}/del",
               directory_, words));
  }

  void SetUp() override {
    Calls::SetUp();
    sure("netctl ns add web");
    sure("mkdir " + directory_);
    for (const char* name : {"bridge", "host-local"}) {
      sure(format("ln -s {}/{} {}/", plugin_directory(), name, directory_));
    }
    // run() splits at spaces and knows no input.
    std::ofstream(directory_ + "/del")
        << format("#!/bin/sh\nexec {}/bridge </run/config\n", directory_);
    sure(format("chmod +x {}/del", directory_));
  }

  const std::string directory_ = "/run/plugins";
};

TEST_F(BridgeRemoval, TheSameContainerAndAddressCanBeAddedAtOnceAgain) {
  const Target target{.container = "c1", .netns = "web"};
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(round);
    add("bridge", target, kOneAddress);
    EXPECT_THAT(call("bridge", "DEL", target, kOneAddress), IsSilentSuccess());
    EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
    EXPECT_EQ(run("nft list ruleset").out.find("10.1.0.7"), std::string::npos);
  }
}

TEST_F(BridgeRemoval, WithoutASuccessorItWaitsItself) {
  const Target target{.container = "c1", .netns = "web"};
  const std::string before = host_state();
  // There can be no other process; or it is killed before it has asked the kernel.
  for (const char* fault : {"clone3:error=EAGAIN", "close_range:signal=KILL"}) {
    SCOPED_TRACE(fault);
    add("bridge", target, kOneAddress);

    EXPECT_THAT(del_by(format("strace -f -qq -o /run/injected -e inject={}", fault)),
                IsSilentSuccess());

    EXPECT_EQ(run("grep -q INJECTED\\|SIGKILL /run/injected").exit_status, 0) << "nothing failed";
    EXPECT_EQ(host_state(), before);
  }
}

TEST_F(BridgeRemoval, TheFirstProcessOfAPidNamespaceIsLeftNoOrphan) {
  add("bridge", {.container = "c1", .netns = "web"}, kOneAddress);
  std::ofstream("/run/first") << format("#!/bin/sh\n$1\necho $?: /proc/[0-9]*\n");
  sure("chmod +x /run/first");

  const sys::Finished first = del_by("unshare --pid --fork --mount-proc /run/first");

  EXPECT_EQ(first.out, "0: /proc/1\n") << first.err;
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
}

}  // namespace
}  // namespace netctl::test
