#include "netctl/log_chain.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace netctl::command {
namespace {

bool is_same(const UniqueFd& one, const UniqueFd& other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one.get(), &a) == 0 && ::fstat(other.get(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

Status append_rest(const UniqueFd& file, std::string& text) {
  std::array<char, 64 << 10> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read the log");
    if (got == 0) return ok();
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

// Opens those that are newer than the newest one that is known; false when that one is gone. Goes
// from LOG to LOG.1 and on, the way that files go when they are put aside: one that moves meanwhile
// is met again and not missed.
Result<bool> LogChain::open_newer() {
  // While they are moved one name is missing, the end are several.
  constexpr unsigned kEnd = 3;
  std::vector<UniqueFd> newer;
  bool met_known = files_.empty();
  for (unsigned i = 0, missing = 0; missing < kEnd; ++i) {
    const std::string name = i == 0 ? path_ : format("{}.{}", path_, i);
    UniqueFd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno != ENOENT) return system_error(errno, format("open log {}", name));
    missing = file ? 0 : missing + 1;
    if (!file || (!newer.empty() && is_same(newer.back(), file))) continue;
    met_known = met_known || is_same(files_.back(), file);
    if (!files_.empty() && met_known) break;
    newer.push_back(std::move(file));
  }
  std::ranges::move(newer.rbegin(), newer.rend(), std::back_inserter(files_));
  return met_known;
}

Result<LogChain::News> LogChain::read_new() {
  News news;
  news.lost = !TRY(open_newer());
  if (files_.empty()) return news;
  for (;;) {
    // Before a file is put aside all of it is written: with a newer one there its end is the end.
    TRY(append_rest(files_.front(), news.text));
    if (files_.size() == 1) return news;
    files_.pop_front();
  }
}

}  // namespace netctl::command
