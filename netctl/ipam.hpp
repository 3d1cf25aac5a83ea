#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl ipam`: the addresses of networks that host-local gives.
namespace netctl::command {

// How full each range of the networks is; without names, of all networks that have any.
inline constexpr std::array<std::string_view, 3> kRangeFilters{{"network", "subnet", "range"}};
Status list_ranges(const Settings& settings, const std::vector<std::string>& names,
                   const Output& output);

// Who holds what since when.
inline constexpr std::array<std::string_view, 4> kHoldingFilters{
    {"address", "container", "interface", "state"}};
Status show_addresses(const Settings& settings, const std::string& network, const Output& output);

// Addresses and the ids of those who hold them.
Result<std::vector<std::pair<std::string, std::string>>> held_addresses(const Settings& settings,
                                                                        const std::string& network);

// Releases what `wanted` names: addresses, or containers with all that they hold. Shows what that
// is and asks first, unless `force`. Somebody who still uses an address gets a double.
Status release_addresses(const Settings& settings, const std::string& network,
                         const std::vector<std::string>& wanted, bool force);

// "[####......]": the share of `part` in `whole`, to the next tenth.
std::string bar(std::uint64_t part, std::uint64_t whole);

}  // namespace netctl::command
