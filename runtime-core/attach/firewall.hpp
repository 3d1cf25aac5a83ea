#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/owner.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/socket.hpp"

namespace netctl::attach {

// Our one nftables table, `inet netctl`. Its chains are fixed and containers are elements of its
// maps (firewall_table.hpp shows it whole), so a packet's way through it does not grow with the
// number of containers, and neither does the cost of a change. Every element's comment is its
// owner's tag. The table comes with the first element and goes with the last; every change is one
// transaction.

// A port of the host that leads to one of the container's addresses.
struct PublishedPort {
  PortMapping mapping{};
  IpAddress container{};
};

// Which of the table's elements are meant: bridges masquerade, portmap publishes.
enum class Purpose { Masquerade, Publish };

class Firewall {
 public:
  static Result<Firewall> open();

  // What leaves from `addresses` (with the length of their network) for outside that network gets
  // the address of the host's interface that it leaves through; multicast is left alone.
  Status masquerade(const Owner& owner, const std::vector<IpPrefix>& addresses);

  // Publishes the ports. The kernel's map is the reservation: one that is taken is refused with its
  // holder (Exists), and then nothing of this call is there. `hairpin` are the container's
  // addresses for which connections that come from their own network, or from all if
  // `masquerade_all`, get the host's address, so that the answers come back through it.
  Status publish(const Owner& owner, const std::vector<PublishedPort>& ports,
                 const std::vector<IpPrefix>& hairpin, bool masquerade_all);

  // Removes all elements of that purpose whose tag `wanted` says yes to; the chains that nobody
  // leads to any more and, with the last element, the table go too. Nothing there is success.
  Status remove(Purpose purpose, const std::function<bool(const std::string& tag)>& wanted);
  Status remove(Purpose purpose, const Owner& owner);
  // For GC: everything of the network but what belongs to a valid attachment.
  Status remove_strays(Purpose purpose, const std::string& network,
                       const std::vector<cni::Attachment>& valid);

  // What masquerade() and publish() would have made and is missing or different, a line each.
  Result<std::vector<std::string>> missing_masquerade(const Owner& owner,
                                                      const std::vector<IpPrefix>& addresses);
  Result<std::vector<std::string>> missing_ports(const Owner& owner,
                                                 const std::vector<PublishedPort>& ports,
                                                 const std::vector<IpPrefix>& hairpin,
                                                 bool masquerade_all);

  // Whether the table can be read and is whole, where there is one: an element in a table that lost
  // a part does nothing, and none can be added.
  Status check_table();

 private:
  explicit Firewall(nft::Socket socket) : socket_(std::move(socket)) {}

  // Elements, and the networks whose chains they lead to.
  struct Insertion;
  struct Attempt;
  Status insert(const Insertion& insertion);
  Result<nft::Batch> transaction(const Insertion& insertion, const Attempt& attempt);
  std::optional<Error> adapt(Attempt& attempt, const Insertion& insertion,
                             const nft::Refusal& refusal, const nft::Batch& batch);
  Status refuse_overlap(const std::vector<PublishedPort>& ports);
  Error taken(const nft::Element& element);
  Result<std::vector<nft::Element>> all_elements();
  Status check_parts();
  Result<std::vector<std::string>> missing(const std::vector<nft::Element>& expected);

  nft::Socket socket_;
};

}  // namespace netctl::attach
