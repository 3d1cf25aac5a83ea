#pragma once

#include <string>
#include <vector>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl ns`: namespaces pinned by name; those of the network are shared with ip-netns(8).
namespace netctl::command {

// `kinds` are words with commas between them ("net,uts"); none: net.
Status ns_add(const Settings& settings, const std::string& name,
              const std::vector<std::string>& kinds);
Status ns_rm(const Settings& settings, const std::string& name);
// Names; of those with other kinds than net, these too.
Status ns_ls(const Settings& settings);
// Runs a program in all namespaces of that name, and gives its exit status.
Result<int> ns_exec(const Settings& settings, const std::string& name,
                    const std::vector<std::string>& command, int& exit_status);

}  // namespace netctl::command
