#include "runtime-core/cni/cache.hpp"

#include <sys/stat.h>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/base64.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::cni {
bool is_damaged(const Error& error) {
  return error.code == Errc::InvalidArgument || error.code == Errc::Exists;
}

namespace {

constexpr std::string_view kKind = "cniCacheV1";
// NAME_MAX less what sys::replace_file puts around the name while it writes.
constexpr std::size_t kMaxEntryName = 247;

Error not_known(const std::string& network, Error error) {
  if (is_damaged(error)) error.message += ": delete the file once its container is gone";
  const std::string where = network.empty() ? "" : format(" to network \"{}\"", network);
  error.message = format("what is attached{} is not known: {}", where, error.message);
  return error;
}

// --- writing --------------------------------------------------------------------------------

Result<Json> pair_of(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == text.npos) {
    return fail(Errc::InvalidArgument, "invalid CNI_ARGS pair \"{}\"", text);
  }
  return Json::array({text.substr(0, equals), text.substr(equals + 1)});
}

// "K=V;K2=V2" as [["K","V"],["K2","V2"]].
Result<Json> pairs_of(std::string_view args) {
  Json pairs = Json::array();
  while (!args.empty()) {
    const auto end = args.find(';');
    Json pair = TRY(pair_of(args.substr(0, end)));
    pairs.push_back(std::move(pair));
    args.remove_prefix(end == args.npos ? args.size() : end + 1);
  }
  return pairs;
}

Result<Json> object_of(std::string_view text) {
  Json value = TRY(parse_json(text));
  if (!value.is_object()) return fail(Errc::InvalidArgument, "it is not a JSON object");
  return value;
}

// Objects with sorted keys, as Go writes maps.
Result<std::string> entry_text(const CachedAttachment& attachment, Json capability_args,
                               std::optional<Json> result) {
  const RuntimeCall& call = attachment.call;
  Json entry{{"kind", kKind},
             {"containerId", call.container_id},
             {"config", to_base64(attachment.config_text)},
             {"ifName", call.ifname},
             {"networkName", attachment.network}};
  if (!call.netns.empty()) set_member(entry, "netns", call.netns);
  if (!call.args.empty()) {
    Json pairs = TRY(pairs_of(call.args));
    set_member(entry, "cniArgs", std::move(pairs));
  }
  if (!capability_args.empty()) {
    sort_keys(capability_args);
    set_member(entry, "capabilityArgs", std::move(capability_args));
  }
  if (result) {
    sort_keys(*result);
    set_member(entry, "result", *std::move(result));
  }
  return dump_json(entry);
}

// --- reading --------------------------------------------------------------------------------

void read_args(const Json& pairs, std::string& args, Problems& problems) {
  for (const Json& pair : pairs) {
    const bool usable =
        pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
    if (!usable) {
      problems.add("\"cniArgs\" is not a list of pairs");
      return;
    }
    args += format("{}{}={}", args.empty() ? "" : ";", pair[0].get_ref<const std::string&>(),
                   pair[1].get_ref<const std::string&>());
  }
}

void read_config(const ObjectReader& keys, std::string& config_text, Problems& problems) {
  std::string encoded;
  if (!keys.read("config", encoded)) return;
  auto decoded = parse_base64(encoded);
  if (decoded) {
    config_text = *std::move(decoded);
  } else {
    problems.add("\"config\": " + decoded.error().message);
  }
}

// The text of the object under the key; empty when absent or without members.
std::string read_object(const Json& entry, const char* key, Problems& problems) {
  const Json* value = find_member(entry, key);
  if (!value) return {};
  if (!value->is_object()) problems.add(format("\"{}\" is not an object", key));
  return value->empty() ? std::string() : dump_json(*value);
}

// The namespace that a result names for its interface; empty when it names none (0.1 and 0.2
// cannot).
std::string sandbox_in(const Json& entry, const std::string& ifname) {
  const Json* result = find_member(entry, "result");
  const Json* interfaces = result ? find_member(*result, "interfaces") : nullptr;
  if (!interfaces || !interfaces->is_array()) return {};
  for (const Json& each : *interfaces) {
    const Json* name = find_member(each, "name");
    const Json* sandbox = find_member(each, "sandbox");
    if (name && sandbox && *name == ifname && sandbox->is_string()) {
      if (auto path = sandbox->get<std::string>(); !path.empty()) return path;
    }
  }
  return {};
}

// Before libcni 0.8 an entry was the bare result, and told whose it is only by its file's name.
std::optional<CachedAttachment> parse_bare_result(std::string_view json, const std::string& network,
                                                  const Attachment& attachment) {
  const auto result = parse_json(json);
  const bool bare = result && result->is_object() && !result->contains("kind") &&
                    find_member(*result, "cniVersion");
  if (!bare) return {};
  return CachedAttachment{
      .network = network,
      .call = {.container_id = attachment.container_id, .ifname = attachment.ifname},
      .result_json = std::string(json)};
}

bool is_of(const CachedAttachment& entry, const std::string& network,
           const Attachment& attachment) {
  return entry.network == network && entry.call.container_id == attachment.container_id &&
         entry.call.ifname == attachment.ifname;
}

std::int64_t modified_at(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

Attachment attachment_of(const CachedAttachment& entry) {
  return {.container_id = entry.call.container_id, .ifname = entry.call.ifname};
}

}  // namespace

Result<std::string> to_json(const CachedAttachment& attachment) {
  Json capability_args = TRY(parse_members(attachment.call.capability_args, "capability args"));
  std::optional<Json> result;
  if (attachment.result_json) result = TRY(object_of(*attachment.result_json).context("result"));
  return entry_text(attachment, std::move(capability_args), std::move(result));
}

Result<CachedAttachment> parse_cached(std::string_view json) {
  const Json entry = TRY(parse_json(json));
  Problems problems;
  const ObjectReader keys(&entry, "", problems);
  std::string kind;
  keys.require("kind", kind);
  if (problems.empty() && kind != kKind) {
    problems.add(format("\"kind\" is \"{}\", not \"{}\"", kind, kKind));
  }
  CachedAttachment attachment;
  keys.require("containerId", attachment.call.container_id);
  keys.require("ifName", attachment.call.ifname);
  keys.require("networkName", attachment.network);
  keys.read("netns", attachment.call.netns);
  if (attachment.call.netns.empty()) {
    attachment.call.netns = sandbox_in(entry, attachment.call.ifname);
  }
  read_config(keys, attachment.config_text, problems);
  if (const Json* args = find_member(entry, "cniArgs")) {
    read_args(*args, attachment.call.args, problems);
  }
  attachment.call.capability_args = read_object(entry, "capabilityArgs", problems);
  if (std::string result = read_object(entry, "result", problems); !result.empty()) {
    attachment.result_json = std::move(result);
  }
  if (problems.empty()) return attachment;
  return fail(Errc::InvalidArgument, "{}", problems.text());
}

Result<std::string> ResultCache::path_of(const std::string& network,
                                         const Attachment& attachment) const {
  TRY(check_network_name(network));
  TRY(check_container_id(attachment.container_id));
  TRY(check_ifname(attachment.ifname));
  return format("{}/{}-{}-{}", directory_, network, attachment.container_id, attachment.ifname);
}

Result<std::optional<CachedAttachment>> ResultCache::find(const std::string& network,
                                                          const Attachment& attachment) const {
  const std::string path = TRY(path_of(network, attachment));
  const auto json = TRY(sys::find_file(path));
  if (!json) return std::optional<CachedAttachment>();
  if (auto bare = parse_bare_result(*json, network, attachment)) return bare;
  CachedAttachment entry = TRY(parse_cached(*json).context("{}", path));
  if (is_of(entry, network, attachment)) return std::optional(std::move(entry));
  return fail(Errc::Exists, "{} belongs to container {} in network \"{}\", interface {}", path,
              entry.call.container_id, entry.network, entry.call.ifname);
}

Result<std::vector<CachedAttachment>> ResultCache::all() const {
  std::vector<CachedAttachment> entries;
  for (const std::string& name : TRY(names())) {
    auto entry = find_named(name);
    if (!entry) {
      log::warn("passed over cached result: {}", entry.error().message);
    } else if (*entry) {
      entries.push_back(**std::move(entry));
    }
  }
  return entries;
}

Result<std::vector<CachedAttachment>> ResultCache::of_container(
    const std::string& container_id) const {
  auto entries = TRY(all_with("", format("-{}-", container_id)));
  // "a-b" and "c" are in the name of "a" and "b-c" too.
  std::erase_if(entries, [&](const CachedAttachment& entry) {
    return entry.call.container_id != container_id;
  });
  return entries;
}

Result<std::vector<CachedAttachment>> ResultCache::all_of(const std::string& network) const {
  return all_with(network, "");
}

Result<std::vector<CachedAttachment>> ResultCache::all_with(const std::string& network,
                                                            const std::string& text) const {
  std::vector<CachedAttachment> entries;
  for (const std::string& name : TRY(names())) {
    if (name.find(text) == name.npos) continue;
    if (!network.empty() && !name.starts_with(network + "-")) continue;
    auto entry = find_named(name);
    if (!entry && network.empty() && is_damaged(entry.error())) {
      log::warn("passed over cached result: {}", entry.error().message);
      continue;
    }
    if (!entry) return not_known(network, std::move(entry).error());
    const bool is_wanted = *entry && (network.empty() || (*entry)->network == network);
    if (is_wanted) entries.push_back(**std::move(entry));
  }
  return entries;
}

// Entries begin with a letter or digit; a temporary file, ours or an editor's, does not.
Result<std::vector<std::string>> ResultCache::names() const {
  std::vector<std::string> names = TRY(sys::list_directory(directory_));
  std::erase_if(names, [](const std::string& name) { return !is_name(name.substr(0, 1)); });
  return names;
}

Result<std::optional<CachedAttachment>> ResultCache::find_named(const std::string& name) const {
  const std::string path = format("{}/{}", directory_, name);
  const auto json = TRY(sys::find_file(path));
  if (!json) return std::optional<CachedAttachment>();  // forgotten since the directory was listed
  CachedAttachment entry = TRY(parse_cached(*json).context("{}", path));
  const std::string own_path =
      TRY(path_of(entry.network, attachment_of(entry)).context("{}", path));
  entry.stored_at = modified_at(path);
  if (own_path == path) return std::optional(std::move(entry));
  return fail(Errc::InvalidArgument, "{}: its content belongs into {}", path, own_path);
}

Status ResultCache::check_storable(const CachedAttachment& attachment) const {
  TRY(pairs_of(attachment.call.args));
  const std::string path = TRY(path_of(attachment.network, attachment_of(attachment)));
  const std::size_t length = path.size() - directory_.size() - 1;
  if (length <= kMaxEntryName) return {};
  return failure(kBadEnvironment,
                 format("network name, container id and interface name are {} bytes long together: "
                        "the result cache has room for {}",
                        length, kMaxEntryName));
}

// It is there but for the very first time, so it is made only when it turns out not to be.
template <class Step>
auto ResultCache::in_directory(const Step& step) const -> decltype(step()) {
  auto done = step();
  if (done || done.error().code != Errc::NotFound) return done;
  TRY(sys::ensure_directory(directory_, 0700));
  return step();
}

Result<sys::FileLock> ResultCache::lock(sys::Lock kind) const {
  return in_directory([&] { return sys::FileLock::of_directory(directory_, kind); });
}

Status ResultCache::store(const CachedAttachment& attachment) const {
  return write(attachment, TRY(to_json(attachment)));
}

Status ResultCache::store(const CachedAttachment& attachment, Document capability_args,
                          Document result) const {
  return write(attachment, TRY(entry_text(attachment, std::move(capability_args.root),
                                          std::move(result.root))));
}

Status ResultCache::write(const CachedAttachment& attachment, const std::string& text) const {
  const std::string path = TRY(path_of(attachment.network, attachment_of(attachment)));
  return in_directory([&] { return sys::replace_file(path, text, 0600); });
}

Status ResultCache::forget(const std::string& network, const Attachment& attachment) const {
  const auto entry = find(network, attachment);
  if (!entry && entry.error().code == Errc::Exists) return {};
  const std::string path = TRY(path_of(network, attachment));
  return sys::delete_replaced(path);
}

}  // namespace netctl::cni
