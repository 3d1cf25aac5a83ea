#include "runtime-core/attach/flows.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/conntrack.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::attach {
namespace {

using nft::Connection;

// Each question is a walk of the kernel through all its connections, and each answer work of ours:
// a few ports are asked for one by one, many all at once.
constexpr std::size_t kMaxQuestions = 4;

// What is tracked of a family and protocol.
using FlowKind = std::pair<Family, Protocol>;

std::vector<nft::ConnectionFilter> filters_for(const FlowKind& kind,
                                               const std::set<std::uint16_t>& ports) {
  std::vector<nft::ConnectionFilter> filters;
  if (ports.size() > kMaxQuestions) {
    filters.push_back({.family = kind.first, .protocol = kind.second});
    return filters;
  }
  for (const std::uint16_t port : ports) {
    filters.push_back({.family = kind.first, .protocol = kind.second, .port = port});
  }
  return filters;
}

// The ports that a connection might have been begun to, by number.
class Ports {
 public:
  explicit Ports(const std::vector<PublishedPort>& ports) {
    for (const PublishedPort& port : ports) {
      by_number_.emplace(
          std::tuple(port.container.family(), port.mapping.protocol, port.mapping.host_port),
          &port);
      numbers_[{port.container.family(), port.mapping.protocol}].insert(port.mapping.host_port);
    }
  }

  const PublishedPort* find(const nft::Tuple& original) const {
    const auto [first, last] = by_number_.equal_range(
        std::tuple(original.destination.family(), original.protocol, original.destination_port));
    const auto found = std::find_if(first, last, [&](const auto& entry) {
      const PortMapping& mapping = entry.second->mapping;
      return mapping.is_any_address() || mapping.host_ip == original.destination;
    });
    return found == last ? nullptr : found->second;
  }

  const std::map<FlowKind, std::set<std::uint16_t>>& numbers() const { return numbers_; }

 private:
  std::multimap<std::tuple<Family, Protocol, std::uint16_t>, const PublishedPort*> by_number_{};
  std::map<FlowKind, std::set<std::uint16_t>> numbers_{};
};

// Deletes the connections to one of the ports that `is_affected` says yes to.
Status delete_flows(
    const std::vector<PublishedPort>& published,
    const std::function<bool(const Connection&, const PublishedPort&)>& is_affected) {
  if (published.empty()) return ok();
  const Ports ports(published);
  nft::Conntrack conntrack = TRY(nft::Conntrack::open());
  for (const auto& [kind, numbers] : ports.numbers()) {
    for (const nft::ConnectionFilter& filter : filters_for(kind, numbers)) {
      for (const Connection& connection : TRY(conntrack.connections(filter))) {
        const PublishedPort* port = ports.find(connection.original);
        if (port == nullptr || !is_affected(connection, *port)) continue;
        const Status deleted = conntrack.delete_connection(connection);
        // One in the flow table stays until it is silent; being TCP, it will not be begun again.
        if (!deleted && deleted.error().code != Errc::TryAgain) return deleted;
      }
    }
  }
  return ok();
}

// Which addresses are the host's; each is looked up once.
class HostAddresses {
 public:
  bool contains(const IpAddress& address) {
    const auto [entry, is_new] = known_.try_emplace(address, false);
    if (is_new) entry->second = is_local(address);
    return entry->second;
  }

 private:
  bool is_local(const IpAddress& address) {
    if (!socket_) {
      auto opened = rtnl::RouteSocket::open();
      if (!opened) return true;
      socket_.emplace(std::move(*opened));
    }
    const auto route = socket_->route_to(address);
    return route && route->type == RTN_LOCAL;
  }

  std::optional<rtnl::RouteSocket> socket_{};
  std::map<IpAddress, bool> known_{};
};

// Whether its packets are led to the container that the port is published for.
bool leads_to(const Connection& connection, const PublishedPort& port) {
  return connection.reply.source == port.container &&
         connection.reply.source_port == port.mapping.container_port;
}

void warn_unless(const Status& deleted) {
  if (deleted) return;
  log::warn("connections that were there before may go on to where they went: {}",
            deleted.error().message);
}

}  // namespace

void move_flows(const std::vector<PublishedPort>& published) {
  std::vector<PublishedPort> without_beginning;
  std::ranges::copy_if(
      published, std::back_inserter(without_beginning),
      [](const PublishedPort& port) { return port.mapping.protocol == Protocol::Udp; });
  HostAddresses host;
  warn_unless(
      delete_flows(without_beginning, [&](const Connection& connection, const PublishedPort& port) {
        return !leads_to(connection, port) && host.contains(connection.original.destination);
      }));
}

void end_flows(const std::vector<PublishedPort>& unpublished) {
  warn_unless(
      delete_flows(unpublished, [](const Connection& connection, const PublishedPort& port) {
        // Who went to the container by its own address did so without us.
        return leads_to(connection, port) && connection.original.destination != port.container;
      }));
}

}  // namespace netctl::attach
