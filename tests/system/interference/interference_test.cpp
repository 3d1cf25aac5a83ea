// Others change the host between our calls. What they did is told in words that say where to look,
// and what is ours still goes when it has to.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Interference : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    sure("netctl ns add other");
    write_network("10-x.conflist", R"({"cniVersion": "1.1.0", "name": "x", "plugins": [
        {"type": "bridge", "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true,
         "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}},
        {"type": "portmap", "capabilities": {"portMappings": true}}]})");
    before_ = host_state();
    sure("netctl add x web -p 8080:80");
  }

  std::string refusal(const std::string& line) {
    const auto finished = run(line);
    EXPECT_EQ(finished.exit_status, 1) << line << finished.out;
    return finished.err;
  }

  void expect_del_leaves_nothing() {
    sure("netctl del x web");
    sure("netctl del x other");
    EXPECT_EQ(host_state(), before_);
  }

  // A file system with room for what is there and a little more, which somebody fills.
  void fill(const std::string& directory) {
    sure(format("cp -a {} /run/copy", directory));
    sure(format("mount -t tmpfs -o size=256k tmpfs {}", directory));
    sure(format("cp -a /run/copy/. {}", directory));
    sure("rm -r /run/copy");
    run(format("dd if=/dev/zero of={}/fill bs=4k", directory));
  }

  std::string before_;
};

TEST_F(Interference, TheBridgeDeletedUnderUsIsToldByCheck) {
  sure("ip link del cni7");

  EXPECT_THAT(refusal("netctl check x web"), HasSubstr("there is no bridge cni7"));
  sure("netctl add x other");
  EXPECT_EQ(address_in("", "cni7"), "10.7.0.1") << "the next ADD makes it again";
  expect_del_leaves_nothing();
}

TEST_F(Interference, ABridgeWhoseAddressWasChangedIsToldByCheck) {
  sure("ip addr flush dev cni7");
  sure("ip addr add 10.99.0.1/24 dev cni7");

  EXPECT_THAT(refusal("netctl check x web"),
              HasSubstr("cni7 does not have the address 10.7.0.1/24"));
  EXPECT_THAT(refusal("netctl add x other"),
              AllOf(HasSubstr("10.99.0.1/24"), HasSubstr("remove it, or set \"forceAddress\"")));
  sure("ip addr del 10.99.0.1/24 dev cni7");
  sure("netctl add x other");
  EXPECT_EQ(address_in("", "cni7"), "10.7.0.1") << "it is ours again";
  expect_del_leaves_nothing();
}

TEST_F(Interference, ABridgeThatWentDownIsToldByCheck) {
  sure("ip link set cni7 down");

  EXPECT_THAT(refusal("netctl check x web"), HasSubstr("cni7 is down"));
  sure("netctl add x other");
  sure("netctl check x other");
  expect_del_leaves_nothing();
}

TEST_F(Interference, AFullDiskFailsAnAddWholeAndIsNamed) {
  fill("/run/cni-state");
  const std::string attached = host_state();

  EXPECT_THAT(refusal("netctl add x other"),
              AllOf(HasSubstr("/run/cni-state/"), HasSubstr("No space left on device")));
  EXPECT_EQ(host_state(), attached);
  sure("netctl del x web");
  EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
  EXPECT_THAT(run("ip -o link").out, Not(HasSubstr("cni7")));
}

TEST_F(Interference, AFullRunDirectoryFailsAnAddWholeAndIsNamed) {
  fill("/run/netctl");
  const std::string attached = host_state();

  EXPECT_THAT(refusal("netctl add x other"),
              AllOf(HasSubstr("/run/netctl/firewall/"), HasSubstr("No space left on device")));
  EXPECT_EQ(host_state(), attached);
  sure("netctl del x web");
  EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
}

TEST_F(Interference, AReadOnlyStoreIsNamed) {
  sure("mount --bind /run/cni-state /run/cni-state");
  sure("mount -o remount,ro,bind /run/cni-state");
  const std::string attached = host_state();

  EXPECT_THAT(refusal("netctl add x other"),
              AllOf(HasSubstr("/run/cni-state/"), HasSubstr("Read-only file system")));
  EXPECT_EQ(host_state(), attached);
  EXPECT_THAT(refusal("netctl del x web"), HasSubstr("Read-only file system"));

  sure("umount /run/cni-state");
  expect_del_leaves_nothing();
}

TEST_F(Interference, AForeignFileInTheStoreIsLeftAlone) {
  const std::string store = "/run/cni-state/networks/x/";
  for (const char* name : {"notes", "10.7.0.3x", "10.07.0.3", "300.7.0.3"}) {
    std::ofstream(store + name) << "somebody's\r\nown";
  }
  std::filesystem::create_directory(store + "directory");

  sure("netctl add x other");
  EXPECT_EQ(address_in("other", "eth0"), "10.7.0.3");
  sure("netctl gc x");
  sure("netctl del x web");
  sure("netctl del x other");

  for (const char* name : {"notes", "10.7.0.3x", "10.07.0.3", "300.7.0.3", "directory"}) {
    EXPECT_TRUE(std::filesystem::exists(store + name)) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(store + "10.7.0.3"));
}

TEST_F(Interference, ARunThatWasMountedAnewLeavesNothingBehind) {
  sure("mount -t tmpfs tmpfs /run/netctl");

  sure("netctl add x other -p 8081:80");
  sure("netctl del x web");
  EXPECT_THAT(run("nft list ruleset").out, Not(HasSubstr("8080")));
  sure("netctl del x other");
  EXPECT_THAT(run("nft list ruleset").out, IsEmpty());
  EXPECT_THAT(run("ip -o link").out, Not(HasSubstr("cni7")));
}

// Times that we set and times that others set, a century ahead and half of one behind.
TEST_F(Interference, AClockThatJumpsMakesNoDifference) {
  for (const char* moment : {"2126-01-01", "1976-01-01"}) {
    SCOPED_TRACE(moment);
    for (const char* directory : {"/run/cni-state", "/run/netctl"}) {
      sure(format("find {} -exec touch -d {} {{}} +", directory, moment));
    }
    sure("netctl add x other -p 8081:80");
    EXPECT_EQ(address_in("other", "eth0").substr(0, 7), "10.7.0.");
    EXPECT_NE(address_in("other", "eth0"), address_in("web", "eth0"));
    sure("netctl check x web");
    sure("netctl gc x");
    sure("netctl check x other");
    sure("netctl del x other");
  }
  expect_del_leaves_nothing();
}

}  // namespace
}  // namespace netctl::test
