#include "netctl/kernel_features.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime-core/attach/probe.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/cgroup/layout.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/ns/kinds.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::command {
namespace {

Trial with_answer(Trial trial, const Status& tried) {
  if (!tried) trial.refusal = tried.error().message;
  return trial;
}

Trial try_network(Trial trial, const attach::Needs& needs) {
  const Status tried = attach::check_host(needs);
  // The host's own table is looked at on its own.
  const bool is_limited = !tried && tried.error().protocol_code == cni::kLimitedConnectivity;
  return is_limited ? trial : with_answer(std::move(trial), tried);
}

// A process in a user namespace of its own, as long as this lives.
class InUserNamespace {
 public:
  static Result<InUserNamespace> begin() {
    sys::Child child = TRY(sys::clone_child(CLONE_NEWUSER).context("make a user namespace"));
    if (child.pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    return InUserNamespace(std::move(child));
  }
  InUserNamespace(InUserNamespace&& other) noexcept
      : child_(std::exchange(other.child_, sys::Child{})) {}
  InUserNamespace& operator=(InUserNamespace&&) = delete;
  ~InUserNamespace() {
    if (!child_.pidfd) return;
    (void)sys::send_signal(child_.pidfd.get(), SIGKILL);
    (void)sys::wait_for_end(child_.pidfd.get());
  }

  Status map_root() const {
    const std::string path = format("/proc/{}/uid_map", child_.pid);
    const UniqueFd map(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    constexpr std::string_view kRoot = "0 0 1\n";
    if (map && ::write(map.get(), kRoot.data(), kRoot.size()) > 0) return ok();
    return system_error(errno, format("write {}", path));
  }
  Result<UniqueFd> open() const {
    return ns::open_kind(ns::Kind::User, ns::path_of_process(ns::Kind::User, child_.pid));
  }

 private:
  explicit InUserNamespace(sys::Child child) : child_(std::move(child)) {}
  sys::Child child_;
};

Status try_user_namespace() {
  const InUserNamespace someone = TRY(InUserNamespace::begin());
  return someone.map_root();
}

// Of the file system that containers' layers are on unless they are told otherwise.
Status try_mapped_mount() {
  const InUserNamespace someone = TRY(InUserNamespace::begin());
  TRY(someone.map_root());
  const UniqueFd map = TRY(someone.open());
  const UniqueFd copy = TRY(sys::copy_mount(AT_FDCWD, "/var/lib", false));
  return sys::change_mount(copy.get(), {.set = sys::kIdMap, .id_map = map.get()}, false);
}

// What of the limits of containers a predicate of their hierarchy's version says no to.
template <class Fits>
Status check_controllers(Fits fits, std::string_view refusal) {
  const cgroup::Layout layout = TRY(cgroup::own_layout());
  std::string missing;
  for (const char* name : {"cpu", "memory", "pids"}) {
    if (!fits(layout.version_of(name)))
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  return missing.empty() ? ok() : fail(Errc::NotSupported, "{}: {}", refusal, missing);
}

}  // namespace

std::vector<Trial> try_kernel() {
  const auto limits = check_controllers([](int version) { return version != 0; },
                                        "no cgroup controller, so no limit of containers");
  const auto limits_v2 =
      check_controllers([](int version) { return version == 2; }, "not by version 2");
  return {
      try_network({.name = "bridge", .what = "bridge and veth"}, {.bridge = true}),
      try_network({.name = "nf_tables", .what = "nftables NAT"}, {.firewall = true}),
      try_network({.name = "bridge_vlan_filtering", .what = "VLANs of bridges", .need = Need::Some},
                  {.bridge = true, .vlans = true}),
      try_network({.name = "nf_tables_bridge", .what = "nftables for bridges", .need = Need::Some},
                  {.spoof_guard = true}),
      try_network({.name = "flow_tables", .what = "flow tables", .need = Need::Told},
                  {.flow_table = true}),
      with_answer({.name = "cgroup_limits", .what = "cgroups", .need = Need::Some}, limits),
      with_answer({.name = "cgroup_v2", .what = "cgroups, version 2", .need = Need::Told},
                  limits_v2),
      with_answer({.name = "user_namespaces", .what = "user namespaces", .need = Need::Some},
                  try_user_namespace()),
      with_answer({.name = "id_mapped_mounts", .what = "ID-mapped mounts", .need = Need::Some},
                  try_mapped_mount())};
}

}  // namespace netctl::command
