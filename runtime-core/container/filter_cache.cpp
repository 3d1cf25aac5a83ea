#include "runtime-core/container/filter_cache.hpp"

#include <cstring>
#include <optional>
#include <string_view>

#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::container {
namespace {

// Of what is in the files, and of what compile_filter() makes of a profile.
constexpr int kFormat = 1;
constexpr std::size_t kDigest = 64;  // hexadecimal digits
constexpr std::size_t kLongest =
    std::size_t{8} * 32768;  // bytes of a program; the kernel takes 4,096 words

// All that the program depends on.
std::string text_of(const Seccomp& profile) {
  std::string text =
      format("{} {} {} {} {}\n", kFormat, filter_compiler(), profile.default_action,
             profile.default_errno_return.has_value(), profile.default_errno_return.value_or(0));
  for (const std::string& architecture : profile.architectures) text += architecture + ' ';
  for (const SeccompRule& rule : profile.rules) {
    text += format("\n{} {} {}", rule.action, rule.errno_return.has_value(),
                   rule.errno_return.value_or(0));
    for (const std::string& name : rule.names) text += ' ' + name;
    for (const SeccompArgument& each : rule.arguments) {
      text += format(" | {} {} {} {}", each.index, each.op, each.value, each.value_two);
    }
  }
  return text;
}

std::string_view bytes_of(const FilterProgram& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof program[0]};
}

std::optional<FilterProgram> read_program(const std::string& file) {
  const auto found = sys::find_file(file, kDigest + kLongest);
  if (!found || !*found || (*found)->size() <= kDigest) return std::nullopt;
  const std::string_view bytes = std::string_view(**found).substr(kDigest);
  if (bytes.size() % sizeof(FilterProgram::value_type) != 0) return std::nullopt;
  if (!(*found)->starts_with(sha256_hex(bytes))) return std::nullopt;
  FilterProgram program(bytes.size() / sizeof(FilterProgram::value_type));
  std::memcpy(program.data(), bytes.data(), bytes.size());
  return program;
}

Status keep(const std::string& directory, const std::string& file, const FilterProgram& program) {
  TRY(sys::ensure_directory(directory, 0700));
  const std::string_view bytes = bytes_of(program);
  return sys::replace_file(file, sha256_hex(bytes).append(bytes), 0600);
}

}  // namespace

Result<FilterProgram> find_or_compile_filter(const Seccomp& profile, const std::string& directory) {
  if (directory.empty()) return compile_filter(profile);
  const std::string file = directory + '/' + sha256_hex(text_of(profile));
  if (auto program = read_program(file)) return std::move(*program);
  FilterProgram compiled = TRY(compile_filter(profile));
  if (const Status kept = keep(directory, file, compiled); !kept) {
    log::debug("the seccomp filter is not kept: {}", kept.error().message);
  }
  return compiled;
}

}  // namespace netctl::container
