#pragma once

#include <string>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::container {

struct Config {
  std::string target{};           // id of the container whose namespace is joined
  std::string cache_directory{};  // of the runtime; its "results" tells who is attached where
};

// The config, checked whole. The target's id may come from runtimeConfig, args, CNI_ARGS or the
// config itself, the first of them that says one; ADD and CHECK cannot do without. What would be
// the target's to change is refused.
Result<Config> parse_config(const cni::Request& request);

}  // namespace netctl::container
