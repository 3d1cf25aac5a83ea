#include "runtime-core/cni/wishes.hpp"

#include <algorithm>

#include "runtime-core/cni/json.hpp"

namespace netctl::cni {
namespace {

bool asks(const Json* object, std::string_view key) {
  const Json* value = object ? find_member(*object, key) : nullptr;
  if (!value) return false;
  if (const auto* text = value->get_ptr<const std::string*>()) return !text->empty();
  return !value->empty();
}

// Other keys, and pieces that are no pair, are not ours to judge here.
bool asks(std::string_view args, std::string_view key) {
  while (!args.empty()) {
    const std::string_view pair = args.substr(0, args.find(';'));
    if (pair.starts_with(key) && pair.substr(key.size()).starts_with('=')) {
      return pair.size() > key.size() + 1;
    }
    args.remove_prefix(std::min(args.size(), pair.size() + 1));
  }
  return false;
}

}  // namespace

Wishes wishes_of(const Request& request) {
  const Json& root = request.config->root;
  const Json* runtime = find_member(root, "runtimeConfig");
  const Json* args = find_member(root, "args");
  const Json* cni = args ? find_member(*args, "cni") : nullptr;
  return {.ports = asks(runtime, "portMappings"),
          .dns = asks(runtime, "dns") || (request.dns && !request.dns->empty()),
          .mac = asks(runtime, "mac") || asks(cni, "mac") || asks(request.args, "MAC"),
          .ips = asks(runtime, "ips") || asks(cni, "ips") || asks(request.args, "IP"),
          .aliases = asks(runtime, "aliases")};
}

}  // namespace netctl::cni
