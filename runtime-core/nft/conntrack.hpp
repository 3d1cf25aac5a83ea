#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/nft/mnl_socket.hpp"

namespace netctl::nft {

// What the packets of one direction of a connection bear. Ports are in host byte order.
struct Tuple {
  IpAddress source{};
  IpAddress destination{};
  Protocol protocol = Protocol::Tcp;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  auto operator<=>(const Tuple&) const = default;
};

// A connection that the kernel tracks. NAT is decided on its first packet and holds for all others:
// rules that come or go later do not change where it leads to.
struct Connection {
  Tuple original{};        // of the packets from where it was begun, before NAT
  Tuple reply{};           // of the answers, before NAT: they come from where it was led to
  std::uint16_t zone = 0;  // CTA_ZONE
  std::uint32_t id = 0;    // tells it from another that had the same tuples before
  auto operator<=>(const Connection&) const = default;
};

// Whose first packet went there.
struct ConnectionFilter {
  Family family = Family::V4;
  Protocol protocol = Protocol::Tcp;
  std::optional<std::uint16_t> port{};  // the original destination's; none: any
  std::optional<IpAddress> address{};   // the original destination; none: any
};

// The connections of ONE network namespace: the one that the thread was in when this was opened.
class Conntrack {
 public:
  static Result<Conntrack> open();

  // Those that the filter names. The kernel sorts them out since 5.8 (CTA_FILTER); what an older
  // one gives besides is sorted out here.
  Result<std::vector<Connection>> connections(const ConnectionFilter& filter);

  // Gone afterwards; already gone is success. The message bears the whole tuple and the id: no
  // kernel can take it for the request without a tuple, which deletes all connections there are.
  // TryAgain for one that is in a flow table.
  Status delete_connection(const Connection& connection);

 private:
  Conntrack(MnlSocket socket, UniqueFd text) : socket_(std::move(socket)), text_(std::move(text)) {}

  bool may_have(std::uint16_t port) const;

  MnlSocket socket_;
  UniqueFd text_;  // /proc/net/nf_conntrack, where the kernel has it
  std::uint32_t next_sequence_ = 1;
};

}  // namespace netctl::nft
