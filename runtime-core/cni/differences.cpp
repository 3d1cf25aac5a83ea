#include "runtime-core/cni/differences.hpp"

#include <utility>

namespace netctl::cni {
namespace {

// In the form in which the reference writes an error into a line.
std::string line_of(const Error& error) {
  return error.details.empty() ? error.message : format("{}; {}", error.message, error.details);
}

}  // namespace

void Differences::add(std::string line) {
  errors_.add({.code = Errc::NotFound, .message = std::move(line)});
  only_failures_ = false;
}

bool Differences::keep(Status status) { return errors_.keep(std::move(status)); }

void Differences::add_all(Result<std::vector<std::string>> lines) {
  if (!lines) {
    keep(Status(std::move(lines).error()));
    return;
  }
  for (std::string& line : *lines) add(std::move(line));
}

Status Differences::status(std::string_view what) const {
  const auto& all = errors_.errors();
  if (all.empty()) return {};
  if (all.size() == 1 && only_failures_) return all.front();
  Error error =
      fail(Errc::NotFound, "{}: {} difference{}", what, all.size(), all.size() == 1 ? "" : "s");
  for (const Error& each : all) {
    error.details += (error.details.empty() ? "" : "\n") + line_of(each);
  }
  return error;
}

}  // namespace netctl::cni
