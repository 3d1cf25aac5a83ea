#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

// Elements as text that can be read back, to remember what was put into the kernel.
namespace netctl::nft {

// `publish4_any { tcp . 8080 comment "bridge/web/eth0" : 172.17.0.2 . 80 }`, as nft(8) writes it
// after "add element inet netctl".
std::string to_text(const Element& element);

// The element of one of these sets, which tell the types. NotFound when its set is none of them,
// InvalidArgument when the text does not fit the set.
Result<Element> parse_element(std::string_view text, const std::vector<Set>& sets);

}  // namespace netctl::nft
