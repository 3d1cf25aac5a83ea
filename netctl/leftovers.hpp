#pragma once

#include <set>
#include <string>
#include <vector>

#include "netctl/findings.hpp"

// What other container tools leave on a host when they are stopped or removed: rules that still
// decide about packets (a port that is published there never comes to one of ours), and interfaces
// whose addresses are still routed.
namespace netctl::command {

struct Remains {
  std::vector<nft::ChainFacts> chains{};
  std::set<std::string> links{};     // names
  std::set<std::string> programs{};  // that run, as /proc/PID/comm has them
  bool has_attachments = false;      // some runtime has attached something, by its result cache
};

// A finding for each tool that left something and does not run. Tools that have no program running
// all the time are in use as long as their interfaces or attachments are there.
Findings judge_leftovers(const Remains& remains);

}  // namespace netctl::command
