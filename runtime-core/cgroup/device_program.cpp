#include "runtime-core/cgroup/device_program.hpp"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::cgroup {
namespace {

// Registers: 1 the context, 2 type, 3 access, 4 major, 5 minor, 0 the answer.
constexpr std::uint8_t kType = 2;
constexpr std::uint8_t kAccess = 3;
constexpr std::uint8_t kMajor = 4;
constexpr std::uint8_t kMinor = 5;
constexpr std::uint8_t kScratch = 6;

Instruction instruction(int code, int to, int from, int offset, std::int32_t value) {
  bpf_insn insn{};
  insn.code = static_cast<std::uint8_t>(code);
  insn.dst_reg = static_cast<std::uint8_t>(to & 0xf);
  insn.src_reg = static_cast<std::uint8_t>(from & 0xf);
  insn.off = static_cast<std::int16_t>(offset);
  insn.imm = value;
  Instruction word = 0;
  static_assert(sizeof word == sizeof insn);
  std::memcpy(&word, &insn, sizeof word);
  return word;
}

Instruction load(int to, int offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, 1, offset, 0);
}
Instruction compute(int operation, int to, std::int32_t value) {
  return instruction(BPF_ALU | operation | BPF_K, to, 0, 0, value);
}
Instruction copy(int to, int from) {
  return instruction(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
}
Instruction skip_unless_equal(int reg, std::int32_t value, int count) {
  return instruction(BPF_JMP | BPF_JNE | BPF_K, reg, 0, count, value);
}
Instruction skip_if_different(int reg, int other, int count) {
  return instruction(BPF_JMP | BPF_JNE | BPF_X, reg, other, count, 0);
}

std::int32_t access_bits(const std::string& access) {
  std::int32_t bits = 0;
  for (const char c : access) {
    bits |= c == 'm' ? BPF_DEVCG_ACC_MKNOD : c == 'r' ? BPF_DEVCG_ACC_READ : BPF_DEVCG_ACC_WRITE;
  }
  return bits;
}

void answer(std::vector<Instruction>& program, bool allow) {
  program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow ? 1 : 0));
  program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

// Tests, each of which skips the rest of the rule, then the answer (2 instructions).
void add_rule(std::vector<Instruction>& program, const DeviceRule& rule) {
  constexpr std::int32_t kAllAccess =
      BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
  const std::int32_t bits = access_bits(rule.access);
  const bool by_type = rule.type != 'a';
  const bool by_access = by_type && bits != kAllAccess;
  const bool by_major = by_type && rule.major && *rule.major >= 0;
  const bool by_minor = by_type && rule.minor && *rule.minor >= 0;
  int left = 2 + (by_type ? 1 : 0) + (by_access ? 3 : 0) + (by_major ? 1 : 0) + (by_minor ? 1 : 0);
  if (by_type) {
    const std::int32_t type = rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
    program.push_back(skip_unless_equal(kType, type, --left));
  }
  if (by_access) {
    // All that is wanted has to be among what the rule is about. (Denying a part of an access
    // denies the whole of it; only lists that begin with "deny all" are ever made here.)
    program.push_back(copy(kScratch, kAccess));
    program.push_back(compute(BPF_AND, kScratch, bits));
    left -= 3;
    program.push_back(skip_if_different(kScratch, kAccess, left));
  }
  if (by_major) {
    program.push_back(skip_unless_equal(kMajor, static_cast<std::int32_t>(*rule.major), --left));
  }
  if (by_minor) {
    program.push_back(skip_unless_equal(kMinor, static_cast<std::int32_t>(*rule.minor), --left));
  }
  answer(program, rule.allow);
}

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

}  // namespace

std::vector<Instruction> device_program(const std::vector<DeviceRule>& rules) {
  // bpf_cgroup_dev_ctx: access in the high half and type in the low half of the first word.
  std::vector<Instruction> program{load(kType, 0),   compute(BPF_AND, kType, 0xffff),
                                   load(kAccess, 0), compute(BPF_RSH, kAccess, 16),
                                   load(kMajor, 4),  load(kMinor, 8)};
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    add_rule(program, *rule);
    if (rule->type == 'a') return program;  // nothing before it counts
  }
  answer(program, false);
  return program;
}

Status attach_device_program(int group, const std::vector<DeviceRule>& rules) {
  const std::vector<Instruction> program = device_program(rules);
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr load_attributes{};
  load_attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load_attributes.insns = reinterpret_cast<std::uint64_t>(program.data());
  load_attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  load_attributes.license = reinterpret_cast<std::uint64_t>(kLicense);
  const UniqueFd loaded(bpf(BPF_PROG_LOAD, load_attributes));
  if (!loaded) return system_error(errno, "load the program of the device rules");

  bpf_attr attach{};
  attach.target_fd = static_cast<std::uint32_t>(group);
  attach.attach_bpf_fd = static_cast<std::uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) == 0) return ok();
  return system_error(errno, "attach the program of the device rules");
}

}  // namespace netctl::cgroup
