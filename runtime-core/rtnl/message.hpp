#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "runtime-core/rtnl/batch.hpp"

// Inside this directory only: what a batch holds and a socket sends.
namespace netctl::rtnl {

struct Batch::Message {
  std::vector<std::byte> bytes{};  // empty when it did not fit into a message: never sent
  std::string text{};              // what it does
  std::array<int, 2> harmless{};   // errno values that count as success; 0: none
};

}  // namespace netctl::rtnl
