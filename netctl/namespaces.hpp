#pragma once

#include <string>

#include "runtime-core/base/result.hpp"

// `netctl ns`: network namespaces pinned by name, shared with ip-netns(8).
namespace netctl::command {

Status ns_add(const std::string& name);
Status ns_rm(const std::string& name);
Status ns_ls();

}  // namespace netctl::command
