#include "netctl/attachments.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "netctl/filters.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/capabilities.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

// The interface that an attachment stands and falls with: its own; in a mode that has none of its
// own, the first that it uses (none: lo; container: the other's). Nothing in the mode host.
std::optional<std::string> interface_of(const cni::RuntimeCall& call,
                                        const cni::AddResult& result) {
  std::optional<std::string> first;
  for (const cni::Interface& each : result.interfaces) {
    if (each.sandbox.empty()) continue;
    if (each.name == call.ifname) return call.ifname;
    if (!first) first = each.name;
  }
  return result.interfaces.empty() ? call.ifname : first;  // older results name no interfaces
}

// What became of an attachment, in a word or three.
Result<std::string> state_of(const cni::RuntimeCall& call, const cni::AddResult& result) {
  if (call.netns.empty()) return std::string("unknown");  // an entry that does not tell
  const auto netns = TRY(ns::find_netns(call.netns));
  if (!netns) return std::string("namespace gone");
  const auto interface = interface_of(call, result);
  if (!interface) return std::string("up");
  rtnl::RouteSocket inside = TRY(ns::run_in(netns->get(), rtnl::RouteSocket::open));
  const auto link = TRY(inside.find_link(*interface));
  if (!link) return std::string("interface gone");
  return std::string(link->up ? "up" : "down");
}

Fact since_fact(const cni::CachedAttachment& attachment) {
  return fact("since", attachment.stored_at == 0 ? "" : utc_text(attachment.stored_at));
}

Fact age_fact(const cni::CachedAttachment& attachment) {
  const std::int64_t age = std::time(nullptr) - attachment.stored_at;
  return {.name = "age",
          .text = attachment.stored_at == 0 ? "" : age_text(age),
          .json = format("{}", attachment.stored_at == 0 ? 0 : age)};
}

std::vector<std::string> addresses_in(const cni::AddResult& result) {
  std::vector<std::string> texts;
  for (const cni::Ip& ip : result.ips) texts.push_back(ip.address.to_text());
  return texts;
}

std::vector<std::string> gateways_in(const cni::AddResult& result) {
  std::vector<std::string> texts;
  for (const cni::Ip& ip : result.ips) {
    if (ip.gateway) texts.push_back(ip.gateway->to_text());
  }
  return texts;
}

// The MAC address inside, and the interface of the host that leads there: a port of the bridge, or
// an end of its own.
std::pair<std::string, std::string> ends_in(const cni::AddResult& result,
                                            const std::string& ifname) {
  std::pair<std::string, std::string> ends;
  const auto is_inside = [](const cni::Interface& each) { return !each.sandbox.empty(); };
  // All that there is in the mode host, which has no ends.
  if (std::ranges::none_of(result.interfaces, is_inside)) return ends;
  for (const cni::Interface& each : result.interfaces) {
    if (is_inside(each) && each.name == ifname) ends.first = each.mac;
    if (!is_inside(each)) ends.second = each.name;  // behind the bridge, where there is one
  }
  return ends;
}

// What a line of the table has.
Facts facts_of(const cni::CachedAttachment& attachment) {
  const cni::RuntimeCall& call = attachment.call;
  const cni::AddResult result = result_of(attachment);
  auto [mac, host_interface] = ends_in(result, call.ifname);
  return {fact("network", attachment.network),
          fact("container", call.container_id),
          fact("namespace", ns::name_of_path(call.netns)),
          fact("interface", call.ifname),
          fact("addresses", addresses_in(result)),
          fact("ports", published_texts(owner_of(attachment), call.capability_args)),
          since_fact(attachment),
          age_fact(attachment),
          fact("state", attachment_state(call, result)),
          fact("path", call.netns),
          fact("gateways", gateways_in(result)),
          fact("mac", std::move(mac)),
          fact("hostInterface", std::move(host_interface))};
}

bool attachment_holds(const Filter& filter, const Facts& facts) {
  if (filter.key != "address") return is_fact(filter, facts);
  // With the length of its network or without.
  const auto addresses = std::ranges::find(facts, "addresses", &Fact::name);
  return std::ranges::any_of(addresses->parts, [&](const std::string& each) {
    return each == filter.value || each.substr(0, each.find('/')) == filter.value;
  });
}

// --- one attachment -------------------------------------------------------------------------

std::vector<std::string> routes_in(const cni::AddResult& result) {
  std::vector<std::string> texts;
  for (const cni::Route& route : result.routes) {
    texts.push_back(route.destination.to_text() +
                    (route.gateway ? " via " + route.gateway->to_text() : ""));
  }
  return texts;
}

std::vector<std::string> interfaces_in(const cni::AddResult& result) {
  std::vector<std::string> texts;
  for (const cni::Interface& interface : result.interfaces) {
    texts.push_back(
        format("{}{}{}", interface.name, interface.mac.empty() ? "" : " ", interface.mac));
  }
  return texts;
}

// JSON that is there already; empty: an empty object.
Fact json_fact(std::string name, const std::string& json) {
  return {.name = std::move(name), .text = json, .json = json.empty() ? "{}" : json};
}

// Behind what a line of the table has: the rest of what is known.
Facts all_facts_of(const cni::CachedAttachment& attachment) {
  const cni::AddResult result = result_of(attachment);
  Facts facts = facts_of(attachment);
  facts.push_back(fact("routes", routes_in(result)));
  facts.push_back(fact("interfaces", interfaces_in(result)));
  facts.push_back(fact("nameservers", result.dns.nameservers));
  facts.push_back(fact("args", attachment.call.args));
  facts.push_back(json_fact("capabilityArgs", attachment.call.capability_args));
  facts.push_back(json_fact("result", attachment.result_json.value_or("")));
  return facts;
}

}  // namespace

cni::AddResult result_of(const cni::CachedAttachment& attachment) {
  if (!attachment.result_json) return {};
  auto result = cni::parse_result(*attachment.result_json, "");
  if (result) return *std::move(result);
  log::warn("the cached result of container {} cannot be read: {}", attachment.call.container_id,
            result.error().message);
  return {};
}

std::string attachment_state(const cni::RuntimeCall& call, const cni::AddResult& result) {
  auto state = state_of(call, result);
  if (state) return *std::move(state);
  log::debug("state of {} {}: {}", call.container_id, call.ifname, state.error().message);
  return "unknown";
}

Status list_attachments(const Settings& settings, const Output& output) {
  static constexpr std::array<Column, 12> kColumns{{{"NETWORK", "network"},
                                                    {"CONTAINER", "container", 20},
                                                    {"NAMESPACE", "namespace"},
                                                    {"INTERFACE", "interface"},
                                                    {"ADDRESSES", "addresses"},
                                                    {"PORTS", "ports"},
                                                    {"AGE", "age"},
                                                    {"STATE", "state"},
                                                    {"GATEWAYS", "gateways", 0, true},
                                                    {"MAC", "mac", 0, true},
                                                    {"HOST END", "hostInterface", 0, true},
                                                    {"PATH", "path", 0, true}}};
  const auto read = [&]() -> Result<std::vector<Facts>> {
    std::vector<Facts> things;
    for (const auto& attachment : runtime(settings).cached("")) {
      things.push_back(facts_of(attachment));
    }
    return things;
  };
  return show_list({.columns = kColumns,
                    .name = "container",
                    .filters = kAttachmentFilters,
                    .read = read,
                    .changes = attachment_changes(settings),
                    .holds = attachment_holds},
                   output);
}

Status inspect_attachment(const Settings& settings, const Target& typed, const Output& output) {
  const Target target = TRY(resolved(settings, typed));
  const Place place = TRY(place_of(target));
  const auto cached = TRY(runtime(settings).find_cached(
      target.network, {.container_id = place.container_id, .ifname = target.ifname}));
  if (!cached) {
    return fail(Errc::NotFound,
                "{} of {} is not attached to network \"{}\": netctl ls shows what is",
                target.ifname, typed.ns.empty() ? place.container_id : typed.ns, target.network);
  }
  return print_one(all_facts_of(*cached), output);
}

}  // namespace netctl::command
