#include "netctl/run.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "netctl/container_network.hpp"
#include "netctl/output.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/runtime.hpp"
#include "runtime-core/container/accounts.hpp"
#include "runtime-core/container/channel.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/mount_api.hpp"
#include "runtime-core/sys/own_program.hpp"

namespace netctl::command {
namespace {

using container::Channel;
using container::NamespaceUse;
using container::State;
using container::Word;
using ns::Kind;

constexpr std::string_view kContainer = "container:";

// --- what it joins --------------------------------------------------------------------------

Result<State> joinable_container(const Settings& settings, const std::string& name) {
  State state = TRY(store(settings).find(name));
  if (TRY(container::is_running(state))) return state;
  return fail(Errc::NotFound, "cannot join a namespace of container \"{}\": it does not run", name);
}

// One flag of --pid, --ipc …: nothing in the list for the host's.
Status add_namespace(const Settings& settings, Kind kind, const std::string& text,
                     std::vector<NamespaceUse>& uses) {
  if (text == "host") return ok();
  if (text.empty() || text == "private") {
    uses.push_back({.kind = kind});
    return ok();
  }
  if (text.starts_with(kContainer)) {
    const State other = TRY(joinable_container(settings, text.substr(kContainer.size())));
    uses.push_back({.kind = kind, .path = ns::path_of_process(kind, other.init.pid)});
    return ok();
  }
  const std::string path = text.starts_with("ns:") ? text.substr(3) : text;
  if (!path.starts_with('/')) {
    return fail(Errc::InvalidArgument,
                "\"{}\" is no {} namespace: write host, private, container:ID or a path", text,
                ns::oci_name(kind));
  }
  TRY(ns::open_kind(kind, path));
  uses.push_back({.kind = kind, .path = path});
  return ok();
}

// Where the container that is joined by --network has its namespace: one of ours, or one that was
// attached with `netctl add --id`.
Result<std::string> netns_of(const Settings& settings, const std::string& name) {
  const auto other = joinable_container(settings, name);
  if (other) {
    if (!other->netns.empty()) return other->netns;
    return ns::path_of_process(Kind::Network, other->init.pid);
  }
  for (const cni::CachedAttachment& each : runtime(settings).cached("")) {
    if (each.call.container_id == name) return each.call.netns;
  }
  return other.error();
}

Status add_network_namespace(const Settings& settings, const RunOptions& options, State& state,
                             std::vector<NamespaceUse>& uses) {
  const std::string first = options.networks.empty() ? "bridge" : options.networks.front();
  if (first == "host") return ok();
  if (first.starts_with(kContainer)) {
    state.netns = TRY(netns_of(settings, first.substr(kContainer.size())));
    // By their full id: that is what the network side knows them by.
    if (const auto other = store(settings).find(first.substr(kContainer.size()))) {
      state.networks.front().network = std::string(kContainer) + other->id;
    }
    uses.push_back({.kind = Kind::Network, .path = state.netns});
    return ok();
  }
  if (first.starts_with("ns:")) return add_namespace(settings, Kind::Network, first, uses);
  state.netns = format("{}/{}", ns::pin_directory(), pin_name_of(state.id));
  uses.push_back({.kind = Kind::Network});
  return ok();
}

Result<std::vector<NamespaceUse>> namespaces_of(const Settings& settings, const RunOptions& options,
                                                State& state) {
  std::vector<NamespaceUse> uses{{.kind = Kind::Mount}};
  const bool maps = !options.uid_maps.empty() || !options.gid_maps.empty();
  const bool offsets = !options.monotonic_offset.empty() || !options.boottime_offset.empty();
  if (!options.userns.empty() || maps) {
    TRY(add_namespace(settings, Kind::User, options.userns, uses).context("--userns"));
  }
  TRY(add_namespace(settings, Kind::Pid, options.pid, uses).context("--pid"));
  TRY(add_namespace(settings, Kind::Ipc, options.ipc, uses).context("--ipc"));
  TRY(add_namespace(settings, Kind::Uts, options.uts, uses).context("--uts"));
  TRY(add_namespace(settings, Kind::Cgroup, options.cgroupns, uses).context("--cgroupns"));
  if (!options.time.empty() || offsets) {
    TRY(add_namespace(settings, Kind::Time, options.time, uses).context("--time"));
  }
  TRY(add_network_namespace(settings, options, state, uses));
  return uses;
}

// --- the root file system -------------------------------------------------------------------

// A file of the container, from the topmost layer that has it.
Result<std::string> file_of_container(const RunOptions& options, const std::string& path) {
  std::vector<std::string> directories = options.layers;
  if (directories.empty()) directories.push_back(options.rootfs);
  for (auto each = directories.rbegin(); each != directories.rend(); ++each) {
    const UniqueFd root(::open(each->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return system_error(errno, "open " + *each);
    const auto found = sys::open_in_root(root.get(), path, O_PATH);
    if (found) return container::file_in_root(root.get(), path);
    if (found.error().code != Errc::NotFound) return found.error();
  }
  return std::string();
}

Status check_root(const RunOptions& options) {
  if (options.rootfs.empty() == options.layers.empty()) {
    return fail(Errc::InvalidArgument,
                "a container has one --rootfs DIR, or as many --layer DIR as it takes");
  }
  std::vector<std::string> directories = options.layers;
  if (directories.empty()) directories.push_back(options.rootfs);
  for (const std::string& each : directories) {
    std::error_code error;
    if (std::filesystem::is_directory(each, error)) continue;
    if (error && error != std::errc::no_such_file_or_directory) {
      return system_error(error.value(), format("root file system \"{}\"", each));
    }
    return fail(Errc::NotFound, "root file system \"{}\": no such directory", each);
  }
  return ok();
}

Result<container::User> user_of(const RunOptions& options) {
  if (options.user.empty()) return container::User{};
  const std::string passwd = TRY(file_of_container(options, "/etc/passwd"));
  const std::string group = TRY(file_of_container(options, "/etc/group"));
  return container::parse_user(options.user, passwd, group).context("-u");
}

// --- making it ------------------------------------------------------------------------------

// Two words that are easy to say and to tell apart.
std::string pleasant_name(const std::string& id) {
  constexpr std::string_view kHow[] = {"able",  "brave", "calm",  "eager", "fair", "glad",
                                       "happy", "keen",  "lucid", "merry", "neat", "proud",
                                       "quick", "swift", "tidy",  "warm"};
  constexpr std::string_view kWhat[] = {"badger", "crane", "dove",  "eagle", "finch", "goose",
                                        "heron",  "ibis",  "koala", "lark",  "mole",  "otter",
                                        "puffin", "raven", "seal",  "wren"};
  const auto digit = [&](std::size_t i) {
    return static_cast<std::size_t>(std::strtol(id.substr(i, 1).c_str(), nullptr, 16));
  };
  return format("{}-{}-{}", kHow[digit(0)], kWhat[digit(1)], id.substr(2, 4));
}

Result<State> first_state(const Settings& settings, const RunOptions& options) {
  State state;
  state.id = TRY(container::new_id());
  state.name = options.name.empty() ? pleasant_name(state.id) : options.name;
  TRY(container::check_name(state.name).context("--name"));
  state.command = joined(options.command, " ");
  state.rootfs = options.layers.empty() ? options.rootfs : options.layers.back();
  state.monitor = TRY(container::own_name());
  state.cgroup_path = container::group_path_of(state.id);
  state.networks = TRY(network_uses(settings, options));
  state.created_ns = container::now_ns();
  state.removes_itself = options.remove;
  state.stop_signal = TRY(parse_signal(options.stop_signal).context("--stop-signal"));
  if (options.detach) state.log = store(settings).data_of(state.id) + "/log";
  return state;
}

Status make_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return system_error(errno, format("create {}", path));
  return ok();
}

Status make_directories(const Settings& settings, const RunOptions& options, const State& state) {
  const container::Store where = store(settings);
  for (const char* name : {"hosts", "hostname", "resolv.conf"}) {
    TRY(make_file(format("{}/{}", where.directory_of(state.id), name)));
  }
  if (options.layers.empty()) return ok();
  TRY(sys::ensure_directory(where.directory_of(state.id) + "/rootfs", 0755));
  TRY(sys::ensure_directory(where.data_of(state.id) + "/upper", 0755));
  return sys::ensure_directory(where.data_of(state.id) + "/work", 0700);
}

// State and spec, checked whole and put into the store.
Result<State> create(const Settings& settings, const RunOptions& options) {
  TRY(check_root(options));
  TRY(cgroup::own_layout());  // without, there will be nothing to put it into
  State state = TRY(first_state(settings, options));
  const container::Store where = store(settings);
  SpecPlace place;
  place.id = state.id;
  place.directory = where.directory_of(state.id);
  place.data_directory = where.data_of(state.id);
  place.namespaces = TRY(namespaces_of(settings, options, state));
  place.user = TRY(user_of(options));
  if (options.ipc == "host") place.shm = "/dev/shm";
  const container::Spec spec = TRY(spec_of(options, place));
  TRY(where.create(state, spec));
  if (const auto made = make_directories(settings, options, state); !made) {
    (void)where.remove(state);
    return made.error();
  }
  return state;
}

// --- running it -----------------------------------------------------------------------------

// The monitor of a detached container: of its own session, with nothing of the caller's but the
// line on which it says that the program runs.
[[noreturn]] void be_monitor(const Settings& settings, const RunOptions& options, State state,
                             Channel line) noexcept {
  ::setsid();
  const container::Store where = store(settings);
  const std::string log = where.data_of(state.id) + "/monitor.log";
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const UniqueFd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
  ::dup2(file ? file.get() : null.get(), STDERR_FILENO);
  if (::chdir("/") != 0) log::debug("chdir: {}", errno);
  const auto ended = supervise(settings, options, std::move(state), [&] {
    if (!line.send(Word::Ready)) (void)line.send(Word::Ready);  // memory may be there again
    line.close();
  });
  if (ended) ::_exit(0);
  if (!line.send_failure(ended.error())) (void)line.send_failure(ended.error());
  log::warn("{}", ended.error().message);
  ::_exit(kOurFailure);
}

Result<int> run_detached(const Settings& settings, const RunOptions& options, State state) {
  sys::Child monitor;
  Rollback undo;
  undo.add("remove the container", [&]() -> Status {
    TRY(release(settings, state));
    return store(settings).remove(state);
  });
  auto [ours, theirs] = TRY(Channel::make());
  monitor = TRY(sys::clone_child(0));
  if (monitor.pid == 0) {
    ours.close();
    be_monitor(settings, options, std::move(state), std::move(theirs));
  }
  theirs.close();
  // Where it failed it has undone what it did, and ends. Where it could not be heard, the container
  // may run: nobody would know of it.
  undo.add("end the monitor", [&]() -> Status {
    TRY(sys::send_signal(monitor.pidfd.get(), SIGKILL));
    TRY(sys::wait_for_end(monitor.pidfd.get()));
    return ok();
  });
  TRY(ours.expect(Word::Ready));
  TRY(print(state.id + "\n"));
  undo.commit();
  return 0;
}

Status check_streams(RunOptions& options) {
  if (!options.terminal) return ok();
  if (!options.detach && options.interactive && !::isatty(STDIN_FILENO)) {
    return fail(Errc::InvalidArgument, "-t with -i: the input is not a terminal");
  }
  return ok();
}

}  // namespace

int exit_status_of(const Error& error) {
  const unsigned code = error.protocol_code;
  const bool is_programs = code == container::kNotFound || code == container::kNotExecutable;
  return is_programs ? static_cast<int>(code) : kOurFailure;
}

Result<int> run(const Settings& settings, RunOptions options, int& exit_status) {
  exit_status = kOurFailure;
  TRY(sys::seal_own_program());
  TRY(check_streams(options));
  State state = TRY(create(settings, options));
  auto ended = options.detach ? run_detached(settings, options, std::move(state))
                              : supervise(settings, options, std::move(state), [] {});
  if (!ended) exit_status = exit_status_of(ended.error());
  return ended;
}

}  // namespace netctl::command
