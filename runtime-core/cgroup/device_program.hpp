#pragma once

#include <cstdint>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cgroup/resources.hpp"

// Version 2 has no files for device rules: a small BPF program decides
// (BPF_PROG_TYPE_CGROUP_DEVICE).
namespace netctl::cgroup {

// One instruction (linux/bpf.h, struct bpf_insn).
using Instruction = std::uint64_t;

// The program that answers as the rules say: the last one that fits an access decides; none: no.
std::vector<Instruction> device_program(const std::vector<DeviceRule>& rules);

// Loads the program and attaches it to the group's directory; it goes with the group.
Status attach_device_program(int group, const std::vector<DeviceRule>& rules);

}  // namespace netctl::cgroup
