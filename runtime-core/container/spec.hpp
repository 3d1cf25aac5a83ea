#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cgroup/resources.hpp"
#include "runtime-core/ns/kinds.hpp"
#include "runtime-core/rootfs/root.hpp"

// What a container is: the config.json of the OCI runtime specification, as values. Names and
// meanings are those of its config.md and config-linux.md.
namespace netctl::container {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<mode_t> umask{};
  std::vector<gid_t> additional_gids{};
  bool operator==(const User&) const = default;
};

// Names as "CAP_CHOWN". A set that is not told is empty.
struct Capabilities {
  std::vector<std::string> bounding{};
  std::vector<std::string> effective{};
  std::vector<std::string> permitted{};
  std::vector<std::string> inheritable{};
  std::vector<std::string> ambient{};
  bool operator==(const Capabilities&) const = default;
};

struct ResourceLimit {
  std::string type{};  // "RLIMIT_NOFILE"
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  bool operator==(const ResourceLimit&) const = default;
};

struct Process {
  bool terminal = false;
  unsigned rows = 0;
  unsigned columns = 0;
  User user{};
  std::vector<std::string> args{};
  std::vector<std::string> env{};
  std::string cwd = "/";
  Capabilities capabilities{};
  std::vector<ResourceLimit> rlimits{};
  bool no_new_privileges = false;
  std::optional<int> oom_score_adj{};
  bool operator==(const Process&) const = default;
};

struct NamespaceUse {
  ns::Kind kind = ns::Kind::Network;
  std::string path{};  // empty: a new one; otherwise the one to join. Kinds not listed: ours
  bool operator==(const NamespaceUse&) const = default;
};

struct IdMapping {
  std::uint32_t container = 0;
  std::uint32_t host = 0;
  std::uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

// How far ahead the container's clocks are, in nanoseconds.
struct TimeOffsets {
  std::int64_t monotonic = 0;
  std::int64_t boottime = 0;
  bool operator==(const TimeOffsets&) const = default;
};

struct SeccompArgument {
  unsigned index = 0;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
  std::string op{};  // "SCMP_CMP_EQ"
  bool operator==(const SeccompArgument&) const = default;
};

struct SeccompRule {
  std::vector<std::string> names{};
  std::string action{};  // "SCMP_ACT_ALLOW"
  std::optional<unsigned> errno_return{};
  std::vector<SeccompArgument> arguments{};
  bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
  std::string default_action{};
  std::optional<unsigned> default_errno_return{};
  std::vector<std::string> architectures{};
  std::vector<SeccompRule> rules{};
  bool operator==(const Seccomp&) const = default;
};

struct Spec {
  std::string root{};  // absolute
  bool root_read_only = false;
  std::string hostname{};
  std::string domainname{};
  std::vector<rootfs::Mount> mounts{};
  Process process{};
  std::vector<NamespaceUse> namespaces{};
  std::vector<IdMapping> uid_mappings{};
  std::vector<IdMapping> gid_mappings{};
  std::optional<TimeOffsets> time_offsets{};
  std::vector<rootfs::Device> devices{};
  std::string cgroup_path{};
  cgroup::Resources resources{};
  std::map<std::string, std::string> sysctl{};
  std::optional<Seccomp> seccomp{};
  std::vector<std::string> masked_paths{};
  std::vector<std::string> read_only_paths{};
  std::string rootfs_propagation{};
  std::map<std::string, std::string> annotations{};
  bool operator==(const Spec&) const = default;

  const NamespaceUse* find(ns::Kind kind) const;  // nullptr: not listed
  bool has_new(ns::Kind kind) const;
  bool has_own(ns::Kind kind) const;  // new, or joined
};

// Unknown members are no errors, known ones with a wrong value are; all are told at once. What does
// not go together is refused by check_spec(), before anything is touched.
Result<Spec> parse_spec(std::string_view json);
std::string to_json(const Spec& spec);
Status check_spec(const Spec& spec);

// Resources alone, as `update` takes them.
Result<cgroup::Resources> parse_resources(std::string_view json);

}  // namespace netctl::container
