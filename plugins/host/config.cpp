#include "plugins/host/config.hpp"

#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/wishes.hpp"

namespace netctl::host {
namespace {

// The capability's names for what a result calls nameservers and search.
cni::Dns read_dns(const cni::ObjectReader& keys) {
  cni::Dns dns;
  keys.read("servers", dns.nameservers);
  keys.read("searches", dns.search);
  keys.read("options", dns.options);
  return dns;
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  const cni::Wishes wishes = cni::wishes_of(request);
  const auto refuse = [&](bool wished, std::string_view what) {
    if (!wished) return;
    problems.add(format("conflicting options: {} and the network mode host", what));
  };
  refuse(wishes.mac, "mac-address");
  refuse(wishes.ips, "an IP address");
  refuse(wishes.aliases, "an alias");
  refuse(!request.ipam_type.empty(), "\"ipam\"");

  Config config{.published_ports = wishes.ports,
                .dns = read_dns(keys.child("runtimeConfig").child("dns"))};
  if (config.dns.empty() && request.dns) config.dns = *request.dns;
  TRY(problems.status());
  return config;
}

}  // namespace netctl::host
