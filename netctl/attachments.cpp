#include "netctl/attachments.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "netctl/filters.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/capabilities.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"

namespace netctl::command {
namespace {

// What became of an attachment, in a word or three.
Result<std::string> state_of(const cni::RuntimeCall& call) {
  if (call.netns.empty()) return std::string("unknown");  // an entry that does not tell
  const auto netns = TRY(ns::find_netns(call.netns));
  if (!netns) return std::string("namespace gone");
  rtnl::RouteSocket inside = TRY(ns::run_in(netns->get(), rtnl::RouteSocket::open));
  const auto link = TRY(inside.find_link(call.ifname));
  if (!link) return std::string("interface gone");
  return std::string(link->up ? "up" : "down");
}

std::string state_text(const cni::RuntimeCall& call) {
  auto state = state_of(call);
  if (state) return *std::move(state);
  log::debug("state of {} {}: {}", call.container_id, call.ifname, state.error().message);
  return "unknown";
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

Fact ports_fact(const cni::CachedAttachment& attachment) {
  std::vector<std::string> texts;
  for (const PortMapping& mapping : cni::port_mappings_of(attachment.call.capability_args)) {
    texts.push_back(mapping.to_text());
  }
  return fact("ports", texts);
}

// What a line of the table has.
Facts facts_of(const cni::CachedAttachment& attachment) {
  const cni::RuntimeCall& call = attachment.call;
  return {fact("network", attachment.network),
          fact("container", call.container_id),
          fact("namespace", ns::name_of_path(call.netns)),
          fact("interface", call.ifname),
          fact("addresses", addresses_in(result_of(attachment))),
          ports_fact(attachment),
          since_fact(attachment),
          age_fact(attachment),
          fact("state", state_text(call))};
}

// --- one attachment -------------------------------------------------------------------------

std::vector<std::string> gateways_in(const cni::AddResult& result) {
  std::vector<std::string> texts;
  for (const cni::Ip& ip : result.ips) {
    if (ip.gateway) texts.push_back(ip.gateway->to_text());
  }
  return texts;
}

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
  facts.push_back(fact("path", attachment.call.netns));
  facts.push_back(fact("gateways", gateways_in(result)));
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

Status list_attachments(const Settings& settings, const std::vector<std::string>& filters,
                        const Output& output) {
  const auto wanted =
      TRY(parse_filters(filters, {"network", "container", "namespace", "interface", "state"}));
  std::vector<Facts> things;
  for (const cni::CachedAttachment& attachment : runtime(settings).cached("")) {
    Facts facts = facts_of(attachment);
    if (matches_facts(wanted, facts)) things.push_back(std::move(facts));
  }
  static constexpr std::array<Column, 8> kColumns{{{"NETWORK", "network"},
                                                   {"CONTAINER", "container", 20},
                                                   {"NAMESPACE", "namespace"},
                                                   {"INTERFACE", "interface"},
                                                   {"ADDRESSES", "addresses"},
                                                   {"PORTS", "ports"},
                                                   {"AGE", "age"},
                                                   {"STATE", "state"}}};
  return print_list(things, kColumns, "container", output);
}

Status inspect_attachment(const Settings& settings, const Target& typed, const Output& output) {
  const Target target = resolved(typed);
  const Place place = TRY(place_of(target));
  const auto cached = runtime(settings).find_cached(
      target.network, {.container_id = place.container_id, .ifname = target.ifname});
  if (!cached) {
    return fail(Errc::NotFound,
                "{} of {} is not attached to network \"{}\": netctl ls shows what is",
                target.ifname, target.ns.empty() ? place.container_id : target.ns, target.network);
  }
  return print_one(all_facts_of(*cached), output);
}

}  // namespace netctl::command
