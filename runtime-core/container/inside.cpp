#include "runtime-core/container/inside.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "runtime-core/container/program.hpp"
#include "runtime-core/ns/pins.hpp"
#include "runtime-core/rootfs/layers.hpp"
#include "runtime-core/rootfs/root.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::container {
namespace {

using ns::Kind;
using rootfs::Root;

Status become_root_of_user_namespace() {
  if (::setresgid(0, 0, 0) != 0) return system_error(errno, "become group 0 of the namespace");
  if (::setresuid(0, 0, 0) != 0) return system_error(errno, "become user 0 of the namespace");
  return ok();
}

Status settle_in_namespaces(const Inside& inside) {
  const Spec& spec = inside.spec;
  if (spec.has_own(Kind::User)) {
    TRY(become_root_of_user_namespace());
    TRY(hide(inside.options));  // another user: both were undone
  }
  TRY(ns::enter_all(inside.joined));
  // Not at birth: its root is the group that this process is in by now.
  if (spec.has_new(Kind::Cgroup) && ::unshare(CLONE_NEWCGROUP) != 0) {
    return system_error(errno, "create a cgroup namespace");
  }
  if (spec.has_new(Kind::Network)) TRY(ns::bring_loopback_up());
  if (!spec.hostname.empty() && ::sethostname(spec.hostname.data(), spec.hostname.size()) != 0) {
    return system_error(errno, format("set the hostname {}", spec.hostname));
  }
  if (!spec.domainname.empty() &&
      ::setdomainname(spec.domainname.data(), spec.domainname.size()) != 0) {
    return system_error(errno, format("set the domain name {}", spec.domainname));
  }
  return ok();
}

// Through a procfs that nobody else sees: what is below /proc of the container could be covered.
Status set_sysctls(const std::map<std::string, std::string>& values) {
  if (values.empty()) return ok();
  const UniqueFd proc = TRY(sys::new_filesystem({.type = "proc", .source = "proc"}));
  for (const auto& [key, value] : values) {
    std::string path = key;
    const auto first = path.find_first_of("./");
    if (first != path.npos && path[first] == '.') std::ranges::replace(path, '.', '/');
    const UniqueFd file = TRY(sys::open_in_root(proc.get(), "sys/" + path, O_WRONLY,
                                                RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
                                  .context("sysctl {}", key));
    if (::write(file.get(), value.data(), value.size()) < 0) {
      return system_error(errno, format("set sysctl {} to \"{}\"", key, value));
    }
  }
  return ok();
}

bool binds(const rootfs::Mount& mount) {
  return std::ranges::any_of(mount.options,
                             [](const auto& each) { return each == "bind" || each == "rbind"; });
}

Status mount_all(Root& root, Inside& inside) {
  inside.sources.resize(inside.spec.mounts.size());
  for (std::size_t i = 0; i < inside.spec.mounts.size(); ++i) {
    const rootfs::Mount& each = inside.spec.mounts[i];
    if (inside.has_layers && &each == rootfs::find_layers(inside.spec.mounts)) continue;
    const bool is_cgroup = each.type == "cgroup" || each.type == "cgroup2";
    auto mounted = is_cgroup && !binds(each) ? root.mount_cgroups(inside.cgroups, each)
                                             : root.mount(each, std::move(inside.sources[i]));
    TRY(std::move(mounted).context("mount {}", each.destination));
  }
  return ok();
}

// /dev is populated unless it is a directory of the host.
bool has_own_dev(const Spec& spec) {
  return std::ranges::none_of(spec.mounts, [](const rootfs::Mount& each) {
    return each.destination == "/dev" && binds(each);
  });
}

Status mount_console(Root& root, int slave) {
  const UniqueFd target = TRY(root.ensure("/dev/console", Root::Kind::File));
  const UniqueFd copy = TRY(sys::copy_mount(slave, "", false));
  return sys::attach_mount(copy.get(), target.get());
}

Status propagate_root(const std::string& propagation) {
  static const std::map<std::string, unsigned long> flags{
      {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
      {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
      {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
      {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC}};
  if (propagation.empty()) return ok();
  const auto found = flags.find(propagation);
  if (found == flags.end()) {
    return fail(Errc::InvalidArgument, "rootfsPropagation \"{}\" is none", propagation);
  }
  if (::mount(nullptr, "/", nullptr, found->second, nullptr) == 0) return ok();
  return system_error(errno, "set the propagation of the root");
}

// Gives the terminal where there is one.
Result<Terminal> build_root(Inside& inside) {
  const Spec& spec = inside.spec;
  TRY(cut_off_mounts());
  Root root = TRY(inside.root ? Root::adopt(std::move(inside.root)) : Root::bind(spec.root));
  TRY(mount_all(root, inside));
  if (has_own_dev(spec)) {
    TRY(root.add_devices(rootfs::standard_devices()));
    TRY(root.add_device_links());
  }
  TRY(root.add_devices(spec.devices));
  TRY(set_sysctls(spec.sysctl));
  if (!sys::open_in_root(root.fd(), spec.process.cwd, O_PATH)) {
    TRY(root.ensure(spec.process.cwd, Root::Kind::Directory));
  }
  Terminal terminal;
  if (spec.process.terminal) {
    terminal = TRY(open_terminal(root.fd(), spec.process).context("terminal"));
    TRY(mount_console(root, terminal.slave.get()).context("/dev/console"));
  }
  TRY(root.finish_mounts());
  TRY(root.mask(spec.masked_paths));
  TRY(root.make_read_only(spec.read_only_paths));
  if (spec.root_read_only) TRY(root.make_root_read_only());
  TRY(root.become_root(inside.options.pivot));
  TRY(propagate_root(spec.rootfs_propagation));
  return terminal;
}

Status set_oom_score(const Process& process) {
  if (!process.oom_score_adj) return ok();
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  const std::string text = format("{}", *process.oom_score_adj);
  if (!file || ::write(file.get(), text.data(), text.size()) < 0) {
    return system_error(errno, "set oom_score_adj to " + text);
  }
  return ok();
}

// Up to the program; what it gives is why there is none.
Error live(Inside& inside, const Channel& channel) {
  const Process& process = inside.spec.process;
  TRY(hide(inside.options));
  TRY(inside.entrance.enter(inside.in_cgroup));
  if (::setsid() < 0) return system_error(errno, "start a session");
  TRY(leave_session_keyring());
  Message go = TRY(channel.expect(Word::Go));
  inside.has_layers = static_cast<bool>(go.fd);
  if (inside.has_layers) inside.root = std::move(go.fd);
  TRY(set_oom_score(process));
  TRY(settle_in_namespaces(inside));
  const Terminal terminal = TRY(build_root(inside));
  return begin_program({.process = process, .options = inside.options, .filter = inside.filter},
                       terminal, channel);
}

}  // namespace

Status cut_off_mounts() {
  // What the host mounts later still arrives, and nothing of ours goes back.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0) return ok();
  return system_error(errno, "cut the mounts off from the host's");
}

void become_container(Inside& inside, const Channel& channel) noexcept {
  const Error error = live(inside, channel);
  (void)channel.send_failure(error);
  ::_exit(1);
}

}  // namespace netctl::container
