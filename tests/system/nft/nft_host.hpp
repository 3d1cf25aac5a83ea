#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/socket.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::nft {

// The maps of the product's table.
Set publish_map();
Set publish_any_map();
Set publish6_map();
Set masquerade_map();

// tcp `port` of any host address leads to 172.17.0.2:80.
Element published(std::uint16_t port, const std::string& comment = "web");

// The table that the product loads, named netctl: all maps, all fixed chains with their rules, and
// the chains of one IPv4 and one IPv6 network.
Batch product_table();

// A host of its own with an empty ruleset and a socket to it.
class NftHost : public test::PrivateHost {
 protected:
  void SetUp() override;

  Socket& socket() { return *socket_; }

  // Runs nft(8) with these arguments and this input, expects it to succeed, gives what it prints.
  std::string nft(const std::vector<std::string>& arguments, const std::string& input = "");
  // Asks nft(8) to show the table netctl.
  std::string listing() { return nft({"list", "table", "inet", "netctl"}); }

 private:
  std::optional<Socket> socket_;
};

// For tests that need nft(8); skips where it is not installed.
class NftTool : public NftHost {
 protected:
  void SetUp() override;
};

}  // namespace netctl::nft
