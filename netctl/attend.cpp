#include "netctl/attend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/child.hpp"
#include "runtime-core/sys/write.hpp"

namespace netctl::command {
namespace {

sigset_t forwarded_signals() {
  sigset_t set;
  ::sigfillset(&set);
  for (const int each : {SIGCHLD, SIGPIPE, SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
                         SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU, SIGTSTP, SIGCONT}) {
    ::sigdelset(&set, each);
  }
  return set;
}

void copy_window_size(int from, int to) {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

class Attendant {
 public:
  Attendant(const Signals& signals, Attended attended)
      : signals_(signals), attended_(std::move(attended)) {}

  Status run() {
    if (attended_.terminal) copy_window_size(STDIN_FILENO, attended_.terminal.get());
    for (;;) {
      std::array<pollfd, 6> waiting{{{attended_.pidfd, POLLIN, 0},
                                     {signals_.fd(), POLLIN, 0},
                                     {attended_.terminal.get(), POLLIN, 0},
                                     {attended_.out.get(), POLLIN, 0},
                                     {attended_.err.get(), POLLIN, 0},
                                     {attended_.forwards_input ? STDIN_FILENO : -1, POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return system_error(errno, "wait for the container");
      }
      if (waiting[1].revents) hand_on_signal();
      if (waiting[2].revents) pass_terminal();
      if (waiting[3].revents) pass(attended_.out, "stdout");
      if (waiting[4].revents) pass(attended_.err, "stderr");
      if (waiting[5].revents) pass_input();
      if (waiting[0].revents) return finish();
    }
  }

 private:
  void hand_on_signal() {
    const int signal = signals_.next();
    if (signal == 0) return;
    if (signal == SIGWINCH) {
      if (attended_.terminal) copy_window_size(STDIN_FILENO, attended_.terminal.get());
      return;
    }
    if (const auto sent = sys::send_signal(attended_.pidfd, signal); !sent) {
      log::debug("{}", sent.error().message);
    }
  }

  // False when there is nothing, now or ever.
  bool pass(UniqueFd& from, std::string_view stream) {
    std::array<char, 64 << 10> buffer;
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
      from.reset();
      return false;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (attended_.log) {
      attended_.log->write(stream, bytes);
    } else {
      sys::write_all(STDOUT_FILENO, bytes);
    }
    return true;
  }

  bool pass_terminal() { return pass(attended_.terminal, "stdout"); }

  void pass_input() {
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      attended_.forwards_input = false;
      constexpr char kEndOfInput = 4;  // what ^D is to a terminal
      if (attended_.terminal) sys::write_all(attended_.terminal.get(), {&kEndOfInput, 1});
      return;
    }
    if (!attended_.terminal) return;
    sys::write_all(attended_.terminal.get(), {buffer.data(), static_cast<std::size_t>(got)});
  }

  // What was written before the end is there to be read; a descendant that lives on may keep the
  // streams open for good, so nobody waits for their end.
  Status finish() {
    for (UniqueFd* each : {&attended_.terminal, &attended_.out, &attended_.err}) {
      if (!*each) continue;
      const int flags = ::fcntl(each->get(), F_GETFL);
      ::fcntl(each->get(), F_SETFL, flags | O_NONBLOCK);
      const std::string_view stream = each == &attended_.err ? "stderr" : "stdout";
      while (*each && pass(*each, stream)) {
      }
    }
    return ok();
  }

  const Signals& signals_;
  Attended attended_;
};

}  // namespace

Result<Signals> Signals::take() {
  const sigset_t set = forwarded_signals();
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return system_error(errno, "block signals");
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return system_error(errno, "open a descriptor for signals");
  return Signals(std::move(fd));
}

int Signals::next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

struct RawTerminal::Saved {
  termios attributes;
};

RawTerminal::RawTerminal() {
  termios attributes{};
  if (!::isatty(STDIN_FILENO) || ::tcgetattr(STDIN_FILENO, &attributes) != 0) return;
  saved_ = new Saved{attributes};
  ::cfmakeraw(&attributes);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &attributes);
}

RawTerminal::~RawTerminal() {
  if (!saved_) return;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_->attributes);
  delete saved_;
}

Status attend(const Signals& signals, Attended attended) {
  return Attendant(signals, std::move(attended)).run();
}

}  // namespace netctl::command
