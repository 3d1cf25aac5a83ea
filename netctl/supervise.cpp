#include "netctl/supervise.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "netctl/attend.hpp"
#include "netctl/container_network.hpp"
#include "netctl/log_file.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/ns/pins.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/mount_api.hpp"

namespace netctl::command {
namespace {

using container::Launched;
using container::Spec;
using container::State;

struct Pipe {
  UniqueFd reader{};
  UniqueFd writer{};
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return system_error(errno, "create a pipe");
  return Pipe{.reader = UniqueFd(fds[0]), .writer = UniqueFd(fds[1])};
}

// In place: the container has these very files bound into its /etc.
Status fill_file(const std::string& path, const std::string& content) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file || ::write(file.get(), content.data(), content.size()) < 0) {
    return system_error(errno, format("write {}", path));
  }
  return ok();
}

// One run of a container; its steps in their order.
class Run {
 public:
  Run(const Settings& settings, const RunOptions& options, State state)
      : settings_(settings), options_(options), store_(store(settings)), state_(std::move(state)) {}

  Result<int> all(const std::function<void()>& started) {
    Rollback undo;
    undo.add("remove the container", [&] { return twice([&] { return remove(); }); });
    state_.monitor = TRY(container::own_name());
    const Signals signals = TRY(Signals::take());
    const Spec spec = TRY(store_.spec_of(state_.id));
    const cgroup::Group group = TRY(make_group(spec));
    Streams streams = TRY(make_streams());
    const std::string mounts = TRY(sys::read_file("/proc/self/mountinfo"));
    Launched launched = TRY(container::launch(spec, group,
                                              {.streams = streams.inside(options_),
                                               .init = options_.init,
                                               .pivot = !sys::is_initial_ramdisk(mounts),
                                               .filters = store_.filters()}));
    streams.close_inside();
    TRY(remember_birth(launched));
    if (Status attached = attach(spec, launched); !attached) {
      // It may have ended for a reason of its own, which then is the reason.
      if (auto own = launched.failure()) return *std::move(own);
      return std::move(attached).error();
    }
    UniqueFd terminal = TRY(launched.wait_until_ready());
    TRY(launched.start());
    state_.started_ns = container::now_ns();
    TRY(store_.save(state_));
    undo.commit();
    started();
    return watch(signals, launched, std::move(terminal), std::move(streams));
  }

 private:
  // Pipes into the log for a detached container; ours otherwise.
  struct Streams {
    Pipe out{};
    Pipe err{};

    container::Streams inside(const RunOptions& options) const {
      if (options.detach) return {.in = -1, .out = out.writer.get(), .err = err.writer.get()};
      return {.in = options.interactive ? STDIN_FILENO : -1,
              .out = STDOUT_FILENO,
              .err = STDERR_FILENO};
    }
    void close_inside() {
      out.writer.reset();
      err.writer.reset();
    }
  };

  bool detached() const { return options_.detach; }

  Result<cgroup::Group> make_group(const Spec& spec) {
    const cgroup::Layout layout = TRY(cgroup::own_layout());
    cgroup::Group group(layout, spec.cgroup_path);
    TRY(group.create());
    TRY(group.apply(spec.resources));
    return group;
  }

  Result<Streams> make_streams() {
    Streams streams;
    if (!detached()) return streams;
    streams.out = TRY(make_pipe());
    streams.err = TRY(make_pipe());
    return streams;
  }

  Status remember_birth(const Launched& launched) {
    state_.init = TRY(container::name_of_process(launched.pid()));
    return store_.save(state_);
  }

  Status attach(const Spec& spec, const Launched& launched) {
    Names names{.hostname = spec.hostname, .domainname = spec.domainname};
    names.nameservers = options_.dns;
    names.search = options_.dns_search;
    names.options = options_.dns_options;
    const bool own_netns = spec.has_new(ns::Kind::Network);
    if (own_netns) {
      TRY(ns::pin(pin_name_of(state_.id), ns::path_of_process(ns::Kind::Network, launched.pid())));
    }
    TRY(attach_all(settings_, state_, names));
    return write_names(spec, names);
  }

  Status write_names(const Spec& spec, const Names& names) {
    const std::string directory = store_.directory_of(state_.id);
    const auto host_hosts = sys::find_file("/etc/hosts");
    const auto host_resolv = sys::find_file("/etc/resolv.conf");
    const bool hosts_own = !spec.has_own(ns::Kind::Network);
    std::string hosts = hosts_text(names, options_.extra_hosts);
    if (hosts_own && host_hosts && *host_hosts) hosts = **host_hosts;
    TRY(fill_file(directory + "/hosts", hosts));
    const std::string resolv = host_resolv ? host_resolv->value_or("") : "";
    TRY(fill_file(directory + "/resolv.conf", resolv_conf_text(names, resolv, !hosts_own)));
    return fill_file(directory + "/hostname", spec.hostname + "\n");
  }

  // Until it ends by itself. One that cannot be watched has its end now, for nobody would put away
  // what it leaves; of one in the background it stays to be read that there was one.
  Result<int> watch(const Signals& signals, Launched& launched, UniqueFd terminal,
                    Streams streams) {
    const Status watched = attend_to(signals, launched, std::move(terminal), std::move(streams));
    if (!watched) (void)sys::send_signal(launched.pidfd(), SIGKILL);
    const int status = TRY(launched.wait());
    if (watched || detached()) {
      TRY(finish(status));
    } else {
      TRY(twice([&] { return remove(); }));
    }
    TRY(watched);
    return status;
  }

  Status attend_to(const Signals& signals, const Launched& launched, UniqueFd terminal,
                   Streams streams) {
    const std::int64_t log_size = TRY(parse_size(options_.log_size));
    LogFile log(state_.log, log_size, options_.log_files);
    if (detached()) TRY(log.open());
    {
      // The terminal is as it was before anything else is printed.
      std::optional<RawTerminal> raw;
      if (terminal && !detached()) raw.emplace();
      Attended attended{.pidfd = launched.pidfd(),
                        .terminal = std::move(terminal),
                        .out = std::move(streams.out.reader),
                        .err = std::move(streams.err.reader),
                        .forwards_input = options_.terminal && options_.interactive && !detached(),
                        .log = detached() ? &log : nullptr};
      TRY(attend(signals, std::move(attended)));
    }
    log.close();
    return ok();
  }

  // Nobody may come back for what the container had. Each step may be repeated, and what was short
  // for a moment (memory, descriptors) is there again the next.
  static Status twice(const std::function<Status()>& step) {
    const Status first = step();
    if (first) return ok();
    log::info("once more: {}", first.error().message);
    return step();
  }

  Status finish(int status) {
    state_.exit_status = status;
    state_.finished_ns = container::now_ns();
    const auto save = [&] { return store_.save(state_); };
    ErrorList errors;
    errors.keep(twice(save));
    if (errors.keep(twice([&] { return release(settings_, state_); }))) {
      state_.released = true;
      errors.keep(twice(save));
    }
    if (state_.removes_itself && errors.empty()) {
      errors.keep(twice([&] { return store_.remove(state_); }));
    }
    return errors.status();
  }

  Status remove() {
    TRY(release(settings_, state_));
    return store_.remove(state_);
  }

  const Settings& settings_;
  const RunOptions& options_;
  container::Store store_;
  State state_;
};

}  // namespace

Result<State> running_container(const Settings& settings, const std::string& name) {
  State state = TRY(store(settings).find(name));
  if (TRY(container::is_running(state))) return state;
  return fail(Errc::NotFound, "container \"{}\": container not running", name);
}

Result<cgroup::Group> group_of(const State& state) {
  const cgroup::Layout layout = TRY(cgroup::own_layout());
  return cgroup::Group(layout, state.cgroup_path);
}

bool sees_no_cgroups(const Result<cgroup::Layout>& layout) {
  return !layout &&
         (layout.error().code == Errc::NotFound || layout.error().code == Errc::NotSupported);
}

Result<std::string> state_text(const State& state, container::Phase phase) {
  switch (phase) {
    case container::Phase::Created:
      return std::string("created");
    case container::Phase::Dead:
      return std::string("dead");
    case container::Phase::Exited:
      return format("exited ({})", state.exit_status.value_or(-1));
    case container::Phase::Running:
      break;
  }
  auto layout = cgroup::own_layout();
  if (sees_no_cgroups(layout)) return std::string("running");
  const cgroup::Group group(TRY(std::move(layout)), state.cgroup_path);
  return std::string(TRY(group.is_frozen()) ? "paused" : "running");
}

container::Store store(const Settings& settings) {
  return container::Store(settings.run_directory, settings.data_directory);
}

std::string pin_name_of(const std::string& id) { return "netctl-" + id.substr(0, 12); }

Result<int> supervise(const Settings& settings, const RunOptions& options, State state,
                      const std::function<void()>& started) {
  return Run(settings, options, std::move(state)).all(started);
}

Status release(const Settings& settings, const State& state) {
  if (state.released) return ok();
  ErrorList errors;
  if (!state.cgroup_path.empty()) {
    if (const auto layout = cgroup::own_layout()) {
      const cgroup::Group group(*layout, state.cgroup_path);
      errors.keep(group.kill());
      errors.keep(group.remove());
    } else {
      errors.add(layout.error());
    }
  }
  errors.keep(detach_all(settings, state));
  const auto unpinned = ns::remove_pinned(pin_name_of(state.id));
  if (!unpinned && unpinned.error().code != Errc::NotFound) errors.add(unpinned.error());
  return errors.status();
}

}  // namespace netctl::command
