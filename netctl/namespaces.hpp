#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl ns`: namespaces pinned by name; those of the network are shared with ip-netns(8).
namespace netctl::command {

// `kinds` are words with commas between them ("net,uts"); none: net.
Status ns_add(const Settings& settings, const std::string& name,
              const std::vector<std::string>& kinds);
Status ns_rm(const Settings& settings, const std::string& name);
// A line each: the name, and of those with other kinds than net alone, the kinds.
inline constexpr std::array<std::string_view, 3> kNamespaceFilters{{"name", "kind", "path"}};
Status ns_ls(const Settings& settings, const Output& output);
// Runs a program in all namespaces of that name, and gives its exit status.
Result<int> ns_exec(const Settings& settings, const std::string& name,
                    const std::vector<std::string>& command, int& exit_status);

}  // namespace netctl::command
