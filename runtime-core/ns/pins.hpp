#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/ns/kinds.hpp"

namespace netctl::sys {
struct Child;
}

// Namespaces that outlive their creator: several kinds under one name. That of the network is where
// ip-netns(8) has it too (see netns.hpp); the others are files below `directory`/<name>/, which is
// a mount of its own that is shared with nobody: a mount namespace cannot be pinned on another.
namespace netctl::ns {

// What can be the name of a pin: a file name.
Status check_pin_name(std::string_view name);
// Pins the network namespace at `path` (of a process) under a name, as create_pinned() does.
Status pin(const std::string& name, const std::string& path);
// Of the network namespace that this thread is in.
Status bring_loopback_up();

struct Pins {
  std::string directory = "/run/netctl/ns";

  // New ones of these kinds, owned by the new user namespace where that is among them (which maps
  // all ids to themselves). Exists when the name is taken; nothing is left when a step fails. A pid
  // namespace is empty, which takes Linux 6.11: the first process that is born in it is its PID 1,
  // and when that ends nobody is born there any more. Mounts in a mount namespace stay in it.
  Status create(const std::string& name, const std::vector<Kind>& kinds) const;
  // Unpins all; NotFound when there is none.
  Status remove(const std::string& name) const;
  // Opens all that are pinned under the name; NotFound when there is none.
  Result<std::vector<Opened>> open(const std::string& name) const;
  // All that something is pinned under, sorted, and of what kinds that is.
  Result<std::vector<std::string>> names() const;
  Result<std::vector<Kind>> kinds_of(const std::string& name) const;

 private:
  Status unpin(const std::string& name) const;
  Status bind(const sys::Child& owner, const std::string& name, Kind kind) const;
  std::string file_of(const std::string& name, Kind kind) const;
};

}  // namespace netctl::ns
