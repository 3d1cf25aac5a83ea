#include "tests/support/terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <utility>

#include <gtest/gtest.h>

#include "runtime-core/sys/process.hpp"

namespace netctl::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{30};

}  // namespace

Terminal::Terminal(const std::string& program, std::vector<std::string> arguments,
                   const std::map<std::string, std::string>& environment) {
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = sys::pointers_to(arguments);
  const std::vector<char*> envp = sys::pointers_to(variables);
  winsize size{.ws_row = 20, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  int master = -1;
  process_ = ::forkpty(&master, nullptr, nullptr, &size);
  EXPECT_GE(process_, 0) << "no terminal";
  if (process_ == 0) {
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  master_ = UniqueFd(master);
}

Terminal::~Terminal() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void Terminal::type(const std::string& keys) {
  EXPECT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void Terminal::resize(unsigned short columns, unsigned short lines) {
  const winsize size{.ws_row = lines, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(::ioctl(master_.get(), TIOCSWINSZ, &size), 0);
}

bool Terminal::read_some(int milliseconds, std::string& text) {
  pollfd waiting{.fd = master_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, milliseconds) != 1) return true;
  std::array<char, 4096> part{};
  const ssize_t size = ::read(master_.get(), part.data(), part.size());
  if (size <= 0) return false;  // the program has ended
  text.append(part.data(), static_cast<std::size_t>(size));
  return true;
}

std::string Terminal::read_until(const std::string& text) {
  std::string read;
  const auto end = Clock::now() + kPatience;
  while (read.find(text) == read.npos && Clock::now() < end) {
    if (!read_some(100, read)) break;
  }
  EXPECT_NE(read.find(text), read.npos) << "\"" << text << "\" did not come, but\n" << read;
  return read;
}

int Terminal::wait() {
  const auto end = Clock::now() + kPatience;
  int status = 0;
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (Clock::now() > end) return -1;
    read_some(50, rest);
  }
  process_ = -1;
  for (pollfd more{.fd = master_.get(), .events = POLLIN, .revents = 0};
       ::poll(&more, 1, 0) == 1 && (more.revents & POLLIN) != 0;) {
    if (!read_some(0, rest)) break;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Terminal::is_as_it_was() const {
  termios mode{};
  if (::tcgetattr(master_.get(), &mode) != 0) return false;
  return (mode.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) &&
         (mode.c_oflag & OPOST) != 0;
}

}  // namespace netctl::test
