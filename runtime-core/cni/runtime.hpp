#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/cni/network_config.hpp"
#include "runtime-core/cni/types.hpp"

// The runtime's side of the protocol: what libcni does, with its files, and without its gaps.
namespace netctl::cni {

// Who is attached, and with what.
struct RuntimeCall {
  std::string container_id{};
  std::string netns{};  // absolute path; may be empty for DEL
  std::string ifname{};
  std::string args{};             // CNI_ARGS
  std::string capability_args{};  // a JSON object: {"portMappings": [...]}; empty: none
};

struct RuntimeOptions {
  std::vector<std::string> plugin_path{};        // directories, first match wins
  std::string cache_directory = "/var/lib/cni";  // results lie in its "results"
  Environment environment{};                     // handed to plugins, the CNI_* ones replaced
  BuiltIns built_ins{};                          // plugins that are called without a process
  // Told of each attachment before GC detaches it; may be empty.
  std::function<void(const RuntimeCall&)> on_detach{};
};

// What the cache remembers of an attachment (reference: libcni's "cniCacheV1").
struct CachedAttachment {
  std::string network{};
  RuntimeCall call{};
  std::string config_text{};                 // the list as it was at ADD
  std::optional<std::string> result_json{};  // in the list's version
  std::int64_t stored_at = 0;                // Unix time in seconds; 0: not told
};

// Runs plugins one after the other; whoever calls sees to it that there is one operation at a time
// on one container. GC waits for the ADDs and DELs of all processes that use the same cache
// directory through this class, and they for it. Container id, network name and interface name are
// checked before anything else. A plugin's failure is `plugin type="x" failed (add): …`, with the
// code and details it gave.
class Runtime {
 public:
  explicit Runtime(RuntimeOptions options) : options_(std::move(options)) {}

  // Runs ADD through the chain and remembers the result. Nothing runs unless every plugin is there.
  // When a plugin fails (or the result cannot be remembered), DEL is run through the plugins that
  // were tried, in reverse, before its error is returned. Not so when the cache knows the
  // attachment from an earlier ADD: the DEL would take away what that one made.
  Result<AddResult> add(const NetworkConfig& network, const RuntimeCall& call);
  // Runs DEL through the whole chain in reverse, past failures, and reports them all. When the
  // cache knows the attachment, plugins get its result as prevResult (lists of 0.4.0 and newer),
  // and its netns, args and capability args where `call` has none. It is forgotten once every
  // plugin succeeded.
  Status del(const NetworkConfig& network, const RuntimeCall& call);
  // Runs CHECK through the chain up to the first failure, with what the cache knows, as in del().
  // An attachment that it does not know is an error. Lists older than 0.4.0 have no CHECK and are
  // refused; those with disableCheck are not looked at.
  Status check(const NetworkConfig& network, const RuntimeCall& call);

  // Detaches what the cache knows of the network and `valid` does not list, then has every plugin
  // do the same for what it knows (lists of 1.1.0 and newer); past failures. Nothing for lists with
  // disableGC.
  Status gc(const NetworkConfig& network, const std::vector<Attachment>& valid);
  // The same where valid is what the cache knows and `is_valid` says yes to, asked when no ADD and
  // no DEL is under way. Gives what was detached. Nothing is collected where the cache cannot be
  // read whole (all_cached()); what `is_valid` cannot tell of stays, and is a failure.
  using IsValid = std::function<Result<bool>(const CachedAttachment&)>;
  Result<std::vector<CachedAttachment>> gc_cached(const NetworkConfig& network,
                                                  const IsValid& is_valid);
  // For plugins that pass on the result they are given, such as firewall: ADD once more where a
  // list has one of that type, so that what it made is whole again. Of all attachments in the cache
  // that `is_valid` says yes to or cannot tell of (a failure), past failures, and when no ADD and
  // no DEL is under way. One that another runtime deletes meanwhile is taken back by DEL.
  Status renew(std::string_view type, const IsValid& is_valid);
  // The first plugin that cannot serve an ADD now; lists older than 1.1.0 cannot be asked.
  Status status(const NetworkConfig& network);

  // Nothing when the attachment is not in the cache; a damaged entry counts as none and is logged.
  // An error when it cannot be read.
  Result<std::optional<CachedAttachment>> find_cached(const std::string& network,
                                                      const Attachment& attachment);
  // Sorted by network, container id and interface, as far as their file names sort so. For those
  // who show them: what cannot be used is passed over, with a warning.
  std::vector<CachedAttachment> cached(const std::string& network);  // empty name: of all networks
  // For those who act on what is not there: ResultCache::all_of().
  Result<std::vector<CachedAttachment>> all_cached(const std::string& network);
  // The same of one container, without a look at what others have: ResultCache::of_container().
  Result<std::vector<CachedAttachment>> cached_of(const std::string& container_id);

 private:
  Status detach(const NetworkConfig& network, const RuntimeCall& call);
  Status collect(const NetworkConfig& network, const std::vector<CachedAttachment>& stale,
                 const std::vector<Attachment>& valid);
  Status renew(std::string_view type, const CachedAttachment& attachment);

  RuntimeOptions options_;
};

}  // namespace netctl::cni
