#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "netctl/containers.hpp"
#include "netctl/log_chain.hpp"
#include "netctl/log_file.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/write.hpp"

namespace netctl::command {
namespace {

// Every line of the log that there is, then those that come.
class LogReader {
 public:
  LogReader(const container::State& state, const LogOptions& options)
      : state_(state), options_(options), files_(state.log) {}

  Status show() {
    TRY(show_existing());
    if (!options_.follow) return ok();
    return follow();
  }

 private:
  Status show_existing() {
    std::string text = TRY(files_.read_new()).text;
    if (options_.tail) keep_last(text, *options_.tail);
    return pass(text);
  }

  static void keep_last(std::string& text, unsigned count) {
    std::size_t begin = text.size();
    for (unsigned i = 0; i < count && begin > 0; ++i) {
      const std::size_t newline = begin < 2 ? text.npos : text.rfind('\n', begin - 2);
      begin = newline == text.npos ? 0 : newline + 1;
    }
    text.erase(0, begin);
  }

  // Whole lines; the rest waits for its end.
  Status pass(const std::string& text) {
    pending_ += text;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', begin)) != pending_.npos;
         begin = end + 1) {
      TRY(pass_line(std::string_view(pending_).substr(begin, end - begin)));
    }
    pending_.erase(0, begin);
    return ok();
  }

  Status pass_line(std::string_view line) const {
    LogLine parsed;
    if (!parse_log_line(line, parsed)) return ok();
    std::string text;
    if (options_.timestamps) text += std::string(parsed.time) + " ";
    text += parsed.text;
    if (parsed.whole) text += "\n";
    if (parsed.stream != "stderr") return print(text);
    sys::write_all(STDERR_FILENO, text);
    return ok();
  }

  // The monitor writes the last line before it ends.
  Status follow() {
    const auto monitor = TRY(sys::find_process(state_.monitor.pid, state_.monitor.start_time));
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const std::string directory = std::filesystem::path(state_.log).parent_path();
    if (!watch || ::inotify_add_watch(watch.get(), directory.c_str(),
                                      IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
      return system_error(errno, format("watch {}", directory));
    }
    for (;;) {
      const bool ended = !monitor || sys::has_ended(monitor->get());
      const LogChain::News news = TRY(files_.read_new());
      if (news.lost) {
        log::warn("lines may be missing here: the log was put aside faster than it was read");
      }
      TRY(pass(news.text));
      if (ended) return ok();
      std::array<pollfd, 2> waiting{{{watch.get(), POLLIN, 0}, {monitor->get(), POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
        return system_error(errno, "wait for the log");
      }
      std::array<char, 4096> events;
      while (::read(watch.get(), events.data(), events.size()) > 0) {
      }
    }
  }

  const container::State& state_;
  const LogOptions& options_;
  LogChain files_;
  std::string pending_{};
};

}  // namespace

Status show_log(const Settings& settings, const std::string& name, const LogOptions& options) {
  const container::State state = TRY(store(settings).find(name));
  if (state.log.empty()) {
    return fail(Errc::NotFound,
                "container \"{}\" has no log: it was not run with -d, its output went to its "
                "caller",
                name);
  }
  return LogReader(state, options).show();
}

}  // namespace netctl::command
