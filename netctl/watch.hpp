#pragma once

#include <functional>
#include <string>

#include "netctl/output.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// Shows what `draw` gives, and shows it again when that is another text: looked at when `changes`
// tell of something (inotify(7), rtnetlink(7)), and once a second where there is what nobody tells
// of. On a terminal it has the screen to itself, cut to its size, and the terminal is as it was
// afterwards; elsewhere each text follows the last. Ends with success by SIGINT, SIGTERM or SIGHUP
// and when nobody reads any more, and with the error of a draw() that fails.
Status watch(const Changes& changes, const std::function<Result<std::string>()>& draw);

// As much of the text as a screen of that many lines has room for, the last of them saying how many
// more there are.
std::string cut_to_height(std::string_view text, std::size_t lines);

}  // namespace netctl::command
