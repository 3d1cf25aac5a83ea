#include "netctl/progress.hpp"

#include <unistd.h>

#include <cstdio>

#include "netctl/table.hpp"
#include "runtime-core/base/format.hpp"

namespace netctl::command {
namespace {

Progress* g_current = nullptr;

void write_stderr(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Progress::Progress(std::string what, std::size_t total) : what_(std::move(what)), total_(total) {
  if (!g_current && ::isatty(STDERR_FILENO) == 1) g_current = this;
}

Progress::~Progress() {
  if (g_current != this) return;
  hide();
  g_current = nullptr;
}

void Progress::step(std::string name) {
  ++count_;
  if (g_current != this) return;
  name_ = std::move(name);
  step_begin_ = Clock::now();
  show();
}

void Progress::tick(const std::string& name) {
  if (!g_current) return;
  if (!name.empty()) {
    g_current->name_ = name;
    g_current->step_begin_ = Clock::now();
  }
  g_current->show();
}

void Progress::hide() {
  if (!g_current || !g_current->is_shown_) return;
  write_stderr("\r\033[K");
  g_current->is_shown_ = false;
}

void Progress::show() {
  const Clock::time_point now = Clock::now();
  if (now - begin_ < std::chrono::seconds(1)) return;
  const auto taken = std::chrono::duration_cast<std::chrono::seconds>(now - step_begin_);
  const Screen screen = screen_of(STDERR_FILENO);
  const std::string line = progress_line(what_, count_, total_, name_, taken);
  // The cursor waits at the beginning: what others write to stderr goes over it.
  write_stderr("\r\033[K" + shortened(line, screen.width > 0 ? screen.width - 1 : 79) + "\r");
  is_shown_ = true;
}

std::string progress_line(const std::string& what, std::size_t count, std::size_t total,
                          const std::string& name, std::chrono::seconds step) {
  std::string line = what;
  if (total > 0) line += format(" {}/{}", count, total);
  if (!name.empty()) line += ": " + on_one_line(name);
  if (step.count() >= 2) line += format(" ({} s)", step.count());
  return line;
}

}  // namespace netctl::command
