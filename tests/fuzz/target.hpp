#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>
#include <vector>

// What is fed with hostile bytes: by libFuzzer, which makes them up (fuzzer.cpp), and by a unit
// test, which reads those that were kept (corpus_test.cpp). A new parser is one more entry.
namespace netctl::fuzz {

using Bytes = std::span<const std::uint8_t>;

struct Target {
  std::string_view name{};  // of its directory in corpus/, too
  void (*feed)(Bytes input) = nullptr;
};
// Said by tests.
inline std::ostream& operator<<(std::ostream& out, const Target& target) {
  return out << target.name;
}

const std::vector<Target>& plugin_configs();   // stdin of each plugin
const std::vector<Target>& protocol_texts();   // the rest of CNI, and what is kept of attachments
const std::vector<Target>& store_files();      // host-local's directory, the firewall's records
const std::vector<Target>& container_files();  // config.json, state.json, logs
const std::vector<Target>& kernel_messages();  // netlink replies and notifications, the message bus
const std::vector<Target>& typed_texts();      // addresses, ports, filters: what people type

std::vector<Target> all_targets();

// ---- For the targets.

// A claim about what came out, besides that it came at all: the program is aborted where it fails,
// which is what a fuzzer notices.
void require(bool holds, std::string_view claim);

std::string_view text_of(Bytes input);
// The first line, which is taken off the text; all of it when there is one line only.
std::string_view take_line(std::string_view& text);

}  // namespace netctl::fuzz
