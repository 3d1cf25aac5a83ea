#include "netctl/watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>

#include "netctl/table.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/rtnl/watch.hpp"

namespace netctl::command {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Who changes one file often changes a second one right after.
constexpr milliseconds kGather{50};
// On a host where something changes all the time.
constexpr milliseconds kLongestGather{500};
// What is told may come before what it tells of: a pinned namespace is a file first, then a mount.
constexpr milliseconds kSecondLook{1000};

// --- what is told ---------------------------------------------------------------------------

// Directories, each by the nearest one above it as long as it does not exist.
class DirectoryWatch {
 public:
  static Result<DirectoryWatch> open(std::vector<std::string> directories) {
    UniqueFd file(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!file) return system_error(errno, "open a file for changes of directories");
    DirectoryWatch watch(std::move(file), std::move(directories));
    watch.add();
    return watch;
  }

  int fd() const { return file_.get(); }

  void drain() {
    std::array<char, 4096> events{};
    while (::read(file_.get(), events.data(), events.size()) > 0) continue;
    add();  // one may have come; for those that are watched already it changes nothing
  }

 private:
  DirectoryWatch(UniqueFd file, std::vector<std::string> directories)
      : file_(std::move(file)), directories_(std::move(directories)) {}

  void add() {
    constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR;
    for (std::filesystem::path path : directories_) {
      while (::inotify_add_watch(file_.get(), path.c_str(), kEvents) < 0 &&
             path.has_relative_path())
        path = path.parent_path();
    }
  }

  UniqueFd file_;
  std::vector<std::string> directories_;
};

Result<UniqueFd> open_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) ::sigaddset(&signals, each);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return system_error(errno, "block signals");
  UniqueFd file(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!file) return system_error(errno, "open a file for signals");
  return file;
}

enum class Event { Change, Resize, Suspend, End };

// All that can be waited for.
class Events {
 public:
  static Result<Events> open(const Changes& changes) {
    Events events;
    events.signals_ = TRY(open_signals());
    events.directories_.emplace(TRY(DirectoryWatch::open(changes.directories)));
    if (changes.links) {
      events.links_.emplace(TRY(rtnl::Watch::open(rtnl::Watch::What::Links)));
    }
    events.untold_ = changes.untold;
    return events;
  }

  Result<Event> next() {
    while (true) {
      std::optional<milliseconds> patience = second_look_;
      if (untold_) patience = kSecondLook;
      const bool told = TRY(wait(patience));
      second_look_.reset();
      if (ended_) return Event::End;
      if (const auto signal = take_signal()) return *signal;
      if (!told) return Event::Change;
      const auto latest = Clock::now() + kLongestGather;
      while (Clock::now() < latest && TRY(wait(kGather))) {
        if (ended_ || is_signalled_) break;
        TRY(drain());
      }
      if (ended_ || is_signalled_) continue;
      second_look_ = kSecondLook;
      return Event::Change;
    }
  }

 private:
  // False: nothing came for so long.
  Result<bool> wait(std::optional<milliseconds> patience) {
    std::array<pollfd, 4> files{
        {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
         {.fd = directories_->fd(), .events = POLLIN, .revents = 0},
         {.fd = links_ ? links_->fd() : -1, .events = POLLIN, .revents = 0},
         // Nothing is asked for: an error is told whatever, which a pipe has without a reader.
         {.fd = STDOUT_FILENO, .events = 0, .revents = 0}}};
    const int time = patience ? static_cast<int>(patience->count()) : -1;
    const int ready = ::poll(files.data(), files.size(), time);
    if (ready < 0 && errno != EINTR) return system_error(errno, "wait for changes");
    is_signalled_ = files[0].revents != 0;
    ended_ = (files[3].revents & (POLLERR | POLLHUP)) != 0;
    return ready > 0;
  }

  Status drain() {
    directories_->drain();
    if (links_) TRY(links_->wait(rtnl::Watch::Clock::now()));
    return ok();
  }

  std::optional<Event> take_signal() {
    signalfd_siginfo signal{};
    if (::read(signals_.get(), &signal, sizeof signal) != sizeof signal) return std::nullopt;
    switch (signal.ssi_signo) {
      case SIGWINCH:
        return Event::Resize;
      case SIGTSTP:
        return Event::Suspend;
      default:
        return Event::End;
    }
  }

  UniqueFd signals_{};
  std::optional<DirectoryWatch> directories_{};
  std::optional<rtnl::Watch> links_{};
  bool untold_ = false;
  bool is_signalled_ = false;
  bool ended_ = false;
  std::optional<milliseconds> second_look_{};
};

// --- what is shown --------------------------------------------------------------------------

// The screen of a terminal as long as this lives (the sequences of xterm, which all have).
class FullScreen {
 public:
  explicit FullScreen(bool is_terminal) : is_terminal_(is_terminal) { enter(); }
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;
  ~FullScreen() { leave(); }

  // The other screen, without cursor, and lines that end at its edge.
  void enter() const { write("\033[?1049h\033[?25l\033[?7l"); }
  void leave() const { write("\033[?7h\033[?25h\033[?1049l"); }

  Status show(const std::string& text) const {
    if (!is_terminal_) return print(text);
    // Written over what is there, so that it does not flicker.
    std::string picture = "\033[H";
    for (const char each : cut_to_height(text, screen_of(STDOUT_FILENO).height)) {
      if (each == '\n') picture += "\033[K";
      picture += each;
    }
    return print(picture + "\033[J");
  }

 private:
  void write(const char* sequence) const {
    if (is_terminal_) [[maybe_unused]]
      const auto written = print(sequence);
  }

  bool is_terminal_;
};

// Ctrl-Z, as it is without us: until somebody has us go on.
void suspend(const FullScreen& screen) {
  screen.leave();
  ::raise(SIGSTOP);
  screen.enter();
}

}  // namespace

std::string cut_to_height(std::string_view text, std::size_t lines) {
  const auto count = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  // The line behind the last one is the cursor's.
  if (lines < 3 || count < lines) return std::string(text);
  std::size_t end = 0;
  for (std::size_t i = 0; i + 2 < lines; ++i) end = text.find('\n', end) + 1;
  return std::string(text.substr(0, end)) + format("… {} more lines\n", count - (lines - 2));
}

Status watch(const Changes& changes, const std::function<Result<std::string>()>& draw) {
  // First: what changes while it is drawn is told then.
  Events events = TRY(Events::open(changes));
  std::string text = TRY(draw());
  const FullScreen screen(screen_of(STDOUT_FILENO).width != 0);
  TRY(screen.show(text));
  while (true) {
    const Event event = TRY(events.next());
    if (event == Event::End) return ok();
    if (event == Event::Suspend) suspend(screen);
    std::string now = TRY(draw());
    if (event == Event::Change && now == text) continue;
    text = std::move(now);
    TRY(screen.show(text));
  }
}

}  // namespace netctl::command
