#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"

// What may reach one container, and what the host's other firewalls were told of it. The firewall
// table shows how (firewall_table.hpp).
namespace netctl::attach {

// From where connections to a container's own addresses may come. The host, other machines and
// published ports are never in question.
enum class IngressPolicy {
  Open,        // from anywhere
  SameBridge,  // not from containers on other bridges
  Isolated,    // not from other containers
};
// InvalidArgument with the reference plugin's words; an empty one is open.
Result<IngressPolicy> parse_ingress_policy(std::string_view text);

struct Ingress {
  std::vector<IpAddress> addresses{};
  IngressPolicy policy = IngressPolicy::Open;
  std::string link{};     // the host's interface before the container: the bridge, where it has one
  bool is_bridge = true;  // that interface
  bool is_admitted = false;  // the addresses are told to other firewalls
};

// In force, and on record, afterwards; nothing is there when it fails. remove_ingress() undoes it.
Status guard_ingress(const Owner& owner, const Ingress& ingress);

// Nothing there is success.
Status remove_ingress(const Owner& owner);
// For GC: all of the network but of valid attachments.
Status remove_stray_ingress(const std::string& network, const std::vector<cni::Attachment>& valid);

// What guard_ingress() would have made and is missing or different, a line each.
Result<std::vector<std::string>> missing_ingress(const Owner& owner, const Ingress& ingress);

// The addresses of an owner, or of the stray ones, that other firewalls were told of.
Result<std::vector<IpAddress>> admitted_addresses(const Owner& owner);
Result<std::vector<IpAddress>> stray_admitted_addresses(const std::string& network,
                                                        const std::vector<cni::Attachment>& valid);
// Whether somebody else has that address by now.
Result<bool> is_admitted_to_another(const Owner& owner, const IpAddress& address);

}  // namespace netctl::attach
