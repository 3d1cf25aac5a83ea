// The default profile, compiled, and run here by an interpreter of classic BPF.
#include "runtime-core/container/seccomp.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/container/capabilities.hpp"
#include "runtime-core/container/default_profile.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using test::FailsSaying;
using testing::HasSubstr;

// What the kernel would do with this call.
std::uint32_t verdict(const FilterProgram& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    sock_filter filter{};
    std::memcpy(&filter, &program[at], sizeof filter);
    const auto jump = [&](bool yes) { at += yes ? filter.jt : filter.jf; };
    switch (filter.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + filter.k,
                    sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= filter.k;
        break;
      case BPF_JMP | BPF_JA:
        at += filter.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(accumulator == filter.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(accumulator > filter.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(accumulator >= filter.k);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump((accumulator & filter.k) != 0);
        break;
      case BPF_RET | BPF_K:
        return filter.k;
      default:
        ADD_FAILURE() << "instruction " << filter.code;
        return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kMissing = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t kAllowed = SECCOMP_RET_ALLOW;

class DefaultProfile : public testing::Test {
 protected:
  std::uint32_t of(int number, std::uint64_t argument = 0,
                   std::uint32_t architecture = AUDIT_ARCH_X86_64) const {
    seccomp_data data{};
    data.nr = number;
    data.arch = architecture;
    data.args[0] = argument;
    return verdict(program_, data);
  }
  static FilterProgram compiled(const std::vector<std::string>& capabilities) {
    auto program = compile_filter(default_profile(capabilities));
    EXPECT_TRUE(program) << (program ? "" : program.error().message);
    return program ? *program : FilterProgram{};
  }
  FilterProgram program_ = compiled(default_capabilities());
};

TEST_F(DefaultProfile, LetsProgramsDoWhatProgramsDo) {
  for (const int number : {SYS_read, SYS_openat, SYS_execve, SYS_fork, SYS_mmap, SYS_futex,
                           SYS_epoll_wait, SYS_getrandom, SYS_statx, SYS_chroot, SYS_wait4}) {
    EXPECT_EQ(of(number), kAllowed) << number;
  }
  EXPECT_EQ(of(SYS_clone, CLONE_VM | CLONE_THREAD), kAllowed);
  EXPECT_EQ(of(SYS_socket, AF_INET), kAllowed);
  EXPECT_EQ(of(SYS_personality, 0), kAllowed);
}

TEST_F(DefaultProfile, RefusesWhatActsOnTheHost) {
  for (const int number :
       {SYS_mount,         SYS_umount2,     SYS_pivot_root,      SYS_unshare,
        SYS_setns,         SYS_init_module, SYS_kexec_load,      SYS_reboot,
        SYS_swapon,        SYS_bpf,         SYS_perf_event_open, SYS_add_key,
        SYS_keyctl,        SYS_request_key, SYS_userfaultfd,     SYS_open_by_handle_at,
        SYS_settimeofday,  SYS_move_mount,  SYS_fsopen,          SYS_open_tree,
        SYS_io_uring_setup}) {
    EXPECT_EQ(of(number), kRefused) << number;
  }
  EXPECT_EQ(of(SYS_socket, AF_VSOCK), kRefused);
  EXPECT_EQ(of(SYS_personality, 0x40000), kRefused);  // no randomised addresses
}

TEST_F(DefaultProfile, LetsNobodyMakeNamespaces) {
  for (const std::uint64_t flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID,
                                   CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    EXPECT_EQ(of(SYS_clone, flag | CLONE_VM), kRefused) << flag;
  }
  // Its flags lie in memory, where a filter does not see them.
  EXPECT_EQ(of(SYS_clone3), kMissing);
}

TEST_F(DefaultProfile, WhatIsNewerThanTheFilterDoesNotExist) {
  EXPECT_EQ(of(590), kMissing);
  EXPECT_EQ(of(SYS_mount), kRefused);
}

TEST_F(DefaultProfile, HoldsForTheOtherArchitecturesOfTheMachineToo) {
  constexpr int kMountOf32Bit = 21;
  constexpr int kReadOf32Bit = 3;
  EXPECT_EQ(of(kMountOf32Bit, 0, AUDIT_ARCH_I386), kRefused);
  EXPECT_EQ(of(kReadOf32Bit, 0, AUDIT_ARCH_I386), kAllowed);
  constexpr int kX32 = 0x40000000;
  EXPECT_EQ(of(kX32 | SYS_mount), kRefused);
  EXPECT_EQ(of(SYS_read, 0, AUDIT_ARCH_AARCH64),
            static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
}

TEST_F(DefaultProfile, GoesWithTheCapabilities) {
  program_ = compiled({"CAP_SYS_ADMIN", "CAP_SYS_MODULE"});
  for (const int number : {SYS_mount, SYS_setns, SYS_clone3, SYS_init_module}) {
    EXPECT_EQ(of(number), kAllowed) << number;
  }
  EXPECT_EQ(of(SYS_clone, CLONE_NEWNS), kAllowed);
  EXPECT_EQ(of(SYS_chroot), kRefused);
}

TEST(SeccompProfile, WithWordsThatThereAreNotIsRefused) {
  EXPECT_THAT(compile_filter({.default_action = "SCMP_ACT_DANCE"}),
              FailsSaying(HasSubstr("SCMP_ACT_DANCE")));
  EXPECT_THAT(
      compile_filter({.default_action = "SCMP_ACT_ALLOW", .architectures = {"SCMP_ARCH_Z80"}}),
      FailsSaying(HasSubstr("Z80")));
  EXPECT_THAT(
      compile_filter({.default_action = "SCMP_ACT_ALLOW",
                      .rules = {{.names = {"read"},
                                 .action = "SCMP_ACT_ERRNO",
                                 .arguments = {{.index = 0, .value = 1, .op = "SCMP_CMP_NO"}}}}}),
      FailsSaying(HasSubstr("SCMP_CMP_NO")));
}

TEST(SeccompProfile, PassesOverCallsThatThisMachineDoesNotHave) {
  const auto program = compile_filter(
      {.default_action = "SCMP_ACT_ALLOW",
       .rules = {
           {.names = {"read", "no_such_call"}, .action = "SCMP_ACT_ERRNO", .errno_return = 7U}}});
  ASSERT_TRUE(program);
  seccomp_data data{};
  data.arch = AUDIT_ARCH_X86_64;
  data.nr = SYS_read;
  EXPECT_EQ(verdict(*program, data), SECCOMP_RET_ERRNO | 7U);
  data.nr = 590;  // nothing in front of a filter that allows
  EXPECT_EQ(verdict(*program, data), kAllowed);
}

}  // namespace
}  // namespace netctl::container
