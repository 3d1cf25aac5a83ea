#include "netctl/namespaces.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "netctl/attend.hpp"
#include "netctl/filters.hpp"
#include "netctl/run.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/container/channel.hpp"
#include "runtime-core/container/launch.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/ns/pins.hpp"
#include "runtime-core/sys/child.hpp"

namespace netctl::command {
namespace {

ns::Pins pins(const Settings& settings) { return {.directory = settings.run_directory + "/ns"}; }

Result<std::vector<ns::Kind>> parse_kinds(const std::vector<std::string>& words) {
  std::vector<ns::Kind> kinds;
  for (const std::string& word : words) {
    for (std::size_t begin = 0; begin <= word.size();) {
      const std::size_t end = std::min(word.find(',', begin), word.size());
      const ns::Kind kind = TRY(ns::parse_kind(word.substr(begin, end - begin)));
      if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
      begin = end + 1;
    }
  }
  if (kinds.empty()) kinds.push_back(ns::Kind::Network);
  return kinds;
}

bool has(const std::vector<ns::Opened>& namespaces, ns::Kind kind) {
  return std::ranges::find(namespaces, kind, &ns::Opened::kind) != namespaces.end();
}

// The first process of a pid namespace makes the /proc that belongs to it, where that is seen by
// nobody else.
void mount_own_proc() {
  if (::getpid() != 1) return;
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0) return;
  log::warn("{}", system_error(errno, "mount /proc of the pid namespace").message);
}

// In the child: into them, and on to the program. Gives why not.
Error become(const std::vector<ns::Opened>& namespaces, const std::vector<std::string>& command) {
  TRY(ns::enter_all(namespaces));
  if (has(namespaces, ns::Kind::Mount)) mount_own_proc();
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  ::execvp(arguments.front(), arguments.data());
  Error error = system_error(errno, format("exec \"{}\"", command.front()));
  error.protocol_code = errno == ENOENT ? container::kNotFound : container::kNotExecutable;
  return error;
}

bool is_of_children(const ns::Opened& each) {
  return each.kind == ns::Kind::Pid || each.kind == ns::Kind::Time;
}

Result<int> run_in_all(std::vector<ns::Opened> namespaces,
                       const std::vector<std::string>& command) {
  ns::ForChildren children;
  for (const ns::Opened& each : namespaces) {
    if (is_of_children(each)) TRY(children.enter(each.kind, each.fd.get()));
  }
  std::erase_if(namespaces, is_of_children);
  const Signals signals = TRY(Signals::take());
  auto channel = TRY(container::Channel::make());
  container::Channel& ours = channel.first;
  container::Channel& theirs = channel.second;
  const sys::Child child = TRY(sys::clone_child(0));
  if (child.pid == 0) {
    sys::be_child([&] {
      ours.close();
      (void)theirs.send_failure(become(namespaces, command));
      return kOurFailure;
    });
  }
  theirs.close();
  if (const auto failed = TRY(ours.receive())) {
    [[maybe_unused]] const auto ended = sys::wait_for_end(child.pidfd.get());
    return failed->error;
  }
  TRY(attend(signals, {.pidfd = child.pidfd.get()}));
  return sys::wait_for_end(child.pidfd.get());
}

Result<std::vector<Facts>> read_pins(const Settings& settings) {
  const auto attachments = runtime(settings).cached("");
  std::vector<Facts> things;
  for (const std::string& name : TRY(pins(settings).names())) {
    std::vector<std::string> kinds;
    for (const ns::Kind kind : TRY(pins(settings).kinds_of(name))) {
      kinds.emplace_back(ns::file_name(kind));
    }
    const bool has_network = std::ranges::find(kinds, "net") != kinds.end();
    const std::string path =
        has_network ? ns::pin_directory() + "/" + name : pins(settings).directory + "/" + name;
    const auto attached = std::ranges::count_if(
        attachments, [&](const cni::CachedAttachment& each) { return each.call.netns == path; });
    things.push_back({fact("name", name), fact("kinds", kinds),
                      fact("attached", static_cast<std::int64_t>(attached)), fact("path", path)});
  }
  return things;
}

std::string pin_line(const Facts& facts) {
  const std::vector<std::string>& kinds = facts[1].parts;
  std::string line = facts[0].text;
  if (kinds.size() == 1 && kinds.front() == "net") return line;
  for (std::size_t i = 0; i < kinds.size(); ++i) line += (i == 0 ? " " : ",") + kinds[i];
  return line;
}

}  // namespace

Status ns_add(const Settings& settings, const std::string& name,
              const std::vector<std::string>& kinds) {
  return pins(settings).create(name, TRY(parse_kinds(kinds)));
}

Status ns_rm(const Settings& settings, const std::string& name) {
  return pins(settings).remove(name);
}

Status ns_ls(const Settings& settings, const Output& output) {
  static constexpr std::array<Column, 4> kColumns{
      {{"NAME", "name"}, {"KINDS", "kinds"}, {"ATTACHED", "attached"}, {"PATH", "path"}}};
  const auto holds = [](const Filter& filter, const Facts& facts) {
    if (filter.key == "kind") return is_fact({.key = "kinds", .value = filter.value}, facts);
    return is_fact(filter, facts);
  };
  return show_list({.columns = kColumns,
                    .name = "name",
                    .filters = kNamespaceFilters,
                    .read = [&] { return read_pins(settings); },
                    .changes = {.directories = {ns::pin_directory(), settings.run_directory + "/ns",
                                                settings.state_directory + "/results"}},
                    .holds = holds,
                    .line = pin_line},
                   output);
}

Result<int> ns_exec(const Settings& settings, const std::string& name,
                    const std::vector<std::string>& command, int& exit_status) {
  exit_status = kOurFailure;
  std::vector<ns::Opened> namespaces = TRY(pins(settings).open(name));
  const bool with_pid = has(namespaces, ns::Kind::Pid);
  auto ended = run_in_all(std::move(namespaces), command);
  if (!ended && with_pid && ended.error().code == Errc::Exhausted) {
    return fail(
        Errc::NotFound,
        "the pid namespace of \"{}\" has ended with its first process: make it anew, netctl "
        "ns rm {} and netctl ns add",
        name, name);
  }
  if (!ended) exit_status = exit_status_of(ended.error());
  return ended;
}

}  // namespace netctl::command
