#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/cni/request.hpp"

namespace netctl::attach {

// Whose something is: everything that we put into the kernel carries its attachment, as the alias
// of a link or the comment of an nftables element. So DEL, CHECK, GC and a person can tell from the
// kernel's state alone.
struct Owner {
  std::string network{};
  std::string container_id{};
  std::string ifname{};

  // "bridge/web/eth0"; at most 128 bytes, which is what nft(8) shows of a comment. A network or
  // container id too long for that is cut and ends in "~" and a digest of the whole.
  std::string tag() const;
  // The name of the attachment's interface on the host, always the same for one owner: "veth" and
  // 11 digits of the tag's digest. So DEL finds it without namespace, result or record.
  std::string host_link_name() const;

  bool operator==(const Owner&) const = default;
};

Owner owner_of(const cni::Request& request);

// The tags of these attachments of one network, sorted.
std::vector<std::string> tags_of(const std::string& network,
                                 const std::vector<cni::Attachment>& attachments);

// What the tags of all attachments of one network begin with: "bridge/".
std::string network_tag(std::string_view network);

// The alias of a device that a whole network uses, such as its bridge: "netctl:bridge/". It tells
// one that we made from an administrator's.
std::string device_alias(std::string_view network);
bool is_device_alias(std::string_view alias);

// The tag of what a bridge has in our tables for all of its containers: "bridge web0".
std::string bridge_tag(std::string_view bridge);

}  // namespace netctl::attach
