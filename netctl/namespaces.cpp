#include <cstdio>

#include "netctl/commands.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::command {

Status ns_add(const std::string& name) { return ns::create_pinned(name); }

Status ns_rm(const std::string& name) { return ns::remove_pinned(name); }

Status ns_ls() {
  for (const std::string& name : TRY(ns::list_pinned())) std::printf("%s\n", name.c_str());
  return ok();
}

}  // namespace netctl::command
