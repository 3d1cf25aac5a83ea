#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

// `netctl network`: networks are config files; what uses them is in the result cache.
namespace netctl::command {

// The id that tables show the beginning of: 64 hex digits made of the name, Podman's way.
std::string network_id(const std::string& name);

// The bridge of a network that is given none: "nc-" and 12 digits of its id.
std::string bridge_of(const std::string& name);

// A list of the networks of the config directory and those that are there without any, by name. Of
// the filters, name is a part of it and id the beginning, label is `key` or `key=value`, dangling
// is `true` where nothing is attached.
inline constexpr std::array<std::string_view, 6> kNetworkFilters{
    {"name", "id", "driver", "label", "dangling", "bridge"}};
Status list_networks(const Settings& settings, const Output& output);

// A list of networks, in JSON unless it is to be in YAML or by a template: what is known of each,
// its config, and its containers. One that is not there is an error; the others are printed all the
// same.
Status inspect_networks(const Settings& settings, const std::vector<std::string>& names,
                        const Output& output);

// Whether there is such a network: the error of one that is not has no words.
Status network_exists(const Settings& settings, const std::string& name);

// Removes networks and prints the name of each: the plugins remove what they have of it, then its
// config file goes. Refused while anything is attached, unless `force`, which detaches it first
// and takes a network that is not there for removed. Goes on past failures and reports them all.
Status remove_networks(const Settings& settings, const std::vector<std::string>& names, bool force);

// Removes the networks that `network create` made and nothing is attached to; asks first, unless
// `force`. `filters` have the keys label and until (RFC 3339 in UTC, or an age such as 24h).
Status prune_networks(const Settings& settings, const std::vector<std::string>& filters,
                      bool force);

}  // namespace netctl::command
