#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"

// The protocol's values, in the shape of CNI spec 1.1.0; older shapes exist only as text.
namespace netctl::cni {

// Environment variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;
Environment own_environment();  // this process'

struct Interface {
  std::string name{};
  std::string mac{};      // empty: not told
  std::uint32_t mtu = 0;  // 0: not told
  std::string sandbox{};  // path of the namespace it is in; empty: the host's
  std::string socket_path{};
  std::string pci_id{};
  bool operator==(const Interface&) const = default;
};

struct Ip {
  IpPrefix address{};
  std::optional<IpAddress> gateway{};
  std::optional<std::uint32_t> interface {};  // index into the result's interfaces
  bool operator==(const Ip&) const = default;
};

struct Route {
  IpPrefix destination{};
  std::optional<IpAddress> gateway{};
  std::uint32_t mtu = 0;  // 0: not told, as for the next two
  std::uint32_t advmss = 0;
  std::uint32_t priority = 0;  // metric
  std::optional<std::uint32_t> table{};
  std::optional<std::uint8_t> scope{};  // 0 global, 253 link, 254 host
  bool operator==(const Route&) const = default;
};

struct Dns {
  std::vector<std::string> nameservers{};
  std::string domain{};
  std::vector<std::string> search{};
  std::vector<std::string> options{};
  bool empty() const;
  bool operator==(const Dns&) const = default;
};

// What a successful ADD answers, and what prevResult hands to the next plugin. An IPAM plugin's has
// no interfaces.
struct AddResult {
  std::vector<Interface> interfaces{};
  std::vector<Ip> ips{};
  std::vector<Route> routes{};
  Dns dns{};
  bool operator==(const AddResult&) const = default;
};

// One container's interface in one network.
struct Attachment {
  std::string container_id{};
  std::string ifname{};
  auto operator<=>(const Attachment&) const = default;
};

}  // namespace netctl::cni
