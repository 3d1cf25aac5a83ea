#pragma once

#include <deque>
#include <string>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::command {

// A log with the files that were put aside, LOG.2, LOG.1, LOG (log_file.hpp), read in the order in
// which they were written while its writer goes on. Files are told by what they are and not by
// their names, and all that are known are held open: what was seen once is read, whatever becomes
// of its name.
class LogChain {
 public:
  explicit LogChain(std::string path) : path_(std::move(path)) {}

  struct News {
    std::string text{};  // whole lines and perhaps the beginning of one
    bool lost = false;   // between this text and the one before files may have come and gone
  };
  // What was written since the last call; at first all that there is. Without a file there is
  // nothing yet. Lines are lost only where so many files were begun since that not one that was
  // known is kept.
  Result<News> read_new();

 private:
  Result<bool> open_newer();
  std::string path_;
  std::deque<UniqueFd> files_{};  // oldest first; the first one is being read
};

}  // namespace netctl::command
