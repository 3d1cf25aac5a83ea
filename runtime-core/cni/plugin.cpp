#include "runtime-core/cni/plugin.hpp"

#include <linux/capability.h>
#include <signal.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result_json.hpp"
#include "runtime-core/sys/own_netns.hpp"
#include "runtime-core/sys/privileges.hpp"
#include "runtime-core/sys/successor.hpp"
#include "runtime-core/sys/write.hpp"

namespace netctl::cni {
namespace {

// What plugins do: with links, rules and sysctls (NET_ADMIN), in namespaces (SYS_ADMIN) that are
// named by a process (SYS_PTRACE), with iptables' table (NET_RAW), and with files that may be
// another's (the rest; DAC_READ_SEARCH to name a file that has none, linkat(2)).
constexpr std::array kNeeded{CAP_NET_ADMIN,    CAP_SYS_ADMIN,       CAP_SYS_PTRACE, CAP_NET_RAW,
                             CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER};

std::string joined_versions(const Plugin& plugin, std::string_view separator) {
  std::string list;
  for (const std::string_view version : plugin.versions()) {
    list += format("{}{}", list.empty() ? "" : separator, version);
  }
  return list;
}

// Two lines for a person who just calls the program to see what it is.
std::string about(const Plugin& plugin) {
  return format("CNI {} plugin v{} (netctl)\nCNI protocol versions supported: {}\n", plugin.name(),
                NETCTL_VERSION, joined_versions(plugin, ", "));
}

std::string version_answer(const Plugin& plugin) {
  return format("{{\"cniVersion\":\"{}\",\"supportedVersions\":[\"{}\"]}}\n", kNewestVersion,
                joined_versions(plugin, "\",\""));
}

// ": No space left on device", where it is known why something failed.
std::string cause_of(int number) {
  return number == 0 ? "" : ": " + std::system_category().message(number);
}

// Whether CNI_NETNS is where this process is. What cannot be looked at is left to the plugin, which
// knows whether it needs the namespace.
bool is_own_netns(const std::string& path) {
  struct stat theirs {};
  struct stat ours {};
  if (path.empty() || ::stat(path.c_str(), &theirs) != 0) return false;
  const auto own = sys::open_own_netns();
  if (!own || ::fstat(own->get(), &ours) != 0) return false;
  return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

Status check_netns(const Plugin& plugin, const Request& request) {
  const bool matters = request.command == Command::Add || request.command == Command::Del;
  if (!matters || request.netns_override || !plugin.needs_own_netns()) return {};
  if (!is_own_netns(request.netns)) return {};
  return failure(kInvalidNetns, "plugin's netns and netns from CNI_NETNS should not be the same");
}

// Never throws: the reason for undoing is what has to be told.
void undo_add(Plugin& plugin, const Request& request) {
  try {
    if (const Status undone = plugin.undo_add(request); !undone) {
      log::warn("undoing the ADD failed: {}", undone.error().message);
    }
  } catch (const std::exception& thrown) {
    log::warn("undoing the ADD failed: {}", thrown.what());
  }
}

Result<Json> call_add(Plugin& plugin, const Request& request) {
  const AddResult result = TRY(plugin.add(request));
  auto value = to_value(result, request.cni_version);
  if (!value) undo_add(plugin, request);
  return value;
}

Status call_status(Plugin& plugin, const Request& request) {
  Status status = plugin.status(request);
  if (status || status.error().protocol_code != 0) return status;
  Error error = std::move(status).error();
  error.protocol_code = kNotAvailable;
  return error;
}

// The result of ADD; null after the other commands.
Result<Json> carry_out(Plugin& plugin, const Request& request) {
  TRY(check_netns(plugin, request));
  Status status;
  switch (request.command) {
    case Command::Add:
      return call_add(plugin, request);
    case Command::Del:
      status = plugin.del(request);
      break;
    case Command::Check:
      status = plugin.check(request);
      break;
    case Command::Gc:
      status = plugin.gc(request);
      break;
    case Command::Status:
      status = call_status(plugin, request);
      break;
    case Command::Version:
      return failure(kInternal, "not a command of a plugin");
  }
  TRY(std::move(status));
  return Json();
}

// What goes to stdout, and the request when there is something to undo should that fail.
struct Answer {
  std::string text{};
  std::optional<Request> added{};
};

Result<Answer> serve(Plugin& plugin, World& world) {
  Request request = TRY(parse_environment(std::move(world.environment)));
  request.built_ins = world.built_ins;
  const bool known = find_command(request.environment["CNI_COMMAND"]).has_value();
  if (known && request.command == Command::Version) return Answer{.text = version_answer(plugin)};
  std::string config = TRY(world.read_config());
  TRY(add_config(request, std::move(config), plugin.versions()));
  const Json result = TRY(carry_out(plugin, request));
  if (request.command != Command::Add) return Answer{};
  return Answer{.text = dump_json(result, 4), .added = std::move(request)};
}

Result<Document> serve_inside(Plugin& plugin, Environment environment,
                              std::shared_ptr<const Document> config, BuiltIns built_ins) {
  Request request = TRY(parse_environment(std::move(environment)));
  request.built_ins = built_ins;
  TRY(add_config(request, std::move(config), plugin.versions()));
  Json result = TRY(carry_out(plugin, request));
  return Document{.root = std::move(result)};
}

// What a plugin throws is a bug of ours or a lack of memory; the runtime gets its error object all
// the same.
template <class Serve>
auto without_throwing(const Plugin& plugin, const Serve& serve) -> decltype(serve()) {
  try {
    return serve();
  } catch (const std::exception& thrown) {
    return failure(kInternal, format("{} plugin failed: {}", plugin.name(), thrown.what()));
  } catch (...) {
    return failure(kInternal, format("{} plugin failed with an exception", plugin.name()));
  }
}

// All of stdin, or so much more than is ever parsed that the parser says so.
Result<std::string> read_stdin() {
  std::string text;
  std::array<char, 4096> chunk;
  while (text.size() <= kMaxJsonBytes) {
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(kIoFailure, "error reading from stdin" + cause_of(errno));
    if (got == 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// The executable under a name that none of its plugins has.
int refuse_name(BuiltIns plugins, std::string_view name, World& world) {
  std::string names;
  for (const Plugin* plugin : plugins) {
    names += format("{}{}", names.empty() ? "" : ", ", plugin->name());
  }
  if (world.environment["CNI_COMMAND"].empty()) {
    world.tell(
        format("CNI plugins v{} (netctl): one program, called by the name of a plugin\n"
               "names: {}\n",
               NETCTL_VERSION, names));
    return 0;
  }
  world.answer(to_json(
      failure(kBadEnvironment,
              format("the plugins of netctl are called by their names, of which {} is none", name),
              "names: " + names)));
  return 1;
}

}  // namespace

int run(Plugin& plugin, World world) {
  if (world.environment["CNI_COMMAND"].empty()) {
    world.tell(about(plugin));
    return 0;
  }
  const auto answer = without_throwing(plugin, [&] { return serve(plugin, world); });
  if (!answer) {
    world.answer(to_json(answer.error()));
    return 1;
  }
  errno = 0;
  if (answer->text.empty() || world.answer(answer->text)) return 0;
  log::warn("the result cannot be written{}", cause_of(errno));
  if (answer->added) undo_add(plugin, *answer->added);
  return 1;
}

Result<Document> call_inside(Plugin& plugin, Environment environment,
                             std::shared_ptr<const Document> config, BuiltIns built_ins) {
  auto result = without_throwing(plugin, [&] {
    return serve_inside(plugin, std::move(environment), std::move(config), built_ins);
  });
  // Its code and words are those that another process would have read.
  if (!result) return parse_error(to_json(result.error()));
  return result;
}

Outcome run_on(Plugin& plugin, Environment environment, std::string_view config,
               BuiltIns built_ins) {
  Outcome outcome;
  const auto keep = [](std::string& text) {
    return [&text](std::string_view more) {
      text += more;
      return true;
    };
  };
  outcome.exit_status =
      run(plugin, {.environment = std::move(environment),
                   .read_config = [&]() -> Result<std::string> { return std::string(config); },
                   .answer = keep(outcome.out),
                   .tell = keep(outcome.err),
                   .built_ins = built_ins});
  return outcome;
}

int main_of(BuiltIns plugins, std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  // A runtime that is gone shows as a failed write, after which an ADD is undone.
  ::signal(SIGPIPE, SIG_IGN);
  World world{.environment = own_environment(),
              .read_config = read_stdin,
              .answer = [](std::string_view text) { return sys::write_all(STDOUT_FILENO, text); },
              .tell = [](std::string_view text) { sys::write_all(STDERR_FILENO, text); },
              .built_ins = plugins};
  Plugin* const plugin = find_plugin(plugins, name);
  if (plugin == nullptr) return refuse_name(plugins, name, world);
  log::set_up(plugin->name());
  // What reads hostile input is to be able to do less than root. That it could not be so is no
  // reason to keep a container from its network, or its address from others.
  if (const auto kept = sys::keep_capabilities(kNeeded); !kept) {
    log::warn("{}", kept.error().message);
  }
  const int exit_status = run(*plugin, std::move(world));
  sys::close_kept();
  return exit_status;
}

}  // namespace netctl::cni
