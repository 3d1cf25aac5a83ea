// What a program in a container cannot do unless it is told otherwise; each default has a test that
// fails without it.
#include <linux/keyctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>

#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class Security : public ContainerLab {
 protected:
  // A line of /proc/self/status inside.
  std::string status_of(const std::string& key, const std::string& options = "") {
    return sure_in_box("--network none " + options + " -- grep ^" + key + ": /proc/self/status");
  }
};

TEST_F(Security, CapabilitiesAreTheDefaultSetAndNoneIsInheritable) {
  EXPECT_EQ(status_of("CapEff"), "CapEff:\t00000000a80425fb");
  EXPECT_EQ(status_of("CapPrm"), "CapPrm:\t00000000a80425fb");
  EXPECT_EQ(status_of("CapBnd"), "CapBnd:\t00000000a80425fb");
  EXPECT_EQ(status_of("CapInh"), "CapInh:\t0000000000000000");
  EXPECT_EQ(status_of("CapAmb"), "CapAmb:\t0000000000000000");
}

TEST_F(Security, CapabilitiesAreAddedAndDropped) {
  EXPECT_EQ(status_of("CapEff", "--cap-drop ALL"), "CapEff:\t0000000000000000");
  EXPECT_EQ(status_of("CapBnd", "--cap-drop ALL --cap-add NET_RAW"), "CapBnd:\t0000000000002000");
  EXPECT_EQ(status_of("CapEff", "--cap-add net_admin"), "CapEff:\t00000000a80435fb");
  // Another user than root has none, and they are out of reach but for set-user-ID programs.
  EXPECT_EQ(status_of("CapEff", "-u user"), "CapEff:\t0000000000000000");
  EXPECT_EQ(status_of("CapBnd", "-u user"), "CapBnd:\t00000000a80425fb");
}

TEST_F(Security, NoProgramGainsPrivileges) {
  EXPECT_EQ(status_of("NoNewPrivs"), "NoNewPrivs:\t1");
  EXPECT_EQ(status_of("NoNewPrivs", "--security-opt no-new-privileges=false"), "NoNewPrivs:\t0");
}

TEST_F(Security, SystemCallsAreFiltered) {
  EXPECT_EQ(status_of("Seccomp"), "Seccomp:\t2");
  EXPECT_EQ(status_of("Seccomp", "--security-opt no-new-privileges=false"), "Seccomp:\t2");
  EXPECT_EQ(status_of("Seccomp", "--security-opt seccomp=unconfined"), "Seccomp:\t0");
  // The filter, and not only the missing capability: a user namespace needs none.
  const auto refused = in_box("--network none -- unshare -r true");
  EXPECT_THAT(refused.err, HasSubstr("Operation not permitted"));
  EXPECT_EQ(
      in_box("--network none --security-opt seccomp=unconfined -- unshare -U true").exit_status, 0);
}

TEST_F(Security, AProfileOfOnesOwnIsTaken) {
  write("/run/profile.json",
        R"({"defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]})");
  const auto refused =
      in_box("--network none --security-opt seccomp=/run/profile.json -- mkdir /tmp/x");
  EXPECT_THAT(refused.err, HasSubstr("No space left"));
}

TEST_F(Security, NoDescriptorOfOursIsLeft) {
  // 0 to 2, and the one by which ls looks.
  EXPECT_EQ(sure_in_box("--network none -- ls /proc/self/fd"), "0\n1\n2\n3");
}

TEST_F(Security, NoKeyOfTheCallersIsWithinReach) {
  // One that only those who have the session keyring may look at; what a program may look at is in
  // /proc/keys, which is masked otherwise.
  if (::access("/proc/keys", R_OK) != 0) GTEST_SKIP() << "the kernel has no keys";
  ASSERT_GE(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr), 0);
  const long key =
      ::syscall(SYS_add_key, "user", "of-the-caller", "x", 1, KEY_SPEC_SESSION_KEYRING);
  ASSERT_GE(key, 0);
  constexpr unsigned kPossessorOnly = 0x3f000000;
  ASSERT_EQ(::syscall(SYS_keyctl, KEYCTL_SETPERM, key, kPossessorOnly), 0);
  ASSERT_THAT(sure("cat /proc/keys"), HasSubstr("of-the-caller"));
  EXPECT_THAT(sure_in_box("--network none --privileged -- cat /proc/keys"),
              Not(HasSubstr("of-the-caller")));
  sure_in_box("--network none --privileged --name box -d -- sleep 100");
  EXPECT_THAT(sure("netctl exec box cat /proc/keys"), Not(HasSubstr("of-the-caller")));
}

TEST_F(Security, AWorkingDirectoryByADescriptorLeadsNowhere) {
  // CVE-2024-21626: from a directory of the host that a descriptor of ours is open on.
  write("/run/secret", "of the host");
  script("climb", "cat ../../../../../../../run/secret; cat run/secret");
  for (int fd = 3; fd < 12; ++fd) {
    const auto ran =
        in_box("--network none --rm -w /proc/self/fd/" + std::to_string(fd) + " -- climb");
    EXPECT_EQ(ran.exit_status, 125) << fd;
    EXPECT_THAT(ran.out, Not(HasSubstr("of the host"))) << fd;
  }
}

TEST_F(Security, WhatTellsOfTheHostIsMasked) {
  for (const char* file : {"/proc/kcore", "/proc/keys", "/proc/timer_list"}) {
    EXPECT_THAT(in_box(std::string("--network none -- cat ") + file).out, testing::IsEmpty());
  }
  EXPECT_EQ(sure_in_box("--network none -- ls /sys/firmware"), "");
  EXPECT_NE(sure("ls /sys/firmware /proc"), "");
}

TEST_F(Security, WhatSteersTheHostIsReadOnly) {
  script(
      "steer",
      "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity "
      "/sys/kernel/mm/transparent_hugepage/enabled; do"
      " ( echo h > $f ) 2>/dev/null && echo wrote $f; done; true");
  EXPECT_EQ(sure_in_box("--network none -- steer"), "");
  // Mounting it anew takes a capability and a system call that it does not have.
  EXPECT_NE(in_box("--network none -- mount -o remount,rw /proc/sys").exit_status, 0);
}

TEST_F(Security, TheNullDeviceThatMasksAreMadeOfIsTheHosts) {
  // CVE-2025-31133: one in the root file system that is something else.
  std::filesystem::create_directories(box() + "/dev");
  std::filesystem::create_symlink("/etc/passwd", box() + "/dev/null");
  EXPECT_THAT(in_box("--network none -- cat /proc/kcore").out, testing::IsEmpty());
}

TEST_F(Security, OurOwnProgramCannotBeWrittenFromInside) {
  // CVE-2019-5736: through /proc/PID/exe of a process of ours that is in the container. The mount
  // that ours is executed from is read-only, whatever the container's root may do.
  sure_in_box("--network none --init --name box -d -- sleep 100");
  const std::string exe = "/proc/" + fact("netctl ps", "pid") + "/exe";
  struct statvfs info {};
  ASSERT_EQ(::statvfs(exe.c_str(), &info), 0);
  EXPECT_NE(info.f_flag & ST_RDONLY, 0U);
  ASSERT_EQ(::statvfs(netctl_program().c_str(), &info), 0);
  EXPECT_EQ(info.f_flag & ST_RDONLY, 0U);
}

TEST_F(Security, AnInitOfOursCannotBeLookedInto) {
  script("look", "cat /proc/1/environ; ls -l /proc/1/exe /proc/1/fd");
  const auto seen = in_box("--network none --init -- look");
  EXPECT_THAT(seen.err, HasSubstr("Permission denied"));
  EXPECT_THAT(seen.out, Not(HasSubstr("netctl")));
}

TEST_F(Security, LimitsAndKernelParametersAreSet) {
  script("files", "ulimit -n");
  EXPECT_EQ(sure_in_box("--network none --ulimit nofile=99:99 -- files"), "99");
  EXPECT_EQ(sure_in_box("--network none --sysctl net.ipv4.ip_forward=1 -- cat "
                        "/proc/sys/net/ipv4/ip_forward"),
            "1");
  EXPECT_THAT(in_box("--network host --sysctl net.ipv4.ip_forward=1 -- true").err,
              HasSubstr("needs a network namespace"));
  EXPECT_THAT(in_box("--network none --sysctl kernel.core_pattern=x -- true").err,
              HasSubstr("not the container's own"));
}

TEST_F(Security, PrivilegedIsAllOfIt) {
  EXPECT_THAT(status_of("CapEff", "--privileged"), MatchesRegex("CapEff:\t000001ff.*"));
  EXPECT_EQ(status_of("Seccomp", "--privileged"), "Seccomp:\t0");
  EXPECT_EQ(in_box("--network none --privileged -- mount -t tmpfs none /tmp").exit_status, 0);
}

}  // namespace
}  // namespace netctl::test
