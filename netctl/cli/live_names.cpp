#include "netctl/cli/live_names.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

#include "netctl/ipam.hpp"
#include "netctl/networks.hpp"
#include "netctl/ports.hpp"
#include "netctl/supervise.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::cli {
namespace {

void add_once(Candidates& candidates, std::string candidate) {
  if (std::ranges::find(candidates, candidate) == candidates.end()) {
    candidates.push_back(std::move(candidate));
  }
}

// As `netctl ps` shows it.
std::string shown_name(const container::State& state) {
  return state.name.empty() ? state.id.substr(0, 12) : state.name;
}

}  // namespace

Candidates network_names(const Session& session) {
  Candidates names;
  if (const auto networks = command::all_networks(session.settings)) {
    for (const auto& network : *networks) names.push_back(network.name + "\tnetwork");
  }
  return names;
}

Candidates namespace_names() {
  Candidates names;
  if (const auto pinned = ns::list_pinned()) {
    for (const std::string& name : *pinned) names.push_back(name + "\tnamespace");
  }
  return names;
}

Candidates namespaces_of(const Session& session, const std::string& network) {
  const auto states = command::store(session.settings).all();
  const auto name_of = [&](const cni::RuntimeCall& call) {
    if (states) {
      const auto state = std::ranges::find(*states, call.container_id, &container::State::id);
      if (state != states->end()) return shown_name(*state);
    }
    return ns::name_of_path(call.netns);
  };
  Candidates names;
  for (const auto& each : command::runtime(session.settings).cached(network)) {
    add_once(names, name_of(each.call) + "\tattached to " + each.network);
  }
  return names;
}

Candidates container_names(const Session& session, bool only_running) {
  Candidates names;
  const auto states = command::store(session.settings).all();
  if (!states) return names;
  for (const container::State& each : *states) {
    const bool runs = container::is_running(each).value_or(false);
    if (only_running && !runs) continue;
    names.push_back(shown_name(each) + (runs ? "\tcontainer" : "\tcontainer, not running"));
  }
  return names;
}

Candidates attached_ids(const Session& session) {
  Candidates ids;
  for (const auto& each : command::runtime(session.settings).cached("")) {
    add_once(ids, each.call.container_id + "\tin " + ns::name_of_path(each.call.netns));
  }
  return ids;
}

Candidates ports_of(const Session& session, const std::string& ns) {
  Candidates ports;
  const auto published = command::published_ports(session.settings);
  if (!published) return ports;
  for (const command::PublishedAt& each : *published) {
    if (!ns.empty() && each.ns != ns) continue;
    add_once(ports, format("{}/{}\tport {} of the host", each.container_port, each.protocol,
                           each.host_port));
  }
  return ports;
}

Candidates host_ports(const Session& session) {
  Candidates ports;
  const auto published = command::published_ports(session.settings);
  if (!published) return ports;
  for (const command::PublishedAt& each : *published) {
    add_once(ports, format("{}\tof {}", each.host_port,
                           each.ns.empty() ? each.owner.container_id : each.ns));
  }
  return ports;
}

Candidates held_addresses(const Session& session, const std::string& network) {
  Candidates addresses;
  const auto held = command::held_addresses(session.settings, network);
  if (!held) return addresses;
  for (const auto& [address, holder] : *held)
    addresses.push_back(format("{}\theld by {}", address, holder));
  return addresses;
}

Candidates signal_names() {
  Candidates names;
  for (int number = 1; number < 32; ++number) {
    const char* name = ::sigabbrev_np(number);
    if (name) names.push_back(format("{}\t{}", name, ::sigdescr_np(number)));
  }
  return names;
}

}  // namespace netctl::cli
