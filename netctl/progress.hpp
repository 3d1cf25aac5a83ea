#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace netctl::command {

// What is being done, on stderr, where that is a terminal and it takes longer than a second; the
// line goes away with this, and before anything else is printed. There is one at a time: of those
// made while there is another, such as by a command that another one calls, nothing is shown.
//
//   Progress progress("removing", names.size());
//   for (name : names) { progress.step(name); remove(name); }
//
// It costs a look at the clock for each step. Nothing runs beside: what is shown is what was being
// done at a step, or at a tick of something that waits.
class Progress {
 public:
  explicit Progress(std::string what, std::size_t total = 0);  // 0: nobody knows how many
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void step(std::string name);  // the next one begins

  // For those who do not know whose step it is a part of: what is being done now; without a name,
  // how long it takes by now.
  static void tick(const std::string& name = {});
  // Takes the line away until the next step.
  static void hide();

 private:
  using Clock = std::chrono::steady_clock;
  void show();

  std::string what_;
  std::string name_{};
  std::size_t total_;
  std::size_t count_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point step_begin_ = begin_;
  bool is_shown_ = false;
};

// "removing 3/20: web (4 s)": the seconds from the second one on.
std::string progress_line(const std::string& what, std::size_t count, std::size_t total,
                          const std::string& name, std::chrono::seconds step);

}  // namespace netctl::command
