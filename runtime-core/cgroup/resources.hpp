#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cgroup/layout.hpp"

// Limits in the words of the OCI runtime specification (config-linux.md, "Control groups"), which
// are those of version 1, and what they are in either version's files.
namespace netctl::cgroup {

struct Memory {
  std::optional<std::int64_t> limit{};  // bytes; -1: none, as for the next two
  std::optional<std::int64_t> swap{};   // memory and swap together
  std::optional<std::int64_t> reservation{};
  std::optional<std::uint64_t> swappiness{};  // 0 to 100; version 1 only
  std::optional<bool> disable_oom_killer{};   // version 1 only
  bool operator==(const Memory&) const = default;
};

struct Cpu {
  std::optional<std::uint64_t> shares{};  // 2 to 262144; 1024 is everybody's
  std::optional<std::int64_t> quota{};    // microseconds of CPU time in each period; -1: no limit
  std::optional<std::uint64_t> period{};  // microseconds; 100000 unless told
  std::optional<std::int64_t> idle{};
  std::string cpus{};  // "0-3,7"
  std::string mems{};
  bool operator==(const Cpu&) const = default;
};

struct Throttle {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;  // bytes or operations each second
  bool operator==(const Throttle&) const = default;
};

struct BlockIo {
  std::optional<std::uint64_t> weight{};  // 10 to 1000
  std::vector<Throttle> read_bps{};
  std::vector<Throttle> write_bps{};
  std::vector<Throttle> read_iops{};
  std::vector<Throttle> write_iops{};
  bool operator==(const BlockIo&) const = default;
};

struct HugePages {
  std::string size{};  // "2MB"
  std::uint64_t limit = 0;
  bool operator==(const HugePages&) const = default;
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                      // 'a' all, 'b' block, 'c' character
  std::optional<std::int64_t> major{};  // none: any
  std::optional<std::int64_t> minor{};
  std::string access = "rwm";
  bool operator==(const DeviceRule&) const = default;
};

struct Resources {
  Memory memory{};
  Cpu cpu{};
  BlockIo block_io{};
  std::optional<std::int64_t> pids{};  // -1: no limit
  std::vector<HugePages> huge_pages{};
  std::vector<DeviceRule> devices{};
  std::map<std::string, std::string> unified{};  // version 2 only: file to value, as it is
  bool operator==(const Resources&) const = default;
};

// What `changed` tells replaces what was there.
void merge(Resources& resources, const Resources& changed);

// One value into one file of the group, in the hierarchy of `controller`.
struct Write {
  std::string controller{};
  std::string file{};
  std::string value{};
  bool may_be_missing = false;  // no such file is fine: the kernel was built or booted without it
  bool operator==(const Write&) const = default;
};

// All writes in their order. A limit whose controller is nowhere, or that its version does not
// have, is an error that names it. Device rules are written here for version 1 only.
Result<std::vector<Write>> plan(const Resources& resources, const Layout& layout);

// Version 2's weight for version 1's shares: 1 to 10000, where 1024 is 100.
std::uint64_t weight_of_shares(std::uint64_t shares);
// Version 2's io.weight for version 1's blkio.weight.
std::uint64_t io_weight_of(std::uint64_t blkio_weight);

// What every container may use: the standard devices, terminals, and making any node.
std::vector<DeviceRule> standard_device_rules();

}  // namespace netctl::cgroup
