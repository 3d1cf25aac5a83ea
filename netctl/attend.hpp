#pragma once

#include "netctl/log_file.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Attending to a program while it runs: its signals, its terminal, its output.
namespace netctl::command {

// Blocks the signals that are handed on, so that none is lost from here on. SIGCHLD, SIGPIPE and
// those that a fault of our own makes are not among them.
class Signals {
 public:
  static Result<Signals> take();
  int fd() const { return fd_.get(); }
  int next() const;  // the one that came; 0: none

 private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Our terminal in raw mode until this goes.
class RawTerminal {
 public:
  RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

 private:
  struct Saved;
  Saved* saved_ = nullptr;
};

struct Attended {
  int pidfd = -1;
  UniqueFd terminal{};  // the master of its terminal
  UniqueFd out{};       // reading ends of its output, where that goes to a log
  UniqueFd err{};
  bool forwards_input = false;  // our stdin into its terminal
  LogFile* log = nullptr;       // nullptr: a terminal's output goes to our stdout
};

// Until the program has ended and all it wrote has been passed on.
Status attend(const Signals& signals, Attended attended);

}  // namespace netctl::command
