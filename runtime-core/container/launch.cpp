#include "runtime-core/container/launch.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "runtime-core/base/log.hpp"
#include "runtime-core/container/filter_cache.hpp"
#include "runtime-core/container/inside.hpp"
#include "runtime-core/container/program.hpp"
#include "runtime-core/rootfs/layers.hpp"
#include "runtime-core/rootfs/mount_options.hpp"

namespace netctl::container {
namespace {

using ns::Kind;

// Those of the new process' own at birth. Its cgroup namespace comes later, and its time namespace
// is that of our children (ns::ForChildren).
std::uint64_t birth_flags(const Spec& spec) {
  std::uint64_t flags = 0;
  for (const NamespaceUse& each : spec.namespaces) {
    const bool at_birth = each.kind != Kind::Cgroup && each.kind != Kind::Time;
    if (each.path.empty() && at_birth) flags |= ns::clone_flag(each.kind);
  }
  return flags;
}

Result<std::vector<ns::Opened>> open_joined(const Spec& spec) {
  std::vector<ns::Opened> joined;
  for (const NamespaceUse& each : spec.namespaces) {
    const bool before_birth =
        each.kind == Kind::User || each.kind == Kind::Pid || each.kind == Kind::Time;
    if (each.path.empty() || before_birth) continue;
    UniqueFd fd = TRY(ns::open_kind(each.kind, each.path));
    joined.push_back({.kind = each.kind, .fd = std::move(fd)});
  }
  return joined;
}

Status prepare_children(const Spec& spec, ns::ForChildren& children) {
  for (const Kind kind : {Kind::Pid, Kind::Time}) {
    const NamespaceUse* use = spec.find(kind);
    if (!use || use->path.empty()) continue;
    const UniqueFd joined = TRY(ns::open_kind(kind, use->path));
    TRY(children.enter(kind, joined.get()));
  }
  if (!spec.has_new(Kind::Time)) return ok();
  const TimeOffsets offsets = spec.time_offsets.value_or(TimeOffsets{});
  return children.new_time(offsets.monotonic, offsets.boottime);
}

std::vector<rootfs::CgroupDirectory> cgroup_directories(const cgroup::Group& group) {
  std::vector<rootfs::CgroupDirectory> directories;
  for (const cgroup::Hierarchy& each : group.layout().hierarchies) {
    std::string name;
    if (each.version == 1) {
      for (const std::string& controller : each.controllers) {
        name += (name.empty() ? "" : ",") + controller;
      }
    }
    directories.push_back({.name = name, .host_path = group.directory_in(each)});
  }
  return directories;
}

Status write_map(pid_t pid, const char* file, const std::vector<IdMapping>& mappings) {
  const std::string path = format("/proc/{}/{}", pid, file);
  std::string text;
  for (const IdMapping& each : mappings) {
    text += format("{} {} {}\n", each.container, each.host, each.size);
  }
  const UniqueFd map(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!map) return system_error(errno, format("open {}", path));
  // In one write: the kernel takes no second one.
  if (::write(map.get(), text.data(), text.size()) < 0) {
    return system_error(errno, format("write {}", path));
  }
  return ok();
}

Status write_maps(const Spec& spec, pid_t pid) {
  if (!spec.has_new(Kind::User)) return ok();
  TRY(write_map(pid, "gid_map", spec.gid_mappings));
  return write_map(pid, "uid_map", spec.uid_mappings);
}

// See Inside::sources.
Status copy_sources(const Spec& spec, Inside& inside) {
  if (!rootfs::find_layers(spec.mounts)) {
    inside.root = TRY(rootfs::Root::copy_of(spec.root, true).context("root file system"));
  }
  for (const rootfs::Mount& each : spec.mounts) {
    const auto options = TRY(rootfs::parse_mount_options(each.options));
    UniqueFd& source = inside.sources.emplace_back();
    if (!options.bind) continue;
    source = TRY(rootfs::Root::copy_of(each.source, options.recursive)
                     .context("mount {}", each.destination));
  }
  return ok();
}

// Born in its cgroup where the kernel has that; otherwise it enters by itself.
struct Birth {
  sys::Child child{};
  bool in_cgroup = false;
};

Result<Birth> give_birth(std::uint64_t flags, const cgroup::Group& group) {
  if (const auto unified = group.open_unified()) {
    auto child = sys::clone_child(flags, unified->get());
    if (child) return Birth{.child = std::move(child).value(), .in_cgroup = true};
    log::debug("not born in its cgroup: {}", child.error().message);
  }
  sys::Child child = TRY(sys::clone_child(flags));
  return Birth{.child = std::move(child), .in_cgroup = false};
}

// In a user namespace that is joined. It is entered before the others are made, for they are to
// belong to it, and nobody comes back from it: so a process between us and the container enters it,
// and has a brother there, a child of ours.
Result<Birth> give_birth_in(int user_namespace, std::uint64_t flags) {
  auto channel = TRY(Channel::make());
  Channel& ours = channel.first;
  Channel& theirs = channel.second;
  const sys::Child between = TRY(sys::clone_child(0));
  if (between.pid == 0) {
    auto born = [&]() noexcept -> Result<sys::Child> {
      if (::setns(user_namespace, CLONE_NEWUSER) != 0) {
        return system_error(errno, "enter the user namespace");
      }
      return sys::clone_child(flags | CLONE_PARENT);
    }();
    if (born && born->pid == 0) return Birth{};  // the container's first process
    sys::be_child([&] {
      (void)(born ? theirs.send(Word::Go, born->pidfd.get()) : theirs.send_failure(born.error()));
      return 0;
    });
  }
  theirs.close();
  ours.speak_with(between.pidfd.get());
  auto heard = ours.expect(Word::Go);
  TRY(sys::wait_for_end(between.pidfd.get()));
  Message message = TRY(std::move(heard));
  sys::Child child{.pid = 0, .pidfd = std::move(message.fd)};
  child.pid = TRY(sys::pid_of(child.pidfd.get()));
  return Birth{.child = std::move(child), .in_cgroup = false};
}

// The layers as the user namespace of the first process is to see them; none where it has ours, and
// mounts them itself. They are put together in a mount namespace that takes what that needs along
// when it ends.
Result<UniqueFd> layers_for(const Spec& spec, pid_t first_process) {
  const rootfs::Mount* layers = rootfs::find_layers(spec.mounts);
  if (!layers || !spec.has_own(Kind::User)) return UniqueFd();
  const UniqueFd user_namespace =
      TRY(ns::open_kind(Kind::User, ns::path_of_process(Kind::User, first_process)));
  auto channel = TRY(Channel::make());
  Channel& ours = channel.first;
  Channel& theirs = channel.second;
  const sys::Child between = TRY(sys::clone_child(CLONE_NEWNS));
  if (between.pid == 0) {
    const auto make = [&]() -> Result<UniqueFd> {
      TRY(cut_off_mounts());
      return rootfs::mount_mapped_layers(*layers, spec.root, user_namespace.get());
    };
    sys::be_child([&] {
      const auto made = make();
      (void)(made ? theirs.send(Word::Ready, made->get()) : theirs.send_failure(made.error()));
      return 0;
    });
  }
  theirs.close();
  ours.speak_with(between.pidfd.get());
  auto heard = ours.expect(Word::Ready);
  TRY(sys::wait_for_end(between.pidfd.get()));
  Message message = TRY(std::move(heard));
  return std::move(message.fd);
}

}  // namespace

Launched::~Launched() { destroy(); }

void Launched::destroy() {
  if (!child_.pidfd || started_) return;
  if (sys::send_signal(child_.pidfd.get(), SIGKILL)) {
    if (const auto ended = wait(); !ended) log::warn("{}", ended.error().message);
  }
}

// Of a process that ended instead of speaking: what it said last, or how it ended.
Error Launched::why_silent() {
  const auto last = channel_.receive();
  if (last && *last && (*last)->word == Word::Failed) return (*last)->error;
  const auto status = wait();
  if (!status) return status.error();
  return fail(Errc::Unknown,
              "the container's first process ended before its program, with status {}", *status);
}

Status Launched::send(Word word, int fd) {
  Status sent = channel_.send(word, fd);
  if (sent) return ok();
  // One that waits for the word that could not be sent has nothing to say.
  if (!channel_.has_word()) return sent;
  return why_silent();
}

Result<UniqueFd> Launched::wait_until_ready() {
  if (!early_) early_ = TRY(channel_.receive());
  if (!early_) return why_silent();
  if (early_->word == Word::Failed) return std::move(early_->error);
  Message message = *std::move(early_);
  early_.reset();
  return std::move(message.fd);
}

std::optional<Error> Launched::failure() {
  if (early_ || !channel_.has_word()) return {};
  auto message = channel_.expect(Word::Ready);
  if (!message) return std::move(message).error();
  early_ = std::move(message).value();
  return {};
}

Status Launched::start() {
  TRY(send(Word::Start));
  auto message = TRY(channel_.receive());
  if (message) return std::move(message->error);
  started_ = true;
  return ok();
}

Result<Launched> launch(const Spec& spec, const cgroup::Group& group,
                        const LaunchOptions& options) {
  TRY(check_spec(spec));
  Inside inside{.spec = spec, .options = options, .cgroups = cgroup_directories(group)};
  inside.joined = TRY(open_joined(spec));
  if (spec.seccomp) inside.filter = TRY(find_or_compile_filter(*spec.seccomp, options.filters));
  UniqueFd user_namespace;
  if (const NamespaceUse* use = spec.find(Kind::User)) {
    if (!use->path.empty()) user_namespace = TRY(ns::open_kind(Kind::User, use->path));
    TRY(copy_sources(spec, inside));
  }
  inside.entrance = TRY(group.open_entrance());
  auto [ours, theirs] = TRY(Channel::make());

  std::optional<ns::ForChildren> children(std::in_place);
  TRY(prepare_children(spec, *children));
  const std::uint64_t flags = birth_flags(spec);
  auto born =
      user_namespace ? give_birth_in(user_namespace.get(), flags) : give_birth(flags, group);
  Birth birth = TRY(std::move(born));
  if (birth.child.pid == 0) {
    ours.close();
    inside.in_cgroup = birth.in_cgroup;
    become_container(inside, theirs);
  }
  theirs.close();
  children.reset();  // whoever is born from here on is in our namespaces again
  Launched launched(std::move(birth.child), std::move(ours));
  TRY(write_maps(spec, launched.pid()));
  const UniqueFd layers = TRY(layers_for(spec, launched.pid()));
  TRY(launched.go(layers.get()));
  return launched;
}

namespace {

// Those of a process that are not ours anyway: entering the own user namespace again is refused.
Result<std::vector<ns::Opened>> open_all_of(pid_t pid) {
  std::vector<ns::Opened> opened;
  for (const Kind kind : ns::kAllKinds) {
    const std::string path = ns::path_of_process(kind, pid);
    if (TRY(ns::is_own(kind, path))) continue;
    UniqueFd fd = TRY(ns::open_kind(kind, path));
    opened.push_back({.kind = kind, .fd = std::move(fd)});
  }
  return opened;
}

// What a process has that joins, besides what its program gets.
struct Joining {
  const std::vector<ns::Opened>& namespaces;
  cgroup::Entrance& entrance;
  bool in_cgroup = false;
};

// Its life, up to the program; what it gives is why there is none.
Error join_inside(const Joining& joining, const Begin& begin, const Channel& channel) {
  TRY(hide(begin.options));
  TRY(joining.entrance.enter(joining.in_cgroup));
  if (::setsid() < 0) return system_error(errno, "start a session");
  TRY(leave_session_keyring());
  TRY(channel.expect(Word::Go));
  TRY(ns::enter_all(joining.namespaces));
  TRY(hide(begin.options));
  Terminal terminal;
  if (begin.process.terminal) {
    const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    terminal = TRY(open_terminal(root.get(), begin.process).context("terminal"));
  }
  return begin_program(begin, terminal, channel);
}

}  // namespace

Result<Launched> join(pid_t init, const Spec& spec, const Process& process,
                      const cgroup::Group& group, const LaunchOptions& options) {
  FilterProgram filter;
  if (spec.seccomp) filter = TRY(find_or_compile_filter(*spec.seccomp, options.filters));
  std::vector<ns::Opened> namespaces = TRY(open_all_of(init));
  ns::ForChildren children;
  for (const ns::Opened& each : namespaces) {
    if (each.kind == Kind::Pid || each.kind == Kind::Time) {
      TRY(children.enter(each.kind, each.fd.get()));
    }
  }
  std::erase_if(namespaces, [](const ns::Opened& each) {
    return each.kind == Kind::Pid || each.kind == Kind::Time;
  });
  cgroup::Entrance entrance = TRY(group.open_entrance());
  auto channel = TRY(Channel::make());
  Channel& ours = channel.first;
  Channel& theirs = channel.second;
  Birth birth = TRY(give_birth(0, group));
  if (birth.child.pid == 0) {
    sys::be_child([&] {
      ours.close();
      (void)theirs.send_failure(join_inside(
          {.namespaces = namespaces, .entrance = entrance, .in_cgroup = birth.in_cgroup},
          {.process = process, .options = options, .filter = filter}, theirs));
      return 1;
    });
  }
  theirs.close();
  Launched launched(std::move(birth.child), std::move(ours));
  TRY(launched.go());
  return launched;
}

}  // namespace netctl::container
