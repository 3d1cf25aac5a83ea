#pragma once

#include <functional>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/socket.hpp"

namespace netctl::attach {

// Others may change the ruleset between our look and our change; then we look again. Each round
// that fails is one in which somebody else got on, so this many in a row mean that something is
// odd.
inline constexpr int kMaxRounds = 1000;

// Makes the change that `decide` decides on, bound to the state that it looked at: of two that go
// at once, each would see the other's elements, and leave the chain and the table to it. When
// anything has changed meanwhile it is asked again. An empty change is success.
Status change_ruleset(nft::Socket& socket, const std::function<Result<nft::Batch>()>& decide);

}  // namespace netctl::attach
