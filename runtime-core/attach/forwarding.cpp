#include "runtime-core/attach/forwarding.hpp"

#include <algorithm>
#include <array>

#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

struct Switch {
  Family family;
  const char* name;
  const char* path;
};
constexpr std::array<Switch, 2> kSwitches = {
    {{Family::V4, "IPv4", "net/ipv4/ip_forward"},
     {Family::V6, "IPv6", "net/ipv6/conf/all/forwarding"}}};

bool is_wanted(const std::vector<cni::Ip>& ips, Family family) {
  return std::ranges::any_of(
      ips, [&](const cni::Ip& ip) { return ip.address.address.family() == family && ip.gateway; });
}

}  // namespace

Status enable_forwarding(rtnl::RouteSocket& host, const std::vector<cni::Ip>& ips) {
  for (const Switch& each : kSwitches) {
    if (!is_wanted(ips, each.family)) continue;
    // It does nearly always, and to look into /proc takes several times as long.
    if (TRY(host.forwards(each.family)) == true) continue;
    TRY(sys::set_sysctl(each.path, "1").context("enable forwarding"));
  }
  return ok();
}

Result<std::vector<std::string>> missing_forwarding(const std::vector<cni::Ip>& ips) {
  std::vector<std::string> missing;
  for (const Switch& each : kSwitches) {
    if (!is_wanted(ips, each.family)) continue;
    const auto value = TRY(sys::find_sysctl(each.path));
    if (!value || *value == "0") missing.emplace_back(each.name);
  }
  return missing;
}

}  // namespace netctl::attach
