// spdlog is header-only here, for the reason given in format.cpp.
#define FMT_HEADER_ONLY 1
#define SPDLOG_FMT_EXTERNAL 1
#include "runtime-core/base/log.hpp"

#include <cstdlib>
#include <string>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace netctl::log {
namespace {

// Held by value in functions: nothing of this runs before main, or at all in a quiet run.
std::string& program_name() {
  static std::string name = "netctl";
  return name;
}

Level shown = Level::Warn;

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt(program_name());
    made->set_level(spdlog::level::trace);  // write() has asked enabled() already
    made->set_pattern("%H:%M:%S.%f %n %^%l%$ %v");
    return made;
  }();
  return *instance;
}

}  // namespace

void set_up(std::string_view program) {
  program_name() = program;
  const char* wanted = std::getenv("NETCTL_LOG");
  const std::string_view text = wanted ? wanted : "";
  shown = text == "debug"  ? Level::Debug
          : text == "info" ? Level::Info
          : text == "off"  ? Level::Off
                           : Level::Warn;
}

void set_level(Level level) { shown = level; }
bool enabled(Level level) { return level >= shown && shown != Level::Off; }

void write(Level level, std::string_view line) {
  switch (level) {
    case Level::Debug:
      return logger().debug(line);
    case Level::Info:
      return logger().info(line);
    case Level::Warn:
      return logger().warn(line);
    case Level::Off:
      return;
  }
}

}  // namespace netctl::log
