#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::test {

// A program that runs on a terminal of its own, 100 columns by 20 lines, in the test's namespaces.
// It is killed when this goes.
class Terminal {
 public:
  Terminal(const std::string& program, std::vector<std::string> arguments,
           const std::map<std::string, std::string>& environment);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  void type(const std::string& keys);  // "\x03" is Ctrl-C
  void resize(unsigned short columns, unsigned short lines);
  // Reads on until `text` is in what came since the last call, or for as long as a slow machine may
  // need; gives what came, whether it is in it or not.
  std::string read_until(const std::string& text);
  // Waits for the end of the program: its exit status, 128 + n when a signal n ended it. What it
  // wrote meanwhile is behind `rest`.
  int wait();
  std::string rest{};
  // Whether the terminal is as it was when the program began: it shows what is typed, line by line.
  bool is_as_it_was() const;

 private:
  bool read_some(int milliseconds, std::string& text);

  UniqueFd master_;
  pid_t process_ = -1;
};

}  // namespace netctl::test
