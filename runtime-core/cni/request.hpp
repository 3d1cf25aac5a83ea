#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/cni/types.hpp"

namespace netctl::cni {

enum class Command { Add, Del, Check, Gc, Status, Version };
std::string_view to_text(Command command);                   // "ADD"
std::optional<Command> find_command(std::string_view text);  // case-sensitive

struct Document;  // parsed JSON; see json.hpp, which only cni/ and the plugins' config.cpp include

// One call of a plugin: what the environment and stdin said, checked. Empty text: not given.
struct Request {
  Command command = Command::Version;
  std::string container_id{};
  std::string netns{};  // CNI_NETNS: a path, which need not exist for DEL
  std::string ifname{};
  std::string args{};               // CNI_ARGS as it came; see args.hpp
  std::vector<std::string> path{};  // CNI_PATH, split at ":"
  bool netns_override = false;      // CNI_NETNS_OVERRIDE: the plugin's own namespace is allowed

  std::string cni_version{};  // as in the config; empty there: "0.1.0"
  std::string network{};      // the config's "name"
  std::string ipam_type{};    // "ipam"."type"
  std::optional<Dns> dns{};   // the config's "dns"; none where that says nothing
  std::optional<AddResult> prev_result{};
  std::vector<Attachment> valid_attachments{};  // of GC; both spellings of the key

  std::shared_ptr<const Document> config{};  // what was given, and what a delegate is given
  Environment environment{};                 // all of it, for delegates
  BuiltIns built_ins{};                      // delegates that cost no process

  // kInvalidConfig when there is no prevResult: for CHECK, and for plugins that only come after
  // others.
  Status require_prev_result() const;

  Attachment attachment() const { return {.container_id = container_id, .ifname = ifname}; }
};

// A request is made in two steps, because stdin is read only once the environment is known to be
// sound. The order of the checks, their codes and words are the reference's (pkg/skel), which
// runtimes match.

// What the environment says. All variables that the command needs and does not have are named in
// one error; one that is malformed is an error at once. A command that is unknown needs none.
Result<Request> parse_environment(Environment environment);

// What stdin says, into a request from parse_environment. `versions` are the plugin's, oldest
// first. All problems of the keys that the protocol itself has are in one error (code
// kInvalidConfig). DEL and GC go on without what they cannot use of "prevResult", "ipam" and "dns",
// and log a warning: whatever became of the config, what was made by ADD has to go. A list of valid
// attachments that cannot be read whole does stop GC: what it does not say to keep would be gone.
Status add_config(Request& request, std::string text, std::span<const std::string_view> versions);
// The same of a config that a caller in this process has as a value.
Status add_config(Request& request, std::shared_ptr<const Document> config,
                  std::span<const std::string_view> versions);

}  // namespace netctl::cni
