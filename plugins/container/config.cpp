#include "plugins/container/config.hpp"

#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/wishes.hpp"

namespace netctl::container {
namespace {

constexpr const char* kDefaultCache = "/var/lib/cni";
constexpr const char* kStateDirectory = "NETCTL_CNI_STATE_DIR";

std::string read_cache_directory(const cni::Request& request, const cni::ObjectReader& keys) {
  std::string directory;
  keys.read("cacheDir", directory);
  if (!directory.empty()) return directory;
  const auto moved = request.environment.find(kStateDirectory);
  if (moved != request.environment.end() && !moved->second.empty()) return moved->second;
  return kDefaultCache;
}

std::string read_target(const cni::Request& request, const cni::ObjectReader& keys,
                        cni::Problems& problems) {
  std::string target;
  keys.read("container", target);
  if (const auto args = cni::parse_args(request.args, {"CONTAINER"}); !args) {
    problems.add(args.error().message);
  } else if (const auto arg = args->find("CONTAINER"); arg != args->end()) {
    target = arg->second;
  }
  keys.child("args").child("cni").read("container", target);
  keys.child("runtimeConfig").read("container", target);
  return target;
}

void check_target(const cni::Request& request, const std::string& target, cni::Problems& problems) {
  const bool needed =
      request.command == cni::Command::Add || request.command == cni::Command::Check;
  if (target.empty()) {
    if (!needed) return;
    return problems.add(
        "\"container\" is missing: the id of the container whose network is to be joined");
  }
  if (const Status name = cni::check_container_id(target); !name) {
    problems.add(format("\"container\": {}: \"{}\"", name.error().message, target));
  }
  if (target == request.container_id) problems.add("cannot join own network namespace");
}

// The interface, its address and what is reached through it are the other container's.
void refuse_wishes(const cni::Request& request, cni::Problems& problems) {
  const cni::Wishes wishes = cni::wishes_of(request);
  const auto refuse = [&](bool wished, std::string_view conflict) {
    if (wished) problems.add(format("conflicting options: {}", conflict));
  };
  refuse(wishes.ports,
         "port publishing and the container type network mode: publish the ports of the container "
         "that is joined");
  refuse(wishes.dns, "dns and the network mode container");
  refuse(wishes.mac, "mac-address and the network mode container");
  refuse(wishes.ips, "an IP address and the network mode container");
  refuse(wishes.aliases, "an alias and the network mode container");
  refuse(!request.ipam_type.empty(), "\"ipam\" and the network mode container");
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  Config config{.target = read_target(request, keys, problems),
                .cache_directory = read_cache_directory(request, keys)};
  check_target(request, config.target, problems);
  refuse_wishes(request, problems);
  TRY(problems.status());
  return config;
}

}  // namespace netctl::container
