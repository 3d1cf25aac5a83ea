#include "netctl/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "runtime-core/base/log.hpp"

namespace netctl::command {
namespace {

// A line longer than this is written in pieces.
constexpr std::size_t kPiece = 16 << 10;

std::string now_text() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm broken{};
  ::gmtime_r(&now.tv_sec, &broken);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &broken);
  return format("{}.{:09}Z", std::string_view(text, length), now.tv_nsec);
}

}  // namespace

Status LogFile::open() {
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file_) return system_error(errno, format("open log {}", path_));
  struct stat info {};
  size_ = ::fstat(file_.get(), &info) == 0 ? info.st_size : 0;
  return ok();
}

void LogFile::rotate() {
  for (unsigned i = files_ - 1; i >= 1; --i) {
    const std::string from = i == 1 ? path_ : format("{}.{}", path_, i - 1);
    ::rename(from.c_str(), format("{}.{}", path_, i).c_str());
  }
  if (files_ <= 1) ::unlink(path_.c_str());
  if (const auto opened = open(); !opened) log::warn("{}", opened.error().message);
}

void LogFile::write_line(std::string_view stream, std::string_view line, bool whole) {
  const std::string text = format("{} {} {} {}\n", now_text(), stream, whole ? 'F' : 'P', line);
  if (limit_ > 0 && size_ > 0 && size_ + static_cast<std::int64_t>(text.size()) > limit_) rotate();
  // A full disk stops the log, and not the container.
  const ssize_t written = ::write(file_.get(), text.data(), text.size());
  if (written > 0) size_ += written;
}

void LogFile::write(std::string_view stream, std::string_view bytes) {
  std::string& pending = stream == "stderr" ? pending_err_ : pending_out_;
  pending += bytes;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = pending.find('\n', begin);
    if (end != pending.npos && end - begin <= kPiece) {
      write_line(stream, std::string_view(pending).substr(begin, end - begin), true);
      begin = end + 1;
    } else if (pending.size() - begin > kPiece) {
      write_line(stream, std::string_view(pending).substr(begin, kPiece), false);
      begin += kPiece;
    } else {
      break;
    }
  }
  pending.erase(0, begin);
}

void LogFile::close() {
  if (!pending_out_.empty()) write_line("stdout", pending_out_, false);
  if (!pending_err_.empty()) write_line("stderr", pending_err_, false);
  pending_out_.clear();
  pending_err_.clear();
  file_.reset();
}

bool parse_log_line(std::string_view line, LogLine& parsed) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == line.npos ? first : line.find(' ', first + 1);
  if (second == line.npos || second + 2 >= line.size() || line[second + 2] != ' ') return false;
  parsed = {.time = line.substr(0, first),
            .stream = line.substr(first + 1, second - first - 1),
            .text = line.substr(second + 3),
            .whole = line[second + 1] == 'F'};
  return true;
}

}  // namespace netctl::command
