// The device rules as a BPF program, run here by a small interpreter of the few instructions it
// has.
#include "runtime-core/cgroup/device_program.hpp"

#include <linux/bpf.h>

#include <array>
#include <cstring>

#include <gtest/gtest.h>

namespace netctl::cgroup {
namespace {

struct Access {
  char type = 'c';
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string how = "r";
};

std::uint32_t access_word(const Access& access) {
  std::uint32_t bits = 0;
  for (const char c : access.how) {
    bits |= c == 'm' ? BPF_DEVCG_ACC_MKNOD : c == 'r' ? BPF_DEVCG_ACC_READ : BPF_DEVCG_ACC_WRITE;
  }
  return bits << 16 | (access.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
}

bool is_allowed(const std::vector<DeviceRule>& rules, const Access& access) {
  const std::vector<Instruction> program = device_program(rules);
  const std::array<std::uint32_t, 3> context{access_word(access), access.major, access.minor};
  std::array<std::uint64_t, 11> registers{};
  for (std::size_t at = 0; at < program.size(); ++at) {
    bpf_insn insn{};
    std::memcpy(&insn, &program[at], sizeof insn);
    std::uint64_t& to = registers[insn.dst_reg];
    const std::uint64_t from = registers[insn.src_reg];
    const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(insn.imm));
    bool jump = false;
    switch (insn.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        to = context[static_cast<std::size_t>(insn.off) / 4];
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        to = static_cast<std::uint32_t>(to & value);
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        to = static_cast<std::uint32_t>(to) >> value;
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        to = static_cast<std::uint32_t>(from);
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        to = value;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        jump = to != value;
        break;
      case BPF_JMP | BPF_JNE | BPF_X:
        jump = to != from;
        break;
      case BPF_JMP | BPF_EXIT:
        return registers[0] == 1;
      default:
        ADD_FAILURE() << "instruction " << int{insn.code};
        return false;
    }
    if (jump) at += static_cast<std::size_t>(insn.off);
  }
  ADD_FAILURE() << "the program has no end";
  return false;
}

TEST(DeviceProgram, WithoutRulesDeniesAll) { EXPECT_FALSE(is_allowed({}, {'c', 1, 3, "r"})); }

TEST(DeviceProgram, TheLastRuleThatFitsDecides) {
  const std::vector<DeviceRule> rules{{.allow = true},
                                      {.allow = false, .type = 'c', .major = 1},
                                      {.allow = true, .type = 'c', .major = 1, .minor = 3}};
  EXPECT_TRUE(is_allowed(rules, {'c', 1, 3, "r"}));
  EXPECT_FALSE(is_allowed(rules, {'c', 1, 1, "r"}));
  EXPECT_TRUE(is_allowed(rules, {'b', 1, 1, "r"}));
}

TEST(DeviceProgram, AllThatIsWantedHasToBeAllowed) {
  const std::vector<DeviceRule> rules{{.allow = true, .type = 'b', .major = 8, .access = "r"}};
  EXPECT_TRUE(is_allowed(rules, {'b', 8, 0, "r"}));
  EXPECT_FALSE(is_allowed(rules, {'b', 8, 0, "rw"}));
  EXPECT_FALSE(is_allowed(rules, {'b', 8, 0, "w"}));
  EXPECT_FALSE(is_allowed(rules, {'c', 8, 0, "r"}));
}

TEST(DeviceProgram, AContainerHasTheStandardDevicesAndNoDisk) {
  const auto rules = standard_device_rules();
  for (const std::uint32_t minor : {3U, 5U, 7U, 8U, 9U}) {
    EXPECT_TRUE(is_allowed(rules, {'c', 1, minor, "rw"})) << minor;
  }
  EXPECT_TRUE(is_allowed(rules, {'c', 136, 17, "rw"}));
  EXPECT_TRUE(is_allowed(rules, {'b', 254, 0, "m"}));  // a node may be made, and not be opened
  EXPECT_FALSE(is_allowed(rules, {'b', 254, 0, "r"}));
  EXPECT_FALSE(is_allowed(rules, {'c', 1, 1, "r"}));  // /dev/mem
}

}  // namespace
}  // namespace netctl::cgroup
