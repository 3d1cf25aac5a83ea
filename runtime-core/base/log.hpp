#pragma once

#include <string_view>

#include "runtime-core/base/format.hpp"

// Logs go to stderr, always: stdout is the answer.
//   debug  what was sent to the kernel        info  what changed
//   warn   went on without something          error  is returned, not logged; printed once, in main
namespace netctl::log {

enum class Level { Debug, Info, Warn, Off };

// Names the program in each line and sets what is shown: the level in the environment variable
// NETCTL_LOG (debug, info, warn, off), otherwise warnings only.
void set_up(std::string_view program);
void set_level(Level level);
bool enabled(Level level);

// spdlog is started with the first line that is really written, so a quiet run does not pay for it.
void write(Level level, std::string_view line);

template <class... Values>
void debug(fmt::format_string<Values...> text, Values&&... values) {
  if (enabled(Level::Debug)) {
    write(Level::Debug, format_values(text, fmt::make_format_args(values...)));
  }
}

template <class... Values>
void info(fmt::format_string<Values...> text, Values&&... values) {
  if (enabled(Level::Info))
    write(Level::Info, format_values(text, fmt::make_format_args(values...)));
}

template <class... Values>
void warn(fmt::format_string<Values...> text, Values&&... values) {
  if (enabled(Level::Warn))
    write(Level::Warn, format_values(text, fmt::make_format_args(values...)));
}

}  // namespace netctl::log
