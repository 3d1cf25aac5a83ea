// The input is CNI_ARGS in the first line, and stdin in the others.
#include <string>

#include "ipam/host-local/config.hpp"
#include "ipam/static/config.hpp"
#include "plugins/bridge/config.hpp"
#include "plugins/container/config.hpp"
#include "plugins/firewall/config.hpp"
#include "plugins/host/config.hpp"
#include "plugins/ptp/config.hpp"
#include "plugins/tuning/config.hpp"
#include "portmap/config.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/version.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

std::optional<cni::Request> request_of(Bytes input, const std::string& command) {
  std::string_view text = text_of(input);
  const std::string args(take_line(text));
  auto request = cni::parse_environment({{"CNI_COMMAND", command},
                                         {"CNI_CONTAINERID", "c1"},
                                         {"CNI_NETNS", "/run/netns/c1"},
                                         {"CNI_IFNAME", "eth0"},
                                         {"CNI_ARGS", args},
                                         {"CNI_PATH", "/usr/lib/cni"}});
  if (!request) return {};
  const Status read = cni::add_config(*request, std::string(text), cni::kVersions);
  if (!read) {
    require(!read.error().message.empty() && read.error().protocol_code != 0,
            "what is wrong with a config is said, and has a code");
    return {};
  }
  require(cni::is_name(request->network), "no network is named like a way out of a directory");
  return *std::move(request);
}

// What a plugin does with a config before it touches anything.
template <auto Parse>
void feed(Bytes input) {
  for (const char* command : {"ADD", "DEL"}) {
    const auto request = request_of(input, command);
    if (!request) continue;
    const auto config = Parse(*request);
    require(config || !config.error().message.empty(), "what is wrong with a config is said");
  }
}

// The directories are found for whatever config.
void feed_host_local(Bytes input) {
  feed<host_local::parse_config>(input);
  const auto request = request_of(input, "DEL");
  if (!request) return;
  require(host_local::store_directory(*request).ends_with("/" + request->network),
          "a store is the network's directory");
}

void feed_bridge(Bytes input) {
  feed<bridge::parse_config>(input);
  const auto request = request_of(input, "DEL");
  if (request) bridge::usable_config(*request);
}

void feed_firewall(Bytes input) {
  feed<firewall::parse_config>(input);
  const auto request = request_of(input, "DEL");
  if (request) firewall::usable_config(*request);
}

}  // namespace

const std::vector<Target>& plugin_configs() {
  static const std::vector<Target> all = {{"bridge", feed_bridge},
                                          {"container", feed<container::parse_config>},
                                          {"firewall", feed_firewall},
                                          {"host", feed<host::parse_config>},
                                          {"host-local", feed_host_local},
                                          {"portmap", feed<portmap::parse_config>},
                                          {"ptp", feed<ptp::parse_config>},
                                          {"static", feed<static_ipam::parse_config>},
                                          {"tuning", feed<tuning::parse_config>}};
  return all;
}

}  // namespace netctl::fuzz
