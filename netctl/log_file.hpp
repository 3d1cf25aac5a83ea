#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// What a detached container wrote, in the format of the Kubernetes runtime interface, a line each:
//   2026-11-24T07:00:00.123456789Z stdout F the line
// "P" instead of "F" marks a piece of a line that goes on.
namespace netctl::command {

class LogFile {
 public:
  // At `size` bytes the file becomes FILE.1, that one FILE.2, and so on; `files` are kept in all.
  LogFile(std::string path, std::int64_t size, unsigned files)
      : path_(std::move(path)), limit_(size), files_(files) {}

  Status open();
  // Bytes as they came; what does not end in a newline is kept until its rest comes, or close().
  void write(std::string_view stream, std::string_view bytes);
  void close();

 private:
  void write_line(std::string_view stream, std::string_view line, bool whole);
  void rotate();

  std::string path_;
  std::int64_t limit_;
  unsigned files_;
  UniqueFd file_{};
  std::int64_t size_ = 0;
  std::string pending_out_{};
  std::string pending_err_{};
};

struct LogLine {
  std::string_view time{};
  std::string_view stream{};
  std::string_view text{};
  bool whole = true;
};
// Nothing when it is no line of a log.
bool parse_log_line(std::string_view line, LogLine& parsed);

}  // namespace netctl::command
