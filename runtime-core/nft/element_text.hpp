#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

// Elements as text that can be read back, to remember what was put into the kernel.
namespace netctl::nft {

// `publish4_any { tcp . 8080 comment "bridge/web/eth0" : 172.17.0.2 . 80 }`, as nft(8) writes it
// after "add element inet netctl".
std::string to_text(const Element& element);

// The reverse. The set of the name tells the types; nullptr: there is none, and the error is
// NotFound. InvalidArgument when the text does not fit the set.
using FindSet = std::function<const Set*(std::string_view name)>;
Result<Element> parse_element(std::string_view text, const FindSet& find_set);

}  // namespace netctl::nft
