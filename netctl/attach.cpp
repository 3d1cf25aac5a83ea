#include <unistd.h>

#include <cstdio>

#include "netctl/built_ins.hpp"
#include "netctl/commands.hpp"
#include "netctl/networks.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/cni/runtime.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::command {
namespace {

cni::Runtime runtime(const Settings& settings) {
  cni::RuntimeOptions options{.plugin_path = settings.plugin_path,
                              .cache_directory = settings.state_directory,
                              .built_ins = built_ins()};
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return cni::Runtime(std::move(options));
}

// The id that cnitool gives a namespace, so that each can take over what the other attached: ten
// bytes of the path's SHA-512.
std::string container_id_of(const Attachment& wanted, const std::string& path) {
  if (!wanted.container_id.empty()) return wanted.container_id;
  return "cnitool-" + sha512_hex(path).substr(0, 20);
}

Result<std::vector<PortMapping>> parse_all(const std::vector<std::string>& texts) {
  std::vector<PortMapping> mappings;
  for (const std::string& text : texts) {
    for (PortMapping& mapping : TRY(parse_publish(text))) mappings.push_back(mapping);
  }
  return mappings;
}

std::string capability_args(const std::vector<PortMapping>& mappings) {
  if (mappings.empty()) return "";
  std::string list;
  for (const PortMapping& mapping : mappings) {
    list +=
        format(R"({}{{"hostPort":{},"containerPort":{},"protocol":"{}")", list.empty() ? "" : ",",
               mapping.host_port, mapping.container_port, to_text(mapping.protocol));
    if (mapping.host_ip) list += format(R"(,"hostIP":"{}")", mapping.host_ip->to_text());
    list += "}";
  }
  return format(R"({{"portMappings":[{}]}})", list);
}

Status refuse_unpublishable(const cni::NetworkConfig& network, const Attachment& wanted) {
  if (wanted.publish.empty()) return ok();
  for (const cni::PluginConfig& plugin : network.plugins) {
    for (const std::string& capability : plugin.capabilities) {
      if (capability == "portMappings") return ok();
    }
  }
  return fail(Errc::InvalidArgument,
              "network \"{}\" cannot publish ports: add {{\"type\": \"portmap\", \"capabilities\": "
              "{{\"portMappings\": true}}}} to its plugins, or leave out -p {}",
              network.name, wanted.publish.front());
}

void print_attached(const Attachment& wanted, const cni::AddResult& result,
                    const std::vector<PortMapping>& mappings) {
  std::string line = format("{} {}:", wanted.ns, wanted.ifname);
  for (const cni::Ip& ip : result.ips) line += " " + ip.address.to_text();
  std::printf("%s\n", line.c_str());
  for (const PortMapping& mapping : mappings) {
    std::printf("  published %s\n", mapping.to_text().c_str());
  }
}

}  // namespace

Status add(const Settings& settings, const Attachment& wanted) {
  const auto mappings = TRY(parse_all(wanted.publish));
  const std::string path = TRY(ns::existing_path_of(wanted.ns));
  const cni::NetworkConfig network = TRY(find_network(settings, wanted.network));
  TRY(refuse_unpublishable(network, wanted));

  const auto result =
      TRY(runtime(settings).add(network, {.container_id = container_id_of(wanted, path),
                                          .netns = path,
                                          .ifname = wanted.ifname,
                                          .capability_args = capability_args(mappings)}));
  if (wanted.json) {
    std::printf("%s\n", TRY(cni::to_json(result, network.cni_version)).c_str());
  } else {
    print_attached(wanted, result, mappings);
  }
  return ok();
}

Status del(const Settings& settings, const Attachment& wanted) {
  const std::string path = TRY(ns::path_of(wanted.ns));
  cni::Runtime cni_runtime = runtime(settings);
  const cni::RuntimeCall call{
      .container_id = container_id_of(wanted, path), .netns = path, .ifname = wanted.ifname};
  const auto cached = cni_runtime.find_cached(
      wanted.network, {.container_id = call.container_id, .ifname = call.ifname});
  if (cached) {
    // What ADD was done with is what DEL has to undo, whatever the files say by now.
    if (const auto network = cni::parse_network_list(cached->config_text, "")) {
      return cni_runtime.del(*network, call);
    }
  }
  const cni::NetworkConfig network = TRY(find_network(settings, wanted.network));
  if (!cached && !ns::open_netns(path)) {
    log::warn("nothing is known of {} in network \"{}\": looking for leftovers only", wanted.ns,
              wanted.network);
  }
  return cni_runtime.del(network, call);
}

Status check(const Settings& settings, const Attachment& wanted) {
  const std::string path = TRY(ns::existing_path_of(wanted.ns));
  const cni::NetworkConfig network = TRY(find_network(settings, wanted.network));
  return runtime(settings).check(
      network,
      {.container_id = container_id_of(wanted, path), .netns = path, .ifname = wanted.ifname});
}

}  // namespace netctl::command
