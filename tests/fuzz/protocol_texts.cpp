#include <string>

#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/cache.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/network_config.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/cni/version.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

// The environment a variable a line, an empty line, stdin.
void feed_request(Bytes input) {
  std::string_view text = text_of(input);
  cni::Environment environment;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const auto name = line.substr(0, line.find('='));
    environment[std::string(name)] = line.substr(std::min(name.size() + 1, line.size()));
  }
  auto request = cni::parse_environment(std::move(environment));
  const Status read = request ? cni::add_config(*request, std::string(text), cni::kVersions) : ok();
  const Error* error = !request ? &request.error() : !read ? &read.error() : nullptr;
  if (error == nullptr) return;
  require(!error->message.empty(), "what is wrong is said");
  const Error told = cni::parse_error(cni::to_json(*error));
  require(told.protocol_code != 0, "what is said of it is the protocol's object");
}

// prevResult, or what a plugin answered: the version in the first line, the result behind it.
void feed_result(Bytes input) {
  std::string_view text = text_of(input);
  const std::string_view version = take_line(text);
  const auto result = cni::parse_result(text, version);
  if (!result) return;
  for (const std::string_view shape : cni::kVersions) {
    const auto written = cni::to_json(*result, shape);
    if (!written) continue;
    require(cni::parse_result(*written, shape).has_value(), "a result that is written is read");
  }
  const auto newest = cni::to_json(*result, cni::kNewestVersion);
  require(newest.has_value(), "the newest shape holds every result");
  require(cni::parse_result(*newest, cni::kNewestVersion).value() == *result,
          "in the newest shape a result comes back whole");
}

void feed_args(Bytes input) {
  const auto args = cni::parse_args(text_of(input), {"IP", "MAC", "GATEWAY", "CONTAINER"});
  if (!args) return;
  require(args->size() <= 4, "only known keys are given");
}

// A .conflist, or what its first byte says: "1" a .conf.
void feed_network(Bytes input) {
  std::string_view text = text_of(input);
  const bool single = text.starts_with('1');
  const auto network =
      single ? cni::parse_single_plugin(text.substr(1), "") : cni::parse_network_list(text, "");
  if (!network) return;
  require(!network->plugins.empty(), "a network has a plugin");
  // What is cached of it has to be enough for DEL.
  const auto again = cni::parse_network_list(network->text, "");
  require(again.has_value() && again->name == network->name &&
              again->plugins.size() == network->plugins.size(),
          "the text of a network is a list of the same");
}

// A file of the cache of results.
void feed_cached(Bytes input) {
  const auto entry = cni::parse_cached(text_of(input));
  if (!entry) return;
  const auto written = cni::to_json(*entry);
  if (!written) return;
  const auto again = cni::parse_cached(*written);
  require(again.has_value() && cni::to_json(*again).value() == *written,
          "an attachment that is written is read as the same");
}

}  // namespace

const std::vector<Target>& protocol_texts() {
  static const std::vector<Target> all = {{"cached-attachment", feed_cached},
                                          {"cni-args", feed_args},
                                          {"network-config", feed_network},
                                          {"request", feed_request},
                                          {"result", feed_result}};
  return all;
}

}  // namespace netctl::fuzz
