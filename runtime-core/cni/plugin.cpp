#include "runtime-core/cni/plugin.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <istream>
#include <ostream>
#include <streambuf>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result.hpp"

namespace netctl::cni {
namespace {

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

// ": No space left on device", where the stream knows why it failed.
std::string cause_of(int number) {
  return number == 0 ? "" : ": " + std::system_category().message(number);
}

// All of stdin, or one byte more than is ever parsed.
Result<std::string> read_all(std::istream& in) {
  std::string text;
  std::array<char, 16384> chunk;
  errno = 0;
  while (in && text.size() <= kMaxJsonBytes) {
    in.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return failure(kIoFailure, "error reading from stdin" + cause_of(errno));
  return text;
}

// Whether CNI_NETNS is where this process is. What cannot be looked at is left to the plugin, which
// knows whether it needs the namespace.
bool is_own_netns(const std::string& path) {
  struct stat theirs {};
  struct stat ours {};
  if (path.empty() || ::stat(path.c_str(), &theirs) != 0) return false;
  if (::stat("/proc/thread-self/ns/net", &ours) != 0) return false;
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
    if (const Status undone = plugin.del(request); !undone) {
      log::warn("undoing the ADD failed: {}", undone.error().message);
    }
  } catch (const std::exception& thrown) {
    log::warn("undoing the ADD failed: {}", thrown.what());
  }
}

Result<std::string> call_add(Plugin& plugin, const Request& request) {
  const AddResult result = TRY(plugin.add(request));
  auto text = to_json(result, request.cni_version);
  if (!text) undo_add(plugin, request);
  return text;
}

Status call_status(Plugin& plugin, const Request& request) {
  Status status = plugin.status(request);
  if (status || status.error().protocol_code != 0) return status;
  Error error = std::move(status).error();
  error.protocol_code = kNotAvailable;
  return error;
}

Status call_other(Plugin& plugin, const Request& request) {
  switch (request.command) {
    case Command::Del:
      return plugin.del(request);
    case Command::Check:
      return plugin.check(request);
    case Command::Gc:
      return plugin.gc(request);
    case Command::Status:
      return call_status(plugin, request);
    case Command::Add:
    case Command::Version:
      break;
  }
  return failure(kInternal, "not a command of a plugin");
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
  std::string config = TRY(read_all(world.in));
  TRY(add_config(request, std::move(config), plugin.versions()));
  TRY(check_netns(plugin, request));
  if (request.command != Command::Add) {
    TRY(call_other(plugin, request));
    return Answer{};
  }
  std::string text = TRY(call_add(plugin, request));
  return Answer{.text = std::move(text), .added = std::move(request)};
}

// What a plugin throws is a bug of ours or a lack of memory; the runtime gets its error object all
// the same.
Result<Answer> serve_without_throwing(Plugin& plugin, World& world) {
  try {
    return serve(plugin, world);
  } catch (const std::exception& thrown) {
    return failure(kInternal, format("{} plugin failed: {}", plugin.name(), thrown.what()));
  } catch (...) {
    return failure(kInternal, format("{} plugin failed with an exception", plugin.name()));
  }
}

bool print(std::ostream& out, const std::string& text) {
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
  return out.good();
}

// A file descriptor as a stream, without the standard streams, whose set-up would be a part of
// every plugin's run time. What is written goes out at once, in one write(2) when it fits.
class FdBuffer : public std::streambuf {
 public:
  explicit FdBuffer(int fd) : fd_(fd) {}

 private:
  int_type underflow() override {
    ssize_t got = 0;
    do {
      got = ::read(fd_, chunk_.data(), chunk_.size());
    } while (got < 0 && errno == EINTR);
    // Streams take a throwing buffer for a broken one (badbit); its end is told otherwise.
    if (got < 0) throw std::ios_base::failure("read");
    if (got == 0) return traits_type::eof();
    setg(chunk_.data(), chunk_.data(), chunk_.data() + got);
    return traits_type::to_int_type(chunk_.front());
  }

  std::streamsize xsputn(const char* text, std::streamsize size) override {
    std::streamsize done = 0;
    while (done < size) {
      const ssize_t put = ::write(fd_, text + done, static_cast<std::size_t>(size - done));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) break;
      done += put;
    }
    return done;
  }

  int_type overflow(int_type letter) override {
    const char c = traits_type::to_char_type(letter);
    return xsputn(&c, 1) == 1 ? letter : traits_type::eof();
  }

  int fd_;
  std::array<char, 16384> chunk_;  // what is not read into is not touched
};

// The executable under a name that none of its plugins has.
int refuse_name(BuiltIns plugins, std::string_view name, World& world) {
  std::string names;
  for (const Plugin* plugin : plugins) {
    names += format("{}{}", names.empty() ? "" : ", ", plugin->name());
  }
  if (world.environment["CNI_COMMAND"].empty()) {
    print(world.err,
          format("CNI plugins v{} (netctl): one program, called by the name of a plugin\n"
                 "names: {}\n",
                 NETCTL_VERSION, names));
    return 0;
  }
  print(world.out,
        to_json(failure(
            kBadEnvironment,
            format("the plugins of netctl are called by their names, of which {} is none", name),
            "names: " + names)));
  return 1;
}

}  // namespace

int run(Plugin& plugin, World world) {
  if (world.environment["CNI_COMMAND"].empty()) {
    print(world.err, about(plugin));
    return 0;
  }
  const auto answer = serve_without_throwing(plugin, world);
  if (!answer) {
    print(world.out, to_json(answer.error()));
    return 1;
  }
  errno = 0;
  if (answer->text.empty() || print(world.out, answer->text)) return 0;
  log::warn("the result cannot be written{}", cause_of(errno));
  if (answer->added) undo_add(plugin, *answer->added);
  return 1;
}

int main_of(BuiltIns plugins, std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  // A runtime that is gone shows as a failed write, after which an ADD is undone.
  ::signal(SIGPIPE, SIG_IGN);
  FdBuffer in_buffer(STDIN_FILENO);
  FdBuffer out_buffer(STDOUT_FILENO);
  FdBuffer err_buffer(STDERR_FILENO);
  std::istream in(&in_buffer);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  World world{
      .environment = own_environment(), .in = in, .out = out, .err = err, .built_ins = plugins};
  Plugin* const plugin = find_plugin(plugins, name);
  if (plugin == nullptr) return refuse_name(plugins, name, world);
  log::set_up(plugin->name());
  return run(*plugin, std::move(world));
}

}  // namespace netctl::cni
