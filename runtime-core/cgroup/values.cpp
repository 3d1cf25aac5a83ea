#include "runtime-core/cgroup/values.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::cgroup {

Status write_value(const std::string& file, const std::string& value) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return system_error(errno, format("open {}", file));
  log::debug("cgroup {} = {}", file, value);
  if (::write(fd.get(), value.data(), value.size()) >= 0) return ok();
  return system_error(errno, format("write \"{}\" to {}", value, file));
}

Result<std::optional<std::string>> find_value(const std::string& file) {
  auto text = sys::find_file(file);
  // ENODEV: the group was removed when the file was open already.
  if (!text && text.error().code == Errc::NotFound) return std::optional<std::string>();
  if (text && *text && (*text)->ends_with('\n')) (*text)->pop_back();
  return text;
}

std::optional<std::string> value_in(const std::string& file) {
  return find_value(file).value_or(std::nullopt);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return {};
  return number;
}

std::optional<std::uint64_t> number_in(const std::string& file) {
  const auto text = value_in(file);
  return text ? parse_number(*text) : std::nullopt;
}

std::optional<std::uint64_t> number_behind(const std::string& file, std::string_view key) {
  const auto text = value_in(file);
  if (!text) return {};
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return parse_number(line.substr(key.size() + 1));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::optional<std::uint64_t> sum_of(const std::string& file, std::string_view key) {
  const auto text = value_in(file);
  if (!text) return {};
  std::uint64_t sum = 0;
  for (std::size_t at = text->find(key); at != text->npos; at = text->find(key, at + 1)) {
    sum += parse_number(std::string_view(*text).substr(at + key.size())).value_or(0);
  }
  return sum;
}

}  // namespace netctl::cgroup
