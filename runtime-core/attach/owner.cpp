#include "runtime-core/attach/owner.hpp"

#include <algorithm>

#include "runtime-core/addr/if_name.hpp"
#include "runtime-core/base/digest.hpp"

namespace netctl::attach {
namespace {

// 40 + 71 + 15 bytes and two slashes are 128. A Docker or containerd id has 64 bytes.
constexpr std::size_t kMaxNetwork = 40;
constexpr std::size_t kMaxContainer = 71;
constexpr std::size_t kDigest = 16;
constexpr std::string_view kDevicePrefix = "netctl:";  // no network's name has a colon

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  const std::string_view head = text.substr(0, limit - kDigest - 1);
  return format("{}~{}", head, std::string_view(sha512_hex(text)).substr(0, kDigest));
}

}  // namespace

std::string network_tag(std::string_view network) { return shortened(network, kMaxNetwork) + "/"; }

std::string device_alias(std::string_view network) {
  return format("{}{}", kDevicePrefix, network_tag(network));
}

bool is_device_alias(std::string_view alias) { return alias.starts_with(kDevicePrefix); }

std::string bridge_tag(std::string_view bridge) { return format("bridge {}", bridge); }

std::string Owner::tag() const {
  return format("{}{}/{}", network_tag(network), shortened(container_id, kMaxContainer), ifname);
}

std::string Owner::host_link_name() const {
  static constexpr std::string_view kPrefix = "veth";
  return format("{}{}", kPrefix,
                std::string_view(sha512_hex(tag())).substr(0, kMaxIfNameLength - kPrefix.size()));
}

std::vector<std::string> tags_of(const std::string& network,
                                 const std::vector<cni::Attachment>& attachments) {
  std::vector<std::string> tags;
  for (const cni::Attachment& attachment : attachments) {
    tags.push_back(Owner{network, attachment.container_id, attachment.ifname}.tag());
  }
  std::ranges::sort(tags);
  return tags;
}

Owner owner_of(const cni::Request& request) {
  return {
      .network = request.network, .container_id = request.container_id, .ifname = request.ifname};
}

}  // namespace netctl::attach
