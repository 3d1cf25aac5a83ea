// Namespaces of all kinds: a container's own, those that it shares, and pinned ones.
#include <csignal>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/background.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Namespaces : public ContainerLab {
 protected:
  std::string ours(const std::string& kind) { return sure("readlink /proc/self/ns/" + kind); }
  std::string theirs(const std::string& kind, const std::string& options) {
    return sure_in_box("--network none " + options + " -- readlink /proc/self/ns/" + kind);
  }
};

TEST_F(Namespaces, AContainerHasItsOwn) {
  for (const char* kind : {"pid", "net", "mnt", "ipc", "uts", "cgroup"}) {
    EXPECT_NE(theirs(kind, ""), ours(kind)) << kind;
  }
  EXPECT_EQ(theirs("user", ""), ours("user"));
  EXPECT_NE(theirs("time", "--time private"), ours("time"));
}

TEST_F(Namespaces, ThoseOfTheHostAreSharedWhereThatIsWanted) {
  for (const char* kind : {"pid", "ipc", "uts"}) {
    EXPECT_EQ(theirs(kind, format("--{} host", kind)), ours(kind));
  }
  EXPECT_EQ(theirs("cgroup", "--cgroupns host"), ours("cgroup"));
  EXPECT_THAT(in_box("--network none --pid host -- ps").out, HasSubstr("system-container"));
}

TEST_F(Namespaces, ThoseOfAnotherContainerAreJoined) {
  sure_in_box("--network none --name donor -d -- sleep 100");
  for (const char* kind : {"pid", "ipc", "uts"}) {
    EXPECT_EQ(theirs(kind, format("--{} container:donor", kind)),
              sure(format("netctl exec donor readlink /proc/self/ns/{}", kind)));
  }
  EXPECT_THAT(sure_in_box("--network none --pid container:donor -- ps"), HasSubstr("sleep 100"));
  EXPECT_EQ(in_box("--network none --pid container:nobody -- true").exit_status, 125);
  // By path, and of the right kind.
  const std::string pid = fact("netctl ps", "pid");
  EXPECT_EQ(theirs("uts", format("--uts /proc/{}/ns/uts", pid)),
            sure("netctl exec donor readlink /proc/self/ns/uts"));
  EXPECT_THAT(in_box(format("--network none --uts /proc/{}/ns/net -- true", pid)).err,
              HasSubstr("is not a uts namespace"));
}

TEST_F(Namespaces, CgroupAndTimeOfAnotherContainerAreJoinedToo) {
  sure_in_box("--network none --name donor --time private -d -- sleep 100");
  const auto donors = [&](const std::string& kind) {
    return sure("netctl exec donor readlink /proc/self/ns/" + kind);
  };
  EXPECT_EQ(theirs("cgroup", "--cgroupns container:donor"), donors("cgroup"));
  EXPECT_EQ(theirs("time", "--time container:donor"), donors("time"));
}

TEST_F(Namespaces, ClocksAreAhead) {
  const double here = std::stod(read("/proc/uptime"));
  const double there =
      std::stod(sure_in_box("--network none --boottime-offset 100000 -- cat /proc/uptime"));
  EXPECT_NEAR(there - here, 100'000, 60);
  EXPECT_EQ(theirs("time", ""), ours("time"));
}

TEST_F(Namespaces, AUserNamespaceMapsItsRootToSomebodyElse) {
  run("chown -R 100000:100000 " + box());
  script("who", "id -u; cat /proc/self/uid_map; echo x > /tmp/mark; hostname inside && hostname");
  const auto ran = in_box("--network none --cap-add SYS_ADMIN --uidmap 0:100000:65536 -- who");
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("0\n         0     100000      65536"));
  EXPECT_EQ(sure("stat -c %u " + box() + "/tmp/mark"), "100000");
  EXPECT_THAT(sure_in_box("--uidmap 0:100000:65536 -- ip addr"), HasSubstr("172.17.0."));
}

TEST_F(Namespaces, AUserNamespaceIsJoinedAndTheNewOnesBelongToIt) {
  run("chown -R 100000:100000 " + box());
  const std::string map = "         0     100000      65536";
  sure_in_box("--network none --name donor --uidmap 0:100000:65536 -d -- sleep 1000");
  script("who", "cat /proc/self/uid_map; hostname inside && hostname; echo $$");
  const auto ran = in_box("--network none --cap-add SYS_ADMIN --userns container:donor -- who");
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_EQ(ran.out, map + "\ninside\n1\n");
  EXPECT_EQ(theirs("user", "--userns container:donor"),
            sure("netctl exec donor readlink /proc/self/ns/user"));
  EXPECT_EQ(in_box("--network none --userns container:nobody -- true").exit_status, 125);
}

TEST_F(Namespaces, ArePinnedAndEnteredAfterTheirCreatorIsGone) {
  sure("netctl ns add --kind net,uts,ipc,mnt,cgroup,time,user box");
  EXPECT_EQ(sure("netctl ns ls"), "box cgroup,ipc,mnt,time,user,uts,net");
  for (const char* kind : {"net", "uts", "ipc", "mnt", "cgroup", "time", "user"}) {
    const std::string line = format("netctl ns exec box -- readlink /proc/self/ns/{}", kind);
    EXPECT_NE(sure(line), ours(kind)) << kind;
    EXPECT_EQ(sure(line), sure(line)) << kind;
  }
  sure("netctl ns exec box -- hostname pinned");
  EXPECT_EQ(sure("netctl ns exec box -- hostname"), "pinned");
  EXPECT_THAT(sure("netctl ns exec box -- ip addr show lo"), HasSubstr("127.0.0.1/8"));
  EXPECT_EQ(run("netctl ns add --kind uts box").exit_status, 1);

  sure("netctl ns rm box");
  EXPECT_THAT(sure("netctl ns ls"), IsEmpty());
  EXPECT_EQ(run("netctl ns rm box").exit_status, 1);
  EXPECT_THAT(sure("cat /proc/self/mountinfo"), Not(HasSubstr("nsfs")));
}

class PinnedPids : public Namespaces {
 protected:
  void SetUp() override {
    Namespaces::SetUp();
    if (IsSkipped()) return;
    const auto added = run("netctl ns add --kind pid,mnt,uts pins");
    if (added.err.find("Linux 6.11") != std::string::npos) {
      GTEST_SKIP() << "needs Linux 6.11";
    }
    EXPECT_EQ(added.exit_status, 0) << added.err;
    script("number", "echo $$");
    script("serve", "echo $$ > /run/served; trap 'exit 3' TERM; while :; do sleep 0.05; done");
  }
};

TEST_F(PinnedPids, TheFirstToEnterIsPidOneAndOthersJoinIt) {
  EXPECT_EQ(sure("netctl ns ls"), "pins mnt,pid,uts");
  Background first(netctl_program(), {"ns", "exec", "pins", "--", "/run/box/bin/serve"},
                   environment);
  ASSERT_TRUE(eventually([&] { return read("/run/served") == "1\n"; }));
  // By a /proc of their own, which the host does not see.
  const std::string seen = sure("netctl ns exec pins -- /bin/busybox ps");
  EXPECT_THAT(seen, AllOf(HasSubstr("/bin/serve"), Not(HasSubstr("system-container"))));
  EXPECT_THAT(sure("cat /proc/self/comm"), "cat");
  EXPECT_NE(sure("netctl ns exec pins -- /run/box/bin/number"), "1");
  EXPECT_EQ(first.stop(SIGTERM), 3);
}

TEST_F(PinnedPids, WithThatItEndsAndTheErrorSaysWhatToDo) {
  EXPECT_EQ(sure("netctl ns exec pins -- /run/box/bin/number"), "1");
  const auto late = run("netctl ns exec pins -- true");
  EXPECT_EQ(late.exit_status, 125);
  EXPECT_THAT(late.err, HasSubstr("has ended with its first process: make it anew, netctl ns rm"));
  EXPECT_THAT(in_box("--network none --pid /run/netctl/ns/pins/pid -- true").err,
              HasSubstr("has ended with its first process"));
  sure("netctl ns rm pins");
  sure("netctl ns add --kind pid pins");
  EXPECT_EQ(sure("netctl ns exec pins -- /run/box/bin/number"), "1");
}

TEST_F(PinnedPids, AContainerCanBeTheFirst) {
  EXPECT_EQ(sure_in_box("--network none --pid /run/netctl/ns/pins/pid -- number"), "1");
}

TEST_F(Namespaces, MountsInAPinnedNamespaceStayThere) {
  sure("mount --make-rshared /");
  sure("netctl ns add --kind mnt box");
  sure("netctl ns exec box -- mount -t tmpfs inside /run/box/tmp");
  EXPECT_THAT(sure("cat /proc/self/mountinfo"), Not(HasSubstr("inside")));
  EXPECT_THAT(sure("netctl ns exec box -- cat /proc/self/mountinfo"), HasSubstr("inside"));
}

TEST_F(Namespaces, AKindThatThereIsNotIsRefused) {
  EXPECT_THAT(run("netctl ns add --kind fun box").err, HasSubstr("fun"));
  EXPECT_THAT(sure("netctl ns ls"), IsEmpty());
}

TEST_F(Namespaces, ExecInThemEndsAsTheProgramDid) {
  sure("netctl ns add web");
  EXPECT_EQ(run("netctl ns exec web -- false").exit_status, 1);
  EXPECT_EQ(run("netctl ns exec web -- nowhere").exit_status, 127);
  EXPECT_EQ(run("netctl ns exec web -- /etc").exit_status, 126);
  EXPECT_EQ(run("netctl ns exec nobody -- true").exit_status, 125);
}

}  // namespace
}  // namespace netctl::test
