#include "plugins/tuning/allowlist.hpp"

#include <algorithm>
#include <regex>

#include "runtime-core/sys/files.hpp"

namespace netctl::tuning {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// libstdc++'s own flag: matches in a time that does not explode with the expression, and without a
// recursion for each letter, by giving up references to groups, which RE2 does not have either.
constexpr auto kSyntax = std::regex::ECMAScript | std::regex_constants::__polynomial;

// libstdc++ reads each number into a long, and does not look whether it fits.
bool has_large_number(std::string_view expression) {
  constexpr std::size_t kMostDigits = 6;
  std::size_t digits = 0;
  for (const char letter : expression) {
    digits = letter >= '0' && letter <= '9' ? digits + 1 : 0;
    if (digits > kMostDigits) return true;
  }
  return false;
}

Result<std::vector<std::regex>> compile(const std::vector<std::string>& expressions) {
  std::vector<std::regex> compiled;
  for (const std::string& expression : expressions) {
    if (has_large_number(expression)) {
      return fail(Errc::InvalidArgument, "{}: \"{}\" has a number of more than 6 digits",
                  kAllowlistFile, expression);
    }
    try {
      compiled.emplace_back(expression, kSyntax);
    } catch (const std::regex_error& error) {
      return fail(Errc::InvalidArgument, "{}: \"{}\" is not a regular expression: {}",
                  kAllowlistFile, expression, error.what());
    }
  }
  return compiled;
}

// "[a b c]".
std::string listed(const std::vector<std::string>& expressions) {
  std::string text = "[";
  for (const std::string& each : expressions) text += (text.size() > 1 ? " " : "") + each;
  return text + "]";
}

}  // namespace

std::vector<std::string> parse_allowlist(std::string_view text) {
  std::vector<std::string> expressions;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!trimmed(line).empty()) expressions.emplace_back(trimmed(line));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return expressions;
}

Status check_allowed(const std::map<std::string, std::string>& sysctl,
                     const std::vector<std::string>& allowed) {
  const std::vector<std::regex> expressions = TRY(compile(allowed));
  for (const auto& [key, value] : sysctl) {
    const bool matches = std::ranges::any_of(expressions, [k = key](const std::regex& expression) {
      return std::regex_search(k, expression);
    });
    if (matches) continue;
    return fail(Errc::PermissionDenied,
                "Sysctl {} is not allowed. Only the following sysctls are allowed: {}", key,
                listed(allowed));
  }
  return ok();
}

Status check_allowed(const std::map<std::string, std::string>& sysctl) {
  if (sysctl.empty()) return ok();
  const auto text = TRY(sys::find_file(kAllowlistFile));
  if (!text) return ok();
  return check_allowed(sysctl, parse_allowlist(*text));
}

}  // namespace netctl::tuning
