#include "netctl/namespaces.hpp"

#include "netctl/output.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::command {

Status ns_add(const std::string& name) { return ns::create_pinned(name); }

Status ns_rm(const std::string& name) { return ns::remove_pinned(name); }

Status ns_ls() {
  std::string text;
  for (const std::string& name : TRY(ns::list_pinned())) text += name + "\n";
  return print(text);
}

}  // namespace netctl::command
