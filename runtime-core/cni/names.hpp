#pragma once

#include <string_view>

#include "runtime-core/base/result.hpp"

// Names as the specification limits them (CNI spec 1.1.0, sections 1 and 2): they become parts of
// file names, interface names and comments. Errors have the reference's codes and words.
namespace netctl::cni {

// A letter or digit of ASCII, then letters, digits, "_", "." and "-"; any length. Nothing else, so
// such a name cannot leave a directory that it is a file name in.
bool is_name(std::string_view text);

Status check_container_id(std::string_view text);  // code 4
Status check_network_name(std::string_view text);  // code 7; says when it is missing
// CNI_IFNAME: what the kernel accepts as the name of an interface, and no white space of Unicode.
Status check_ifname(std::string_view text);  // code 4

}  // namespace netctl::cni
