#pragma once

#include <memory>

struct mnl_socket;  // libmnl; its headers stay in the .cpp

namespace netctl::nft {

struct CloseMnlSocket {
  void operator()(mnl_socket* socket) const;
};
using MnlSocket = std::unique_ptr<mnl_socket, CloseMnlSocket>;

}  // namespace netctl::nft
