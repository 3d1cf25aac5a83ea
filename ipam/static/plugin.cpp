#include "ipam/static/plugin.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "ipam/static/config.hpp"
#include "runtime-core/cni/error.hpp"

namespace netctl::static_ipam {
namespace {

// What is wrong with an address of the config in the result of the ADD; empty: nothing.
std::string difference(const cni::Ip& wanted, const cni::AddResult& result) {
  const std::string address = wanted.address.to_text();
  const auto given = std::ranges::find_if(
      result.ips, [&](const cni::Ip& ip) { return ip.address.address == wanted.address.address; });
  if (given == result.ips.end()) return format("{} is not in prevResult", address);
  if (given->address.length != wanted.address.length) {
    return format("{} is {} in prevResult", address, given->address.to_text());
  }
  if (!wanted.gateway || wanted.gateway == given->gateway) return "";
  return format("{} has gateway {} in prevResult instead of {}", address,
                given->gateway ? given->gateway->to_text() : "none", wanted.gateway->to_text());
}

}  // namespace

Result<cni::AddResult> Static::add(const cni::Request& request) {
  Config config = TRY(parse_config(request));
  return cni::AddResult{.ips = std::move(config.addresses),
                        .routes = std::move(config.routes),
                        .dns = std::move(config.dns)};
}

Status Static::del(const cni::Request&) { return ok(); }

Status Static::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  if (!request.prev_result) return cni::failure(cni::kInternal, "Required prevResult missing");
  std::string addresses;
  std::vector<std::string> details;
  for (const cni::Ip& wanted : config.addresses) {
    const std::string found = difference(wanted, *request.prev_result);
    if (found.empty()) continue;
    addresses += " " + wanted.address.to_text();
    details.push_back(found);
  }
  if (details.empty()) return ok();
  return cni::failure(
      cni::kInternal,
      format("static: Failed to match addr{} on interface {}", addresses, request.ifname),
      joined(details, "; "));
}

Status Static::gc(const cni::Request&) { return ok(); }

Status Static::status(const cni::Request& request) {
  TRY(parse_config(request));
  return ok();
}

}  // namespace netctl::static_ipam
