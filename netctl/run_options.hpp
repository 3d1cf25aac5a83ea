#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"

namespace netctl::command {

// What was typed behind `netctl run`, as it was typed.
struct RunOptions {
  std::string name{};
  std::string rootfs{};
  std::vector<std::string> layers{};  // lowest first
  bool read_only = false;
  std::vector<std::string> volumes{};  // SOURCE:DESTINATION[:OPTION,…]
  std::vector<std::string> tmpfs{};    // DESTINATION[:OPTION,…]
  std::vector<std::string> mounts{};   // type=bind,src=…,dst=…,ro
  std::string shm_size = "64m";

  std::vector<std::string> networks{};
  std::vector<std::string> publish{};
  std::vector<std::string> ips{};
  std::string mac{};
  std::string hostname{};
  std::string domainname{};
  std::vector<std::string> dns{};
  std::vector<std::string> dns_search{};
  std::vector<std::string> dns_options{};
  std::vector<std::string> extra_hosts{};  // NAME:ADDRESS

  std::string pid{};  // "", "host", "container:ID", or a path; as the next ones
  std::string ipc{};
  std::string uts{};
  std::string userns{};
  std::string cgroupns{};
  std::string time{};
  std::vector<std::string> uid_maps{};  // CONTAINER:HOST:SIZE
  std::vector<std::string> gid_maps{};
  std::string monotonic_offset{};  // seconds, with a fraction
  std::string boottime_offset{};

  std::string memory{};
  std::string memory_swap{};
  std::string memory_reservation{};
  std::string cpus{};
  std::optional<std::uint64_t> cpu_shares{};
  std::optional<std::int64_t> cpu_quota{};
  std::optional<std::uint64_t> cpu_period{};
  std::string cpuset_cpus{};
  std::string cpuset_mems{};
  std::optional<std::int64_t> pids_limit{};
  std::optional<std::uint64_t> blkio_weight{};
  std::vector<std::string> read_bps{};  // DEVICE:RATE
  std::vector<std::string> write_bps{};
  std::vector<std::string> read_iops{};
  std::vector<std::string> write_iops{};
  std::vector<std::string> devices{};  // HOST[:CONTAINER[:rwm]]

  std::vector<std::string> cap_add{};
  std::vector<std::string> cap_drop{};
  std::vector<std::string> security{};  // seccomp=unconfined|FILE, no-new-privileges[=false]
  bool privileged = false;
  std::vector<std::string> ulimits{};  // nofile=1024[:2048]
  std::vector<std::string> sysctls{};  // K=V
  std::optional<int> oom_score_adj{};

  std::vector<std::string> env{};  // K=V, or K: as it is here
  std::string workdir = "/";
  std::string user{};
  bool init = false;
  bool interactive = false;
  bool terminal = false;
  bool detach = false;
  bool remove = false;
  std::string stop_signal = "TERM";
  std::string log_size = "10m";
  unsigned log_files = 3;

  std::vector<std::string> command{};
};

// A container's place: where its files are, and what it joins, found beforehand.
struct SpecPlace {
  std::string id{};
  std::string directory{};       // of its state: hosts, hostname and resolv.conf lie there
  std::string data_directory{};  // of its writable layer
  std::string network_files{};   // whose hosts, hostname and resolv.conf it has; empty: no one's
  std::vector<container::NamespaceUse> namespaces{};
  container::User user{};
  std::string shm{};  // the host's /dev/shm, with its ipc namespace; empty: its own
};

// The config.json of the container: everything but the place comes from the options.
Result<container::Spec> spec_of(const RunOptions& options, const SpecPlace& place);

// Limits, as `run` and `update` take them.
Result<cgroup::Resources> resources_of(const RunOptions& options);

// "64m", "1g", "512k", "100": bytes; "-1" is none.
Result<std::int64_t> parse_size(std::string_view text);
// "TERM", "SIGTERM", "15".
Result<int> parse_signal(std::string_view text);

}  // namespace netctl::command
