#include "tests/system/protocol/subjects.hpp"

#include <algorithm>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

Subject bridge_subject() {
  return {.type = "bridge",
          .config = R"("name": "net", "type": "bridge", "bridge": "cni7", "isGateway": true,
            "ipMasq": true, "mtu": 1400, "hairpinMode": true, "promiscMode": false,
            "dns": {"nameservers": ["10.7.0.1"], "domain": "d\u00e9", "search": ["a"]},
            "args": {"cni": {"mac": "02:00:00:00:00:01"}},
            "ipam": {"type": "host-local", "subnet": "10.7.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]})",
          .keys = {{"bridge", Kind::Text},
                   {"isGateway", Kind::Flag},
                   {"isDefaultGateway", Kind::Flag},
                   {"forceAddress", Kind::Flag},
                   {"ipMasq", Kind::Flag},
                   {"hairpinMode", Kind::Flag},
                   {"promiscMode", Kind::Flag},
                   {"portIsolation", Kind::Flag},
                   {"disableContainerInterface", Kind::Flag},
                   {"macspoofchk", Kind::Flag},
                   {"enabledad", Kind::Flag},
                   {"icc", Kind::Flag},
                   {"noDefaultRoute", Kind::Flag},
                   {"gatewayPriority", Kind::SignedNumber},
                   {"args.cni.gatewayPriority", Kind::SignedNumber},
                   {"mtu", Kind::Number},
                   {"vlan", Kind::Number},
                   {"vlanTrunk", Kind::List},
                   {"preserveDefaultVlan", Kind::Flag},
                   {"runtimeConfig", Kind::Object},
                   {"runtimeConfig.mac", Kind::Address},
                   {"args.cni", Kind::Object},
                   {"args.cni.mac", Kind::Address}}};
}

Subject none_subject() {
  return {.type = "none",
          .config = R"("name": "net", "type": "none", "dns": {"nameservers": ["10.7.0.1"]},
            "runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80}]})"};
}

Subject loopback_subject() {
  return {.type = "loopback", .config = R"("name": "net", "type": "loopback")"};
}

Subject host_subject() {
  return {.type = "host",
          .config = R"("name": "net", "type": "host", "dns": {"nameservers": ["10.7.0.1"]})",
          .keys = {{"runtimeConfig.dns", Kind::Object},
                   {"runtimeConfig.dns.servers", Kind::List},
                   {"runtimeConfig.dns.searches", Kind::List},
                   {"runtimeConfig.dns.options", Kind::List}}};
}

Subject container_subject() {
  return {.type = "container",
          .config = R"("name": "net", "type": "container", "container": "donor",
            "cacheDir": "/run/cni-state", "args": {"cni": {"container": "donor"}})",
          .keys = {{"container", Kind::Text},
                   {"cacheDir", Kind::Text},
                   {"args.cni", Kind::Object},
                   {"args.cni.container", Kind::Text},
                   {"runtimeConfig.container", Kind::Text}}};
}

Subject firewall_subject() {
  return {.type = "firewall",
          .config = R"("name": "net", "type": "firewall", "backend": "nftables",
            "ingressPolicy": "open", "iptablesAdminChainName": "MINE", "firewalldZone": "work")",
          .keys = {{"backend", Kind::Text},
                   {"ingressPolicy", Kind::Text},
                   {"iptablesAdminChainName", Kind::Text},
                   {"firewalldZone", Kind::Text}},
          .chained = true};
}

Subject host_local_subject() {
  return {.type = "host-local",
          .config = R"("name": "net", "type": "bridge", "args": {"cni": {"ips": ["10.7.0.9"]}},
            "ipam": {"type": "host-local", "dataDir": "/run/cni-state/networks",
              "ranges": [[{"subnet": "10.7.0.0/24", "rangeStart": "10.7.0.5", "rangeEnd": "10.7.0.20",
                "gateway": "10.7.0.1"}], [{"subnet": "fd00:7::/64"}]],
              "routes": [{"dst": "0.0.0.0/0", "gw": "10.7.0.1", "mtu": 1400, "priority": 5}]})",
          .keys = {{"ipam.dataDir", Kind::Text},
                   {"ipam.resolvConf", Kind::Text},
                   {"ipam.subnet", Kind::Prefix},
                   {"ipam.rangeStart", Kind::Address},
                   {"ipam.rangeEnd", Kind::Address},
                   {"ipam.gateway", Kind::Address},
                   {"ipam.ranges", Kind::List},
                   {"ipam.ranges[]", Kind::List},
                   {"ipam.ranges[][]", Kind::Object},
                   {"ipam.ranges[][].subnet", Kind::Prefix},
                   {"ipam.ranges[][].rangeStart", Kind::Address},
                   {"ipam.ranges[][].rangeEnd", Kind::Address},
                   {"ipam.ranges[][].gateway", Kind::Address},
                   {"ipam.routes", Kind::List},
                   {"ipam.routes[].dst", Kind::Prefix},
                   {"ipam.routes[].gw", Kind::Address},
                   {"ipam.routes[].mtu", Kind::Number},
                   {"ipam.routes[].scope", Kind::Number},
                   {"runtimeConfig.ipRanges", Kind::List},
                   {"runtimeConfig.ips", Kind::List},
                   {"runtimeConfig.ips[]", Kind::Address},
                   {"args.cni.ips", Kind::List},
                   {"args.cni.ips[]", Kind::Address}}};
}

Subject portmap_subject() {
  const std::string mapping = "runtimeConfig.portMappings[].";
  return {.type = "portmap",
          .config = R"("name": "net", "type": "portmap", "snat": true, "masqAll": false,
            "backend": "nftables", "runtimeConfig": {"portMappings": [
              {"hostPort": 8080, "containerPort": 80, "protocol": "tcp", "hostIP": "127.0.0.1"},
              {"hostPort": 5353, "containerPort": 53, "protocol": "udp"}]})",
          .keys = {{"snat", Kind::Flag},
                   {"masqAll", Kind::Flag},
                   {"runtimeConfig", Kind::Object},
                   {"runtimeConfig.portMappings", Kind::List},
                   {"runtimeConfig.portMappings[]", Kind::Object},
                   {mapping + "hostPort", Kind::Number},
                   {mapping + "containerPort", Kind::Number},
                   {mapping + "protocol", Kind::Address},
                   {mapping + "hostIP", Kind::Address}},
          .chained = true};
}

Subject ptp_subject() {
  return {.type = "ptp",
          .config = R"("name": "net", "type": "ptp", "ipMasq": true, "mtu": 1400,
            "dns": {"nameservers": ["10.7.0.1"]},
            "ipam": {"type": "host-local", "subnet": "10.7.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]})",
          .keys = {{"ipMasq", Kind::Flag}, {"mtu", Kind::Number}}};
}

Subject static_subject() {
  return {.type = "static",
          .config = R"("name": "net", "type": "bridge", "ipam": {"type": "static",
              "addresses": [{"address": "10.7.0.9/24", "gateway": "10.7.0.1"}],
              "routes": [{"dst": "0.0.0.0/0", "gw": "10.7.0.1"}], "dns": {"domain": "d"}})",
          .keys = {{"ipam.addresses", Kind::List},
                   {"ipam.addresses[]", Kind::Object},
                   {"ipam.addresses[].gateway", Kind::Address},
                   {"ipam.routes", Kind::List},
                   {"ipam.routes[].dst", Kind::Prefix},
                   {"ipam.routes[].gw", Kind::Address},
                   {"ipam.dns", Kind::Object},
                   {"runtimeConfig.ips", Kind::List},
                   {"runtimeConfig.ips[]", Kind::Prefix},
                   {"args.cni.ips", Kind::List},
                   {"args.cni.ips[]", Kind::Prefix}}};
}

Subject tuning_subject() {
  return {.type = "tuning",
          .config = R"("name": "net", "type": "tuning", "mtu": 1400, "promisc": true,
            "mac": "02:00:00:00:00:01", "dataDir": "/run/cni-state/tuning")",
          .keys = {{"sysctl", Kind::Object},
                   {"mac", Kind::Address},
                   {"promisc", Kind::Flag},
                   {"mtu", Kind::Number},
                   {"allmulti", Kind::Flag},
                   {"txQLen", Kind::Number},
                   {"args.cni", Kind::Object},
                   {"args.cni.sysctl", Kind::Object},
                   {"args.cni.mac", Kind::Address},
                   {"args.cni.mtu", Kind::Number},
                   {"runtimeConfig.mac", Kind::Address}},
          .chained = true};
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = {
      bridge_subject(),   ptp_subject(),        none_subject(),   loopback_subject(),
      host_subject(),     container_subject(),  tuning_subject(), portmap_subject(),
      firewall_subject(), host_local_subject(), static_subject()};
  return all;
}

const std::vector<Key>& common_keys() {
  static const std::vector<Key> keys = {{"cniVersion", Kind::Text},
                                        {"name", Kind::Text},
                                        {"ipam", Kind::Object},
                                        {"ipam.type", Kind::Text},
                                        {"dns", Kind::Object},
                                        {"dns.nameservers", Kind::List},
                                        {"dns.domain", Kind::Text},
                                        {"prevResult", Kind::Object},
                                        {"prevResult.ips", Kind::List},
                                        {"prevResult.ips[].address", Kind::Prefix},
                                        {"prevResult.interfaces[].name", Kind::Text},
                                        {"prevResult.routes[].dst", Kind::Prefix}};
  return keys;
}

std::string member(const std::string& path, const std::string& value) {
  const auto dot = path.find('.');
  std::string name = path.substr(0, dot);
  std::string inner = value;
  if (dot != std::string::npos) inner = format("{{{}}}", member(path.substr(dot + 1), value));
  while (name.ends_with("[]")) {
    inner = format("[{}]", inner);
    name.resize(name.size() - 2);
  }
  return format("\"{}\": {}", name, inner);
}

std::string test_name(const std::string& type) {
  std::string name = type;
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace netctl::test
