#pragma once

#include <string>
#include <vector>

#include "netctl/cli/cli.hpp"

// What there is on this host to complete a word with: "word<TAB>what it is" each. What cannot be
// read is not there.
namespace netctl::cli {

using Candidates = std::vector<std::string>;

Candidates network_names(const Session& session);
Candidates namespace_names();
// Those that something of the network is attached in, and the containers that are attached to it.
Candidates namespaces_of(const Session& session, const std::string& network);
// By name; those that have none by the beginning of their id.
Candidates container_names(const Session& session, bool only_running);
// Ids of attachments, as --id takes them.
Candidates attached_ids(const Session& session);
// Ports inside that something of the host leads to, "80/tcp"; of all namespaces when it is empty.
Candidates ports_of(const Session& session, const std::string& ns);
Candidates host_ports(const Session& session);
// Addresses of the network that host-local has given.
Candidates held_addresses(const Session& session, const std::string& network);
Candidates signal_names();

}  // namespace netctl::cli
