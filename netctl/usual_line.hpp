#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netctl/attach.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::command {

// The command lines that come for each container, over and over:
//
//   add NETWORK NAMESPACE [-p PORT]…
//   del NETWORK NAMESPACE
//
// They are read without CLI11: to define the options that there are, and have it look through them,
// is a fifth of the instructions of such a command.
struct UsualLine {
  enum class Verb { Add, Del };
  Verb verb = Verb::Add;
  Target target{};  // the rest of it is the environment's, as in any line
  std::vector<std::string> publish{};
};

// `words` are those behind "netctl". Nothing for every other line, be it right or wrong, and where
// there is any doubt: that is cli::define_for()'s, which takes these lines in the same way.
std::optional<UsualLine> usual_line(std::span<const std::string> words);

Status carry_out(const Settings& settings, const UsualLine& line);

}  // namespace netctl::command
