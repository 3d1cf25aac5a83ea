#include "runtime-core/cni/exec.hpp"

#include <sys/stat.h>
#include <system_error>

#include <cerrno>
#include <cstdio>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "runtime-core/sys/process.hpp"

namespace netctl::cni {
namespace {

bool is_regular_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// " (Permission denied)" behind a directory that could not be looked into.
std::string place_cause(int number) {
  if (number == 0 || number == ENOENT || number == ENOTDIR) return "";
  return " (" + std::system_category().message(number) + ")";
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// In upstream's words. Only a plugin that said nothing usable is told by its exit status.
Error error_of(const sys::Finished& finished) {
  if (!trimmed(finished.out).empty()) return parse_error(finished.out);
  const std::string_view said = trimmed(finished.err);
  if (said.empty()) {
    return fail(Errc::Unknown, "netplugin failed with no error message: exit status {}",
                finished.exit_status);
  }
  return fail(Errc::Unknown, "netplugin failed: \"{}\": exit status {}", said,
              finished.exit_status);
}

}  // namespace

Result<std::string> find_plugin(std::string_view type, const std::vector<std::string>& path) {
  if (type.empty()) return fail(Errc::InvalidArgument, "no plugin name provided");
  if (type.find('/') != type.npos || type.find('\0') != type.npos) {
    return fail(Errc::InvalidArgument, "invalid plugin name: {}", type);
  }
  std::string tried;
  for (const std::string& directory : path) {
    // It would stand for the working directory: whoever may write there could choose the plugin.
    if (directory.empty()) continue;
    std::string executable = format("{}/{}", directory, type);
    errno = 0;
    if (is_regular_file(executable)) return executable;
    // It may be the one. Behind it in the path there may be another's of that name.
    const bool is_unknown = errno == EIO || errno == ENOMEM || errno == EMFILE || errno == ENFILE;
    if (is_unknown) return system_error(errno, "look at " + executable);
    tried += (tried.empty() ? "" : " ") + directory + place_cause(errno);
  }
  if (tried.empty()) return fail(Errc::InvalidArgument, "no paths provided");
  return fail(Errc::NotFound, "failed to find plugin \"{}\" in path [{}]", type, tried);
}

Result<Document> call_plugin(const std::string& executable, Environment environment,
                             std::shared_ptr<const Document> config, BuiltIns built_ins) {
  if (Plugin* plugin = find_built_in(built_ins, executable)) {
    return call_inside(*plugin, std::move(environment), std::move(config), built_ins);
  }
  std::vector<std::string> variables;
  variables.reserve(environment.size());
  for (const auto& [name, value] : environment) variables.push_back(format("{}={}", name, value));

  sys::Finished finished =
      TRY(sys::run_program(executable, {executable}, variables, text_of(*config)));
  std::fwrite(finished.err.data(), 1, finished.err.size(), stderr);
  if (finished.exit_status != 0) return error_of(finished);
  return Document{.text = std::move(finished.out)};
}

}  // namespace netctl::cni
