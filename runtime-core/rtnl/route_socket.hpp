#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/rtnl/batch.hpp"
#include "runtime-core/rtnl/channel.hpp"
#include "runtime-core/rtnl/types.hpp"

namespace netctl::rtnl {

// A conversation with the kernel about the links, addresses and routes of ONE network namespace:
// the one that the thread was in when the socket was opened. The thread may move on; the socket
// stays. Errors carry the kernel's extended ACK text where it gives one. Not for several threads.
class RouteSocket {
 public:
  static Result<RouteSocket> open();

  int fd() const;  // to ask which namespace it is in; the conversation is this class' own

  // Sends the messages in one go and waits for all answers. The first failure is returned, with
  // what its message was doing; the others are logged at debug. All messages have been tried then.
  Status apply(const Batch& batch);
  // The same, one status for each message.
  Result<std::vector<Status>> run(const Batch& batch);

  // Deletes a link; gone already is success. It is gone for everybody when this returns, but the
  // kernel's 10 to 30 ms until its memory is freed have been left to a successor
  // (sys/successor.hpp), if the thread is in the socket's namespace, where the deletion is told.
  Status delete_link(const LinkRef& link);

  // One link, asked for by name or index; never a dump of all.
  Result<std::optional<Link>> find_link(const LinkRef& link);
  Result<Link> link_by_name(const std::string& name);
  Result<std::vector<Link>> links();
  Result<std::vector<Link>> ports_of(int bridge);  // filtered by the kernel

  // The VLANs of one bridge port, or of the bridge itself, by number (since Linux 5.6).
  Result<std::vector<VlanRange>> vlans_of(int port);

  // Addresses of one interface (filtered by the kernel), or of all (link = 0); both families.
  Result<std::vector<Address>> addresses(int link = 0);

  // What the ARP and neighbour discovery caches hold of links that ask for anything: entries of
  // links that need no asking (lo, multicast) are left out.
  Result<std::vector<Neighbour>> neighbours();

  // Routes of a family in one table (filtered by the kernel; table 0: all tables), and of those
  // that leave through `link` when it is not 0. Unicast routes, or those of another RTN_* type.
  Result<std::vector<Route>> routes(Family family, std::uint32_t table = 254, int link = 0,
                                    std::uint8_t type = 1);
  // The route a packet to `destination` would take, its source address included; NotFound when
  // there is none. Its `destination` is the one asked for, not the entry's in the table, and its
  // `table` says nothing for IPv4: the kernel always gives main.
  Result<Route> route_to(const IpAddress& destination);

  // Whether the host forwards packets of that family between its links (net.ipv4.ip_forward,
  // net.ipv6.conf.all.forwarding). Nothing where the kernel does not tell, as of a family that it
  // does not have.
  Result<std::optional<bool>> forwards(Family family);

 private:
  // Messages of a batch that go out in one send.
  struct Outbox {
    std::vector<std::byte> bytes{};
    std::vector<std::size_t> indexes{};  // in the batch; the numbers they carry are consecutive
    std::uint32_t first_sequence = 0;
    std::size_t next = 0;  // the first index that is left for the next send
  };

  explicit RouteSocket(Channel channel);

  Outbox fill_outbox(const Batch& batch, std::size_t first, std::vector<Status>& outcomes);
  // False: the successor has ended, whatever came of it.
  Result<bool> delete_by_successor(const LinkRef& link, const Batch& batch);
  Status deliver(const Batch& batch, const Outbox& outbox, std::vector<Status>& outcomes);

  Channel channel_;
};

}  // namespace netctl::rtnl
