#include "tests/system/protocol/samples.hpp"

namespace netctl::test {
namespace {

Sample bridge_sample() {
  return {.type = "bridge",
          .members = R"("name": "net", "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true,
            "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"})",
          .per_family = R"("ip4":{"ip":"10.7.0.2/24","gateway":"10.7.0.1",)"
                        R"("routes":[{"dst":"0.0.0.0/0","gw":"10.7.0.1"}]},"dns":{}})",
          .with_version = R"("interfaces":[{"name":"cni7","mac":"MAC"},{"name":"VETH",)"
                          R"("mac":"MAC"},{"name":"eth0","mac":"MAC","sandbox":"/run/netns/web"}],)"
                          R"("ips":[{"version":"4","interface":2,"address":"10.7.0.2/24",)"
                          R"("gateway":"10.7.0.1"}],"routes":[{"dst":"0.0.0.0/0",)"
                          R"("gw":"10.7.0.1"}],"dns":{}})",
          .without_version =
              R"("interfaces":[{"mac":"MAC","name":"cni7"},{"mac":"MAC","name":"VETH"},)"
              R"({"mac":"MAC","name":"eth0","sandbox":"/run/netns/web"}],)"
              R"("ips":[{"address":"10.7.0.2/24","gateway":"10.7.0.1","interface":2}],)"
              R"("routes":[{"dst":"0.0.0.0/0","gw":"10.7.0.1"}]})"};
}

Sample ptp_sample() {
  return {.type = "ptp",
          .members = R"("name": "net", "ipMasq": true, "ipam": {"type": "host-local",
            "ranges": [[{"subnet": "10.7.0.0/24"}], [{"subnet": "fd07::/64"}]],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]})",
          .per_family = R"("ip4":{"ip":"10.7.0.2/24","gateway":"10.7.0.1",)"
                        R"("routes":[{"dst":"0.0.0.0/0"}]},"ip6":{"ip":"fd07::2/64",)"
                        R"("gateway":"fd07::1","routes":[{"dst":"::/0"}]},"dns":{}})",
          .with_version = R"("interfaces":[{"name":"VETH","mac":"MAC"},{"name":"eth0",)"
                          R"("mac":"MAC","sandbox":"/run/netns/web"}],"ips":[{"version":"4",)"
                          R"("interface":1,"address":"10.7.0.2/24","gateway":"10.7.0.1"},)"
                          R"({"version":"6","interface":1,"address":"fd07::2/64",)"
                          R"("gateway":"fd07::1"}],"routes":[{"dst":"0.0.0.0/0"},)"
                          R"({"dst":"::/0"}],"dns":{}})",
          .without_version =
              R"("interfaces":[{"mac":"MAC","name":"VETH"},)"
              R"({"mac":"MAC","name":"eth0","sandbox":"/run/netns/web"}],)"
              R"("ips":[{"address":"10.7.0.2/24","gateway":"10.7.0.1","interface":1},)"
              R"({"address":"fd07::2/64","gateway":"fd07::1","interface":1}],)"
              R"("routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]})",
          // It stays on, and shows: each interface of a router gets an anycast address.
          .preparation = {"sysctl -qw net.ipv6.conf.all.forwarding=1"}};
}

// none, and the same executable as loopback.
Sample loopback_sample(const std::string& type) {
  return {.type = type,
          .members = R"("name": "net")",
          .per_family = R"("ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"},"dns":{}})",
          .with_version = R"("interfaces":[{"name":"lo","mac":"MAC","sandbox":"/run/netns/web"}],)"
                          R"("ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"},)"
                          R"({"version":"6","interface":0,"address":"::1/128"}],"dns":{}})",
          .without_version =
              R"("interfaces":[{"mac":"MAC","name":"lo","sandbox":"/run/netns/web"}],)"
              R"("ips":[{"address":"127.0.0.1/8","interface":0},)"
              R"({"address":"::1/128","interface":0}]})"};
}

// The host of a test has nothing but its loopback interface.
Sample host_sample() {
  return {.type = "host",
          .members = R"("name": "net", "dns": {"nameservers": ["10.7.0.1"]})",
          .per_family = R"("ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"},)"
                        R"("dns":{"nameservers":["10.7.0.1"]}})",
          .with_version = R"("interfaces":[{"name":"lo","mac":"MAC"}],)"
                          R"("ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"},)"
                          R"({"version":"6","interface":0,"address":"::1/128"}],)"
                          R"("dns":{"nameservers":["10.7.0.1"]}})",
          .without_version = R"("dns":{"nameservers":["10.7.0.1"]},)"
                             R"("interfaces":[{"mac":"MAC","mtu":65536,"name":"lo"}],)"
                             R"("ips":[{"address":"127.0.0.1/8","interface":0},)"
                             R"({"address":"::1/128","interface":0}]})",
          .netns = "/proc/self/ns/net",
          .changes = false};
}

Sample container_sample() {
  return {.type = "container",
          .members = R"("name": "net", "container": "donor")",
          .per_family = R"("ip4":{"ip":"172.17.0.2/16","gateway":"172.17.0.1"},"dns":{}})",
          .with_version = R"("interfaces":[{"name":"eth0","mac":"MAC",)"
                          R"("sandbox":"/run/netns/web"},{"name":"lo","mac":"MAC",)"
                          R"("sandbox":"/run/netns/web"}],"ips":[{"version":"4","interface":0,)"
                          R"("address":"172.17.0.2/16","gateway":"172.17.0.1"}],"dns":{}})",
          .without_version =
              R"("interfaces":[{"mac":"MAC","mtu":1500,"name":"eth0","sandbox":"/run/netns/web"},)"
              R"({"mac":"MAC","mtu":65536,"name":"lo","sandbox":"/run/netns/web"}],)"
              R"("ips":[{"address":"172.17.0.2/16","gateway":"172.17.0.1","interface":0}]})",
          // A link-local address would come whenever it likes.
          .preparation = {"nsenter --net=/run/netns/web -- sysctl -qw "
                          "net.ipv6.conf.default.disable_ipv6=1",
                          "netctl add bridge web --id donor"},
          .changes = false};
}

Sample tuning_sample() {
  return {.type = "tuning",
          .members = R"("name": "net", "mtu": 1300, "promisc": true,
            "sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"})",
          .chained = true};
}

Sample portmap_sample() {
  return {.type = "portmap",
          .members = R"("name": "net", "snat": true, "runtimeConfig":
            {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]})",
          .chained = true};
}

// What IPAM plugins answer.
Sample ipam_sample(const std::string& type, const std::string& ipam, bool changes) {
  return {.type = type,
          .members = R"("name": "net", "ipam": {"type": ")" + type + R"(", )" + ipam +
                     R"(, "routes": [{"dst": "0.0.0.0/0"}]})",
          .per_family = R"("ip4":{"ip":"10.7.0.2/24","gateway":"10.7.0.1",)"
                        R"("routes":[{"dst":"0.0.0.0/0"}]},"dns":{}})",
          .with_version = R"("ips":[{"version":"4","address":"10.7.0.2/24",)"
                          R"("gateway":"10.7.0.1"}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{}})",
          .without_version = R"("ips":[{"address":"10.7.0.2/24","gateway":"10.7.0.1"}],)"
                             R"("routes":[{"dst":"0.0.0.0/0"}]})",
          .changes = changes};
}

Sample firewall_sample() {
  return {.type = "firewall",
          .members = R"("name": "net", "ingressPolicy": "same-bridge")",
          .chained = true,
          .since = "0.4.0"};
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      bridge_sample(),
      ptp_sample(),
      loopback_sample("none"),
      loopback_sample("loopback"),
      host_sample(),
      container_sample(),
      tuning_sample(),
      portmap_sample(),
      firewall_sample(),
      ipam_sample("host-local", R"("subnet": "10.7.0.0/24")", true),
      ipam_sample("static", R"("addresses": [{"address": "10.7.0.2/24", "gateway": "10.7.0.1"}])",
                  false)};
  return all;
}

}  // namespace netctl::test
