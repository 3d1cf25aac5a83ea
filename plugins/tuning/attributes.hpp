#pragma once

#include <cstdint>
#include <optional>

#include "runtime-core/addr/mac.hpp"

namespace netctl::tuning {

// What can be set of an interface; what is absent is left as it is.
struct Attributes {
  std::optional<MacAddress> mac{};
  std::optional<bool> promisc{};
  std::optional<std::uint32_t> mtu{};
  std::optional<bool> allmulti{};
  std::optional<std::uint32_t> tx_queue{};

  bool operator==(const Attributes&) const = default;
  bool empty() const { return *this == Attributes{}; }
};

}  // namespace netctl::tuning
