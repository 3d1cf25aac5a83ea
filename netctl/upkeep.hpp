#pragma once

#include <string>

#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/cache.hpp"

namespace netctl::command {

// Whether the attachment's namespace is there no more. One that cannot be looked at is an error,
// and so no garbage.
Result<bool> is_netns_gone(const cni::CachedAttachment& attachment);

struct Garbage {
  std::string network{};  // empty: every network
  bool all = false;       // live attachments too, as cnitool's gc does
  bool dry_run = false;   // say what would go, and change nothing
};

// Detaches what the result cache knows and whose namespace is gone, then has the plugins remove
// whatever of the network belongs to none of the others. Prints a line for each that was detached.
// An attachment that a runtime keeps in another cache directory is garbage here.
Status collect_garbage(const Settings& settings, const Garbage& garbage);

// Puts back what is missing of the host's firewall tables, as after `nft flush ruleset`: everything
// that attachments have on record. Other firewalls that drop (iptables, firewalld) are told again
// of those whose network has the plugin firewall. Tells how many elements of ours that were.
Result<std::size_t> put_back(const Settings& settings);
std::string put_back_text(std::size_t count);  // "3 elements put back", a line

// The same, and prints how much that was.
Status reload(const Settings& settings);

// Whether the network could serve an ADD now; the error says why not. Prints a line.
Status status(const Settings& settings, const std::string& network);

}  // namespace netctl::command
