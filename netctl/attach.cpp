#include "netctl/attach.hpp"

#include <algorithm>

#include "netctl/named_container.hpp"
#include "netctl/networks.hpp"
#include "runtime-core/addr/mac.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/publish.hpp"
#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/capabilities.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::command {
namespace {

Result<std::vector<PortMapping>> parse_all(const std::vector<std::string>& texts) {
  std::vector<PortMapping> mappings;
  for (const std::string& text : texts) {
    for (PortMapping& mapping : TRY(parse_publish(text))) mappings.push_back(mapping);
  }
  TRY(refuse_repeated(mappings));
  return mappings;
}

bool has_capability(const cni::NetworkConfig& network, std::string_view capability) {
  return std::ranges::any_of(network.plugins, [&](const cni::PluginConfig& plugin) {
    return std::ranges::find(plugin.capabilities, capability) != plugin.capabilities.end();
  });
}

// A flag that no plugin of the network would look at must not pass for done.
Status need_capability(const cni::NetworkConfig& network, std::string_view capability,
                       std::string_view plugin, std::string_view flag) {
  if (has_capability(network, capability)) return ok();
  return fail(Errc::InvalidArgument,
              "network \"{}\" cannot do that: add \"capabilities\": {{\"{}\": true}} to its {} "
              "plugin, or leave out {}",
              network.name, capability, plugin, flag);
}

Status check_capabilities(const cni::NetworkConfig& network, const Wanted& wanted) {
  if (!wanted.publish.empty()) {
    TRY(need_capability(network, "portMappings", "\"type\": \"portmap\"",
                        "-p " + wanted.publish.front()));
  }
  if (!wanted.ips.empty()) {
    TRY(need_capability(network, "ips", "first", "--ip " + wanted.ips.front()));
  }
  if (!wanted.mac.empty()) {
    TRY(need_capability(network, "mac", "first", "--mac " + wanted.mac));
  }
  return ok();
}

Status check_addresses(const Wanted& wanted) {
  for (const std::string& text : wanted.ips) {
    if (text.find('/') == std::string::npos) {
      TRY(parse_ip_address(text).context("--ip"));
    } else {
      TRY(parse_ip_prefix(text).context("--ip"));
    }
  }
  if (!wanted.mac.empty()) TRY(parse_mac_address(wanted.mac).context("--mac"));
  return ok();
}

std::string flags_as_args(const Wanted& wanted, const std::vector<PortMapping>& mappings) {
  std::vector<std::pair<std::string, std::string>> args;
  if (!mappings.empty()) args.emplace_back("portMappings", cni::port_mappings_json(mappings));
  if (!wanted.ips.empty()) args.emplace_back("ips", cni::json_strings(wanted.ips));
  if (!wanted.mac.empty()) args.emplace_back("mac", cni::json_string(wanted.mac));
  return args.empty() ? "" : cni::json_object(args);
}

// CAP_ARGS, over it --cap, over that the flags.
Result<std::string> capability_args(const Target& target, const Wanted& wanted,
                                    const std::vector<PortMapping>& mappings) {
  const std::string given = TRY(cni::merge_json(target.capability_args, "", "CAP_ARGS"));
  const std::string args = TRY(cni::merge_json(given, wanted.capability_args, "--cap"));
  const std::string flags = flags_as_args(wanted, mappings);
  return args.empty() ? flags : cni::merge_json(args, flags, "the flags");
}

std::string joined_args(const Target& target) {
  std::string text = target.args_text;
  for (const std::string& arg : target.args) text += (text.empty() ? "" : ";") + arg;
  return text;
}

Result<cni::RuntimeCall> call_of(const Target& target) {
  Place place = TRY(place_of(target));
  return cni::RuntimeCall{.container_id = std::move(place.container_id),
                          .netns = std::move(place.netns),
                          .ifname = target.ifname,
                          .args = joined_args(target),
                          .capability_args = target.capability_args};
}

// The mappings with the numbers that were chosen for those without one. No field of the result
// tells them, so the kernel is asked.
std::vector<PortMapping> with_numbers(std::vector<PortMapping> mappings,
                                      const attach::Owner& owner) {
  const bool are_told = std::ranges::none_of(
      mappings, [](const PortMapping& mapping) { return mapping.host_port == 0; });
  if (are_told) return mappings;
  const auto published = attach::published_ports(owner).value_or({});
  for (PortMapping& mapping : mappings) {
    if (mapping.host_port != 0) continue;
    const auto found = std::ranges::find_if(published, [&](const attach::PublishedPort& port) {
      return port.mapping.container_port == mapping.container_port &&
             port.mapping.protocol == mapping.protocol;
    });
    if (found != published.end()) mapping.host_port = found->mapping.host_port;
  }
  return mappings;
}

Status print_attached(const Target& target, const Attached& attached) {
  std::string text = format("{} {}:", target.ns, target.ifname);
  for (const cni::Ip& ip : attached.result.ips) text += " " + ip.address.to_text();
  text += "\n";
  for (const std::string& mapping : published_texts(attached.owner, attached.capability_args)) {
    text += "  published " + mapping + "\n";
  }
  return print(text);
}

Status tell(const Target& target, const Attached& attached, const Output& output) {
  if (!output.json) return print_attached(target, attached);
  return print(TRY(cni::to_json(attached.result, attached.cni_version)) + "\n");
}

Target resolved(Target target, const std::optional<container::State>& container) {
  constexpr std::string_view kJoin = "container:";
  if (target.network.starts_with(kJoin)) {
    target.args.push_back("CONTAINER=" + target.network.substr(kJoin.size()));
    target.network = "container";
  }
  if (container) {
    target.ns = container->netns;
    if (target.container_id.empty()) target.container_id = container->id;
  }
  return target;
}

}  // namespace

attach::Owner owner_of(const cni::CachedAttachment& attachment) {
  return {.network = attachment.network,
          .container_id = attachment.call.container_id,
          .ifname = attachment.call.ifname};
}

std::vector<std::string> published_texts(const attach::Owner& owner,
                                         std::string_view capability_args) {
  std::vector<std::string> texts;
  for (const PortMapping& mapping : with_numbers(cni::port_mappings_of(capability_args), owner)) {
    texts.push_back(mapping.to_text());
  }
  return texts;
}

void take_environment(Target& target) {
  target.args_text = environment_or("CNI_ARGS", "");
  target.capability_args = environment_or("CAP_ARGS", "");
}

Result<Target> resolved(const Settings& settings, Target target) {
  const auto container = TRY(named_container(settings, target.ns));
  return resolved(std::move(target), container);
}

Result<Place> place_of(const Target& target) {
  Place place{.container_id = target.container_id};
  if (target.ns.empty()) {
    if (!place.container_id.empty()) return place;
    return fail(Errc::InvalidArgument, "name the namespace, or the container with --id");
  }
  place.netns = TRY(ns::path_of(target.ns));
  // Ten bytes of the path's digest: the id that cnitool gives, so that each can take over what the
  // other attached.
  if (place.container_id.empty()) {
    place.container_id = "cnitool-" + sha512_hex(place.netns).substr(0, 20);
  }
  return place;
}

Result<Attached> attach(const Settings& settings, const Target& typed, const Wanted& wanted) {
  const auto container = TRY(named_container(settings, typed.ns));
  const Target target = resolved(typed, container);
  const auto mappings = TRY(parse_all(wanted.publish));
  TRY(check_addresses(wanted));
  TRY(existing_namespace(container, typed.ns));
  if (target.ns.empty()) {
    return fail(Errc::InvalidArgument,
                "container \"{}\" is on the host's network: it cannot be attached to another",
                typed.ns);
  }
  const cni::NetworkConfig network = TRY(find_network(settings, target.network));
  TRY(check_capabilities(network, wanted));
  cni::RuntimeCall call = TRY(call_of(target));
  call.capability_args = TRY(capability_args(target, wanted, mappings));
  Attached attached;
  attached.owner = {
      .network = network.name, .container_id = call.container_id, .ifname = call.ifname};
  attached.result = TRY(runtime(settings).add(network, call));
  attached.capability_args = call.capability_args;
  attached.cni_version = network.cni_version;
  return attached;
}

Status check_wanted(const Settings& settings, const Target& typed, const Wanted& wanted) {
  const Target target = TRY(resolved(settings, typed));
  TRY(parse_all(wanted.publish));
  TRY(check_addresses(wanted));
  return check_capabilities(TRY(find_network(settings, target.network)), wanted);
}

Status add(const Settings& settings, const Target& target, const Wanted& wanted,
           const Output& output) {
  const Attached attached = TRY(attach(settings, target, wanted));
  Status told = tell(target, attached, output);
  if (told) return told;
  // Who called takes it for a failure, and what failed leaves nothing.
  if (const Status undone = del(settings, target); !undone) {
    log::warn("undoing the attachment failed: {}", undone.error().message);
  }
  return told;
}

Status del(const Settings& settings, const Target& typed) {
  const Target target = TRY(resolved(settings, typed));
  const cni::RuntimeCall call = TRY(call_of(target));
  cni::Runtime cni_runtime = runtime(settings);
  const auto cached = TRY(cni_runtime.find_cached(
      target.network, {.container_id = call.container_id, .ifname = call.ifname}));
  if (cached) {
    if (const auto network = cni::parse_network_list(cached->config_text, "")) {
      return cni_runtime.del(*network, call);
    }
  }
  const cni::NetworkConfig network = TRY(find_network(settings, target.network));
  if (!cached && !ns::open_netns(call.netns)) {
    log::warn("nothing is known of {} in network \"{}\": looking for leftovers only",
              typed.ns.empty() ? call.container_id : typed.ns, target.network);
  }
  return cni_runtime.del(network, call);
}

Status check(const Settings& settings, const Target& typed) {
  const auto container = TRY(named_container(settings, typed.ns));
  const Target target = resolved(typed, container);
  if (!typed.ns.empty()) TRY(existing_namespace(container, typed.ns));
  const cni::NetworkConfig network = TRY(find_network(settings, target.network));
  return runtime(settings).check(network, TRY(call_of(target)));
}

}  // namespace netctl::command
