#include "runtime-core/cni/runtime.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/cache.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/exec.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/result_json.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::cni {
namespace {

// CHECK came with it, and so did prevResult on DEL.
constexpr Version kWithCheck{.major = 0, .minor = 4, .patch = 0};
// GC and STATUS came with it.
constexpr Version kWithGc{.major = 1, .minor = 1, .patch = 0};

Attachment attachment_of(const RuntimeCall& call) {
  return {.container_id = call.container_id, .ifname = call.ifname};
}

// --- checks ---------------------------------------------------------------------------------

Status check_names(const NetworkConfig& network, const RuntimeCall& call) {
  if (call.container_id.empty()) return failure(kUnknownContainer, "missing containerID");
  TRY(check_container_id(call.container_id));
  TRY(check_network_name(network.name));
  if (call.ifname.empty()) return failure(kBadEnvironment, "interface name is empty");
  return check_ifname(call.ifname);
}

// What ADD and CHECK need besides; DEL goes on without.
Status check_attachable(const NetworkConfig& network, const RuntimeCall& call) {
  TRY(check_names(network, call));
  if (call.netns.empty()) return failure(kBadEnvironment, "missing path of the network namespace");
  if (is_supported(network.cni_version)) return {};
  return failure(kIncompatibleVersion,
                 format("network \"{}\" has CNI version \"{}\": supported are {} to {}",
                        network.name, network.cni_version, kVersions.front(), kNewestVersion));
}

// A version that cannot be read counts as old.
bool is_at_least(const NetworkConfig& network, Version wanted) {
  const auto version = parse_version(network.cni_version);
  return version && *version >= wanted;
}

// --- one plugin's config --------------------------------------------------------------------

bool differs_in_case_only(std::string_view one, std::string_view other) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return one != other && std::ranges::equal(one, other, {}, lower, lower);
}

// Sets a key that the runtime decides on. Plugins take keys in either case, and the last of several
// spellings, so the others must go.
void set_key(Json& object, const std::string& key, Json value) {
  std::vector<std::string> others;
  for (const auto& [name, ignored] : object.get_ref<const Json::object_t&>()) {
    if (differs_in_case_only(name, key)) others.push_back(name);
  }
  for (const std::string& name : others) object.erase(name);
  set_member(object, key, std::move(value));
}

// The capabilities that the plugin has and the caller makes use of.
Json runtime_config(const PluginConfig& plugin, const Json& capability_args) {
  Json used = Json::object();
  for (const std::string& capability : plugin.capabilities) {
    const auto value = capability_args.find(capability);
    if (value != capability_args.end()) set_member(used, capability, *value);
  }
  return used;
}

// What ADD gave: for the next plugin, and what it says.
struct Answer {
  Json value{};
  AddResult result{};
};

// A result in the list's version. One that is in it already stays as the plugin wrote it: what we
// do not know of is not ours to drop.
Result<Answer> in_version(Json value, const std::string& version) {
  if (value.is_null()) value = Json::object();
  AddResult result = TRY(result_from_json(value, version));
  const Json* declared = find_member(value, "cniVersion");
  if (declared && *declared != "" && *declared != version) {
    value = TRY(to_value(result, version));
  } else {
    set_key(value, "cniVersion", version);
  }
  return Answer{.value = std::move(value), .result = std::move(result)};
}

// --- a chain of plugins ---------------------------------------------------------------------

std::string_view verb_of(Command command) {
  switch (command) {
    case Command::Add:
      return "add";
    case Command::Del:
      return "delete";
    case Command::Check:
      return "check";
    case Command::Gc:
      return "gc";
    case Command::Status:
      return "status";
    case Command::Version:
      return "version";
  }
  return "";
}

template <class T>
Result<T> in_plugin(Result<T> result, const PluginConfig& plugin, Command command) {
  return std::move(result).context("plugin type=\"{}\" failed ({})", plugin.type, verb_of(command));
}

// The plugins of one network, and what all of them are given alike. Borrows everything.
struct Chain {
  const RuntimeOptions& options;
  const NetworkConfig& network;
  const RuntimeCall& call;
  Json capability_args{};
  std::vector<Attachment> valid{};                   // of GC
  std::map<std::string, std::string> executables{};  // by plugin type, where found already

  static Result<Chain> make(const RuntimeOptions& options, const NetworkConfig& network,
                            const RuntimeCall& call) {
    Chain chain{.options = options, .network = network, .call = call};
    chain.capability_args = TRY(parse_members(call.capability_args, "capability args"));
    return chain;
  }

  Environment environment(Command command) const {
    Environment variables = options.environment;
    variables["CNI_COMMAND"] = to_text(command);
    variables["CNI_CONTAINERID"] = call.container_id;
    variables["CNI_NETNS"] = call.netns;
    variables["CNI_IFNAME"] = call.ifname;
    variables["CNI_ARGS"] = call.args;
    variables["CNI_PATH"] = joined(options.plugin_path, ":");
    return variables;
  }

  // The list of GC under the name of the specification, and the one it had for a while.
  void set_valid_attachments(Json& config) const {
    Json list = Json::array();
    for (const Attachment& each : valid) {
      list.push_back(Json{{"containerID", each.container_id}, {"ifname", each.ifname}});
    }
    set_key(config, "cni.dev/valid-attachments", list);
    set_key(config, "cni.dev/attachments", list);
  }

  Json config(Command command, const PluginConfig& plugin,
              const std::optional<Json>& prev_result) const {
    Json object = plugin.config->root;
    set_key(object, "name", network.name);
    set_key(object, "cniVersion", network.cni_version);
    if (prev_result) set_key(object, "prevResult", *prev_result);
    Json used = runtime_config(plugin, capability_args);
    if (!used.empty()) set_key(object, "runtimeConfig", std::move(used));
    if (command == Command::Gc) set_valid_attachments(object);
    return object;
  }

  Result<std::string> executable_of(const PluginConfig& plugin) const {
    const auto known = executables.find(plugin.type);
    if (known != executables.end()) return known->second;
    return find_plugin(plugin.type, options.plugin_path);
  }

  // What the plugin answered.
  Result<Document> execute(Command command, const PluginConfig& plugin,
                           const std::optional<Json>& prev_result) const {
    const std::string executable = TRY(executable_of(plugin));
    const auto input =
        std::make_shared<const Document>(Document{.root = config(command, plugin, prev_result)});
    if (log::enabled(log::Level::Debug)) {
      log::debug("{} {}: {}", to_text(command), executable, text_of(*input));
    }
    return call_plugin(executable, environment(command), input, options.built_ins);
  }

  Status run(Command command, const PluginConfig& plugin,
             const std::optional<Json>& prev_result) const {
    TRY(in_plugin(execute(command, plugin, prev_result), plugin, command));
    return {};
  }

  // Up to the first failure.
  Status run_all(Command command, const std::optional<Json>& prev_result) const {
    for (const PluginConfig& plugin : network.plugins) TRY(run(command, plugin, prev_result));
    return {};
  }

  Status find_plugins(Command command) {
    if (network.plugins.empty()) {
      return failure(kInvalidConfig, format("network \"{}\" has no plugins", network.name));
    }
    for (const PluginConfig& plugin : network.plugins) {
      executables[plugin.type] = TRY(in_plugin(executable_of(plugin), plugin, command));
    }
    return {};
  }
};

// --- ADD ------------------------------------------------------------------------------------

// Whether an earlier ADD was not followed by a DEL. A damaged entry is not in the way; one that is
// another attachment's, or cannot be read, is.
Result<bool> is_attached(const ResultCache& cache, const Chain& chain) {
  const auto entry = cache.find(chain.network.name, attachment_of(chain.call));
  if (entry) return entry->has_value();
  if (entry.error().code != Errc::InvalidArgument) return entry.error();
  log::warn("overwriting a damaged cached result: {}", entry.error().message);
  return false;
}

// Whether the codes say that a plugin refused what it was given. They do not say that it did
// nothing before: the reference plugins look at the namespace when the work is done (code 8), and
// pass on what their IPAM plugin refused when the link is there.
bool is_refusal(const Error& error) {
  switch (error.protocol_code) {
    case kIncompatibleVersion:
    case kUnsupportedField:
    case kBadEnvironment:
    case kDecodeFailure:
    case kInvalidConfig:
    case kInvalidNetns:
      return true;
    default:
      return false;
  }
}

// DEL of a plugin whose ADD is taken back. One that refused its input will refuse it again: the
// ADD's error has said that already.
Status undo_add(const Chain& chain, const PluginConfig& plugin,
                const std::optional<Json>& prev_result, bool refused) {
  Status undone = chain.run(Command::Del, plugin, prev_result);
  if (undone || !refused || !is_refusal(undone.error())) return undone;
  log::debug("undo refused as well: {}", undone.error().message);
  return {};
}

Result<Answer> result_of(Document answer, const NetworkConfig& network) {
  Json value = TRY(value_of(std::move(answer)));
  return in_version(std::move(value), network.cni_version);
}

Result<AddResult> add_through(const Chain& chain, const ResultCache& cache, bool undo_failures) {
  const NetworkConfig& network = chain.network;
  std::optional<Json> result;  // of the last plugin that succeeded
  AddResult attached;          // the same
  const bool tell_del = is_at_least(network, kWithCheck);
  Rollback undo;
  for (const PluginConfig& plugin : network.plugins) {
    auto answer = in_plugin(chain.execute(Command::Add, plugin, result), plugin, Command::Add);
    // Also when it failed: one that stops half-way may leave things behind.
    const bool refused = !answer && is_refusal(answer.error());
    if (undo_failures) {
      undo.add(format("run DEL of plugin \"{}\"", plugin.type), [&, refused] {
        return undo_add(chain, plugin, tell_del ? result : std::nullopt, refused);
      });
    }
    Document answered = TRY(std::move(answer));
    auto read = TRY(in_plugin(result_of(std::move(answered), network), plugin, Command::Add));
    result = std::move(read.value);
    attached = std::move(read.result);
  }
  TRY(cache
          .store({.network = network.name, .call = chain.call, .config_text = network.text},
                 {.root = chain.capability_args}, {.root = *result})
          .context("remember the result of network \"{}\"", network.name));
  undo.commit();
  return attached;
}

// --- DEL and CHECK --------------------------------------------------------------------------

// The call with what the cache knows where the caller is silent.
RuntimeCall completed(RuntimeCall call, const std::optional<CachedAttachment>& cached) {
  if (!cached) return call;
  if (call.netns.empty()) call.netns = cached->call.netns;
  if (call.args.empty()) call.args = cached->call.args;
  if (call.capability_args.empty()) call.capability_args = cached->call.capability_args;
  return call;
}

// The cached result as plugins of the list understand it; nothing when there is none.
Result<std::optional<Json>> cached_result(const NetworkConfig& network,
                                          const std::optional<CachedAttachment>& cached) {
  std::optional<Json> result;
  if (!cached || !cached->result_json || !is_at_least(network, kWithCheck)) return result;
  auto read = TRY(result_of({.text = *cached->result_json}, network)
                      .context("convert the cached result to version {}", network.cni_version));
  result = std::move(read.value);
  return result;
}

std::optional<Json> cached_result_if_usable(const NetworkConfig& network,
                                            const std::optional<CachedAttachment>& cached) {
  auto result = cached_result(network, cached);
  if (result) return *std::move(result);
  log::warn("deleting without prevResult: {}", result.error().message);
  return {};
}

}  // namespace

Result<AddResult> Runtime::add(const NetworkConfig& network, const RuntimeCall& call) {
  TRY(check_attachable(network, call));
  Chain chain = TRY(Chain::make(options_, network, call));
  TRY(chain.find_plugins(Command::Add));
  const ResultCache cache(options_.cache_directory);
  // What could not be remembered in the end is found before anything runs.
  TRY(cache.check_storable({.network = network.name, .call = call}));
  const sys::FileLock lock = TRY(cache.lock(sys::Lock::Shared));
  const bool repeated = TRY(is_attached(cache, chain));
  auto result = add_through(chain, cache, !repeated);
  if (result || !repeated) return result;
  Error error = std::move(result).error();
  error.message += "; what an earlier ADD made was left as it is: DEL removes it";
  return error;
}

Status Runtime::del(const NetworkConfig& network, const RuntimeCall& call) {
  TRY(check_names(network, call));
  // Without it GC may come in between; without DEL everything would stay.
  const auto lock = ResultCache(options_.cache_directory).lock(sys::Lock::Shared);
  if (!lock) log::warn("deleting without the lock: {}", lock.error().message);
  return detach(network, call);
}

Status Runtime::detach(const NetworkConfig& network, const RuntimeCall& call) {
  ErrorList errors;
  auto found = find_cached(network.name, attachment_of(call));
  // What the plugins would do with it stays undone, so that the entry has to stay for the next DEL.
  if (!found) errors.add(found.error());
  const auto cached = std::move(found).value_or(std::nullopt);
  const RuntimeCall whole = completed(call, cached);
  const Chain chain = TRY(Chain::make(options_, network, whole));
  const auto prev_result = cached_result_if_usable(network, cached);
  for (auto plugin = network.plugins.rbegin(); plugin != network.plugins.rend(); ++plugin) {
    errors.keep(chain.run(Command::Del, *plugin, prev_result));
  }
  if (errors.empty()) {
    const ResultCache cache(options_.cache_directory);
    errors.keep(cache.forget(network.name, attachment_of(call)).context("forget the result"));
  }
  return errors.status();
}

Status Runtime::check(const NetworkConfig& network, const RuntimeCall& call) {
  TRY(check_names(network, call));
  if (!is_at_least(network, kWithCheck)) {
    return failure(kIncompatibleVersion,
                   format("configuration version \"{}\" does not support the CHECK command",
                          network.cni_version));
  }
  if (network.disable_check) return {};
  const auto cached = TRY(find_cached(network.name, attachment_of(call)));
  if (!cached) {
    return failure(kUnknownContainer,
                   format("{} of container {} is not attached to network \"{}\": {}/results does "
                          "not know it",
                          call.ifname, call.container_id, network.name, options_.cache_directory));
  }
  const RuntimeCall whole = completed(call, cached);
  TRY(check_attachable(network, whole));
  const Chain chain = TRY(Chain::make(options_, network, whole));
  const auto prev_result = TRY(cached_result(network, cached));
  return chain.run_all(Command::Check, prev_result);
}

Status Runtime::gc(const NetworkConfig& network, const std::vector<Attachment>& valid) {
  TRY(check_network_name(network.name));
  if (network.disable_gc) return {};
  const sys::FileLock lock = TRY(ResultCache(options_.cache_directory).lock(sys::Lock::Exclusive));
  ErrorList errors;
  auto known = all_cached(network.name);
  if (!known) errors.add(known.error());
  std::vector<CachedAttachment> stale = std::move(known).value_or({});
  std::erase_if(stale, [&](const CachedAttachment& each) {
    return std::ranges::find(valid, attachment_of(each.call)) != valid.end();
  });
  errors.keep(collect(network, stale, valid));
  return errors.status();
}

Result<std::vector<CachedAttachment>> Runtime::gc_cached(const NetworkConfig& network,
                                                         const IsValid& is_valid) {
  std::vector<CachedAttachment> stale;
  TRY(check_network_name(network.name));
  if (network.disable_gc) return stale;
  const sys::FileLock lock = TRY(ResultCache(options_.cache_directory).lock(sys::Lock::Exclusive));
  ErrorList errors;
  std::vector<Attachment> valid;
  for (CachedAttachment& each : TRY(all_cached(network.name))) {
    const auto stays = is_valid(each);
    if (!stays) errors.add(stays.error());
    if (stays && !*stays) {
      stale.push_back(std::move(each));
    } else {
      valid.push_back(attachment_of(each.call));
    }
  }
  errors.keep(collect(network, stale, valid));
  TRY(errors.status());
  return stale;
}

Status Runtime::collect(const NetworkConfig& network, const std::vector<CachedAttachment>& stale,
                        const std::vector<Attachment>& valid) {
  ErrorList errors;
  for (const CachedAttachment& each : stale) {
    if (options_.on_detach) options_.on_detach(each.call);
    errors.keep(detach(network, each.call).context("container {}", each.call.container_id));
  }
  if (!is_at_least(network, kWithGc)) return errors.status();
  const RuntimeCall nobody;
  Chain chain = TRY(Chain::make(options_, network, nobody));
  chain.valid = valid;
  for (const PluginConfig& plugin : network.plugins) {
    errors.keep(chain.run(Command::Gc, plugin, {}));
  }
  return errors.status();
}

Status Runtime::renew(std::string_view type, const IsValid& is_valid) {
  const sys::FileLock lock = TRY(ResultCache(options_.cache_directory).lock(sys::Lock::Exclusive));
  ErrorList errors;
  for (const CachedAttachment& each : TRY(all_cached(""))) {
    const auto stays = is_valid(each);
    if (!stays) errors.add(stays.error());
    if (stays && !*stays) continue;
    errors.keep(renew(type, each).context("container {}", each.call.container_id));
  }
  return errors.status();
}

Status Runtime::renew(std::string_view type, const CachedAttachment& attachment) {
  const NetworkConfig network = TRY(parse_network_list(attachment.config_text, ""));
  const Chain chain = TRY(Chain::make(options_, network, attachment.call));
  const auto prev_result = TRY(cached_result(network, attachment));
  for (const PluginConfig& plugin : network.plugins) {
    if (plugin.type != type) continue;
    TRY(chain.run(Command::Add, plugin, prev_result));
    const auto entry = TRY(find_cached(network.name, attachment_of(attachment.call)));
    if (!entry) TRY(chain.run(Command::Del, plugin, prev_result));
  }
  return {};
}

Status Runtime::status(const NetworkConfig& network) {
  TRY(check_network_name(network.name));
  if (!is_at_least(network, kWithGc)) return {};
  const RuntimeCall nobody;
  const Chain chain = TRY(Chain::make(options_, network, nobody));
  return chain.run_all(Command::Status, {});
}

Result<std::optional<CachedAttachment>> Runtime::find_cached(const std::string& network,
                                                             const Attachment& attachment) {
  auto entry = ResultCache(options_.cache_directory).find(network, attachment);
  if (entry || !is_damaged(entry.error())) return entry;
  log::warn("going on without a cached result: {}", entry.error().message);
  return std::optional<CachedAttachment>();
}

Result<std::vector<CachedAttachment>> Runtime::all_cached(const std::string& network) {
  return ResultCache(options_.cache_directory).all_of(network);
}

Result<std::vector<CachedAttachment>> Runtime::cached_of(const std::string& container_id) {
  return ResultCache(options_.cache_directory).of_container(container_id);
}

std::vector<CachedAttachment> Runtime::cached(const std::string& network) {
  auto entries = ResultCache(options_.cache_directory).all();
  if (!entries) {
    log::warn("going on without cached results: {}", entries.error().message);
    return {};
  }
  if (!network.empty()) {
    std::erase_if(*entries, [&](const auto& entry) { return entry.network != network; });
  }
  return *std::move(entries);
}

}  // namespace netctl::cni
