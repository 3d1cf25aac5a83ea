#pragma once

#include <memory>

struct mnl_socket;  // libmnl; its headers stay in the .cpp

namespace netctl::nft {

// Closes at once, but after a transaction of this process that took something out of nf_tables:
// then it is closed last (sys/successor.hpp). What was taken out the kernel destroys a grace period
// of RCU later, some 10 ms, and closing any netfilter socket of that network namespace waits for it
// (nft_rcv_nl_event, net/netfilter/nf_tables_api.c).
struct CloseMnlSocket {
  void operator()(mnl_socket* socket) const;
};
using MnlSocket = std::unique_ptr<mnl_socket, CloseMnlSocket>;

}  // namespace netctl::nft
