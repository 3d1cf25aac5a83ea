#pragma once

#include <vector>

#include "runtime-core/attach/publish.hpp"

// Connections that were begun before a port was published, or before it no longer was, and would go
// on to where they were led to then: a UDP flow for as long as packets come.
namespace netctl::attach {

// After the rules are in: what goes to one of these ports by UDP, but not to its container, begins
// anew. What only passes through the host to the same port of another machine goes on. So does a
// connection of TCP or SCTP: new ones begin by themselves, with a packet that says so, and one that
// is there is that of a program of the host, which would lose it.
void move_flows(const std::vector<PublishedPort>& published);

// After the rules are out: what goes to one of these containers by its port ends.
void end_flows(const std::vector<PublishedPort>& unpublished);

}  // namespace netctl::attach
