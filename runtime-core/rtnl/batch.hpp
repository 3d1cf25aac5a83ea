#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime-core/rtnl/types.hpp"

namespace netctl::rtnl {

// An interface named by its index or by its name.
struct LinkRef {
  LinkRef(int link_index) : index(link_index) {}
  LinkRef(std::string link_name) : name(std::move(link_name)) {}
  LinkRef(const char* link_name) : name(link_name) {}

  int index = 0;
  std::string name{};

  std::string to_text() const;  // the name, or "link 7"
};

// A bridge to be made, with a MAC address of its own from birth: otherwise it takes the lowest of
// its ports' and changes it when they come and go.
struct NewBridge {
  std::string name{};
  MacAddress mac{};
  // 0: the kernel's default. As long as nobody changes it later, it follows the smallest of the
  // ports' (br_mtu_auto_adjust, net/bridge/br_if.c), so give them the same.
  std::uint32_t mtu = 0;
  bool vlan_filtering = false;
  // Off: frames to a group go to all ports, who listens is not found out. The kernel's default is
  // on.
  bool multicast_snooping = true;
};

// A pair of veth interfaces, made in one message, both down. This end is in the socket's namespace;
// the kernel does not allow the peer to be brought up in that message (ENOTCONN). Each has
// one queue for either direction. The kernel uses one, too, unless told otherwise, but first makes
// as many as there are processors, all with their files in sysfs (drivers/net/veth.c).
struct NewVeth {
  std::string name{};
  MacAddress mac{};
  std::uint32_t mtu = 0;        // of both ends; 0: the kernel's default
  std::optional<int> master{};  // index of the bridge that this end becomes a port of
  std::string peer_name{};
  MacAddress peer_mac{};
  int peer_namespace = -1;  // fd of the network namespace that the peer is born in; lent
};

// What changes about an interface; what is absent stays.
struct LinkChange {
  LinkRef link;
  std::optional<bool> up{};
  std::optional<std::string> alias{};  // at most 255 bytes
  std::optional<std::uint32_t> mtu{};
  std::optional<MacAddress> mac{};
  std::optional<bool> promiscuous{};
  std::optional<bool> all_multicast{};
  std::optional<std::uint32_t> tx_queue{};  // length in packets
  std::optional<int> master{};              // 0: no longer a port
  std::optional<bool> hairpin{};            // of a bridge port
  std::optional<bool> isolated{};           // of a bridge port
  std::optional<bool> arp_notify{};         // announce an IPv4 address when it comes up
  std::optional<bool> route_localnet{};     // allow 127.0.0.0/8 to be routed through it
  std::optional<bool> vlan_filtering{};     // of a bridge
  // Whether it gets an IPv6 link-local address when it comes up. NotSupported, and nothing else of
  // the change is done, where the kernel, or the interface, has no IPv6.
  std::optional<bool> link_local{};
};

// Whether the kernel adds the route to the network of a new address by itself.
enum class ConnectedRoute { Added, None };

// Messages to one namespace, sent together: the kernel handles them in this order and goes on after
// a failure. Each carries a text of what it does, which becomes the context of its error. `unless`
// is an errno value that counts as success for this message (EEXIST for "ensure", ENODEV for "is
// gone already").
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  Batch& add_bridge(const NewBridge& bridge, int unless = 0);
  Batch& add_veth(const NewVeth& pair);
  // `unless` counts for the last of its messages.
  Batch& change_link(const LinkChange& change, int unless = 0);
  Batch& delete_link(const LinkRef& link);  // already gone is success
  // Puts a bridge port into VLANs, all in one message (several if there are hundreds of ranges).
  // One that it is in already gets the range's ways; a new native VLAN takes the place of the old
  // one.
  Batch& add_vlans(int port, std::span<const VlanRange> vlans);
  Batch& delete_vlans(int port, const VlanRange& vlans);  // in none of them is success
  // IPv4 networks shorter than /31 get their broadcast address. IPv6 duplicate detection is
  // switched off (IFA_F_NODAD): the interfaces are ours and the wait is one to two seconds.
  Batch& add_address(int link, const IpPrefix& address, int unless = 0,
                     ConnectedRoute route = ConnectedRoute::Added);
  // The same with IPv6 duplicate detection, if the interface's accept_dad is on.
  Batch& add_detected_address(int link, const IpPrefix& address);
  Batch& delete_address(int link, const IpPrefix& address);  // already gone is success
  Batch& add_route(const Route& route, int unless = 0);
  Batch& delete_route(const Route& route);  // already gone is success

  std::size_t size() const;
  // What message `index` does: "add address 172.17.0.2/16 to link 2".
  const std::string& text(std::size_t index) const;
  // The bytes of message `index`, its sequence number still 0 (for tests).
  std::span<const std::byte> bytes(std::size_t index) const;

 private:
  friend class RouteSocket;
  struct Message;
  Batch& add(Message message);

  std::vector<Message> messages_;
};

}  // namespace netctl::rtnl
