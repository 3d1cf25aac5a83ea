#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/cni/plugin.hpp"

namespace netctl::test {

// A plugin that remembers its calls and answers what the test wants.
class FakePlugin : public cni::Plugin {
 public:
  std::string_view name() const override { return "fake"; }
  std::span<const std::string_view> versions() const override { return supported; }
  bool needs_own_netns() const override { return own_netns; }
  Result<cni::AddResult> add(const cni::Request& request) override {
    note(request);
    if (on_add) return on_add();
    return result;
  }
  Status del(const cni::Request& request) override { return answer(request); }
  Status check(const cni::Request& request) override { return answer(request); }
  Status gc(const cni::Request& request) override { return answer(request); }
  Status status(const cni::Request& request) override { return answer(request); }

  std::vector<std::string_view> supported{cni::kVersions.begin(), cni::kVersions.end()};
  bool own_netns = true;
  std::function<Result<cni::AddResult>()> on_add{};
  std::function<Status()> on_other{};
  cni::AddResult result{};

  std::vector<std::string> calls{};  // "ADD"; an undoing del() after add() counts as "ADD" too
  std::optional<cni::Request> last{};

 private:
  void note(const cni::Request& asked) {
    calls.emplace_back(to_text(asked.command));
    last = asked;
  }
  Status answer(const cni::Request& asked) {
    note(asked);
    return on_other ? on_other() : ok();
  }
};

// What a runtime sees of one call.
using Seen = cni::Outcome;

inline Seen call(cni::Plugin& plugin, cni::Environment environment, const std::string& config) {
  return cni::run_on(plugin, std::move(environment), config);
}

// A sound environment; CNI_NETNS is a path at which nothing is.
inline cni::Environment environment_for(const std::string& command) {
  return {{"CNI_COMMAND", command},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/nowhere/c1"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_PATH", "/nowhere"}};
}

}  // namespace netctl::test
