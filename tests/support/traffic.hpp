#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "runtime-core/base/unique_fd.hpp"

// Packets are the proof. Sockets belong to the namespace they were opened in, so one test process
// can be client and server in several namespaces at once, without threads or helper programs. A
// namespace is a pinned name; empty: the test's own, which plays the host.
namespace netctl::test {

// What bind(2) and connect(2) take for an address of either family.
struct SocketAddress {
  SocketAddress(const std::string& address, std::uint16_t port);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_INET;
};

enum class Transport { Tcp, Udp, Sctp };

// Whether this kernel has it.
bool is_available(Transport transport);

// A server that answers each question with the address it came from.
class Server {
 public:
  // Listens on any address of both families.
  Server(const std::string& ns, std::uint16_t port, Transport transport = Transport::Tcp);

  // Serves the one question that a client has sent; empty when none came.
  std::string answer();

  int fd() const { return socket_.get(); }
  Transport transport() const { return transport_; }

 private:
  UniqueFd socket_;
  Transport transport_;
};

// Asks `address`:`port` from a namespace while `server` is there to answer. What comes back is what
// the server saw as the asker's address; empty when nothing came back within half a second, or the
// connection was refused.
std::string ask(const std::string& ns, const std::string& address, std::uint16_t port,
                Server& server);

// A connection of TCP that stays.
class Conversation {
 public:
  // From a namespace to `address`:`port`, which leads to `server`; fails the test if it does not.
  Conversation(const std::string& ns, const std::string& address, std::uint16_t port,
               Server& server);

  // Says something and hears it again, that many times: each is at least a packet either way.
  // False when an answer does not come within half a second.
  bool exchange(int times);

 private:
  UniqueFd client_;
  UniqueFd accepted_;
};

// Whether an ICMP echo request from a namespace is answered by that address within half a second.
bool pings(const std::string& ns, const std::string& address);

// Whether what one namespace sends by its eth0 to a multicast group comes within half a second to
// another one that is a member there by its eth0.
bool hears(const std::string& member, const std::string& sender, const std::string& group);

}  // namespace netctl::test
