#include "runtime-core/cni/network_config.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/version.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::cni {
namespace {

// --- values ---------------------------------------------------------------------------------

// Puts the file in front of the problems of what is in it.
template <class T>
Result<T> in_file(Result<T> result, std::string_view file) {
  if (file.empty()) return result;
  return std::move(result).context("{}", file);
}

Result<Json> parse_object(std::string_view json) {
  Json value = TRY(parse_json(json));
  if (value.is_object()) return value;
  return fail(Errc::InvalidArgument, "it is not a JSON object");
}

// libcni reads the keys of a list exactly, other than those of plugins. null is as good as absent.
const Json* find_exact(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

std::string read_text(const Json* value, const char* key, Problems& problems) {
  if (!value) return {};
  if (value->is_string()) return value->get<std::string>();
  problems.add(format("\"{}\": {} is not a text", key, dump_json(*value)));
  return {};
}

// true and false may stand in quotes, in any case.
bool read_flag(const Json& list, const char* key, Problems& problems) {
  const Json* value = find_exact(list, key);
  if (!value) return false;
  if (value->is_boolean()) return value->get<bool>();
  std::string text = value->is_string() ? value->get<std::string>() : std::string();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text == "true" || text == "false") return text == "true";
  problems.add(format("\"{}\": {} is not true or false", key, dump_json(*value)));
  return false;
}

std::string read_name(const Json* value, Problems& problems) {
  if (!value) {
    problems.add("\"name\" is missing");
    return {};
  }
  std::string name = read_text(value, "name", problems);
  if (!value->is_string()) return name;
  // It becomes part of paths: the sibling folder and the cache entry.
  if (const Status status = check_network_name(name); !status) {
    problems.add(format("\"name\": \"{}\": {}", name, status.error().message));
  }
  return name;
}

// --- versions -------------------------------------------------------------------------------

// The texts of "cniVersions"; "cniVersion" belongs to the candidates.
std::vector<std::string> read_versions(const Json& list, const std::string& plain,
                                       Problems& problems) {
  std::vector<std::string> versions;
  const Json* value = find_exact(list, "cniVersions");
  if (!value) return versions;
  if (!value->is_array()) {
    problems.add(format("\"cniVersions\": {} is not a list", dump_json(*value)));
    return versions;
  }
  for (const Json& each : *value) versions.push_back(read_text(&each, "cniVersions", problems));
  versions.push_back(plain);
  std::erase(versions, "");
  return versions;
}

// The newest of the versions that is not beyond ours; those beyond are for newer runtimes.
std::string choose_version(const Json& list, Problems& problems) {
  const std::string plain = read_text(find_exact(list, "cniVersion"), "cniVersion", problems);
  const Version newest = parse_version(kNewestVersion).value();
  std::string best;
  Version best_parsed;
  for (const std::string& text : read_versions(list, plain, problems)) {
    const auto parsed = parse_version(text);
    if (!parsed) {
      problems.add(format("\"cniVersions\": {}", parsed.error().message));
    } else if (*parsed <= newest && (best.empty() || *parsed > best_parsed)) {
      best = text;
      best_parsed = *parsed;
    }
  }
  if (!best.empty()) return best;
  return plain.empty() ? std::string(kVersions.front()) : plain;
}

// --- plugins --------------------------------------------------------------------------------

std::vector<std::string> read_capabilities(const Json& plugin, Problems& problems) {
  std::vector<std::string> enabled;
  const Json* capabilities = find_member(plugin, "capabilities");
  if (!capabilities) return enabled;
  if (!capabilities->is_object()) {
    problems.add(format("\"capabilities\": {} is not an object", dump_json(*capabilities)));
    return enabled;
  }
  for (const auto& [name, value] : capabilities->get_ref<const Json::object_t&>()) {
    if (!value.is_boolean()) {
      problems.add(format("\"capabilities.{}\": {} is not true or false", name, dump_json(value)));
    } else if (value.get<bool>()) {
      enabled.push_back(name);
    }
  }
  return enabled;
}

PluginConfig read_plugin(const Json& plugin, Problems& problems) {
  if (!plugin.is_object()) {
    problems.add(format("plugin {} is not an object", dump_json(plugin)));
    return {};
  }
  PluginConfig config{.config = std::make_shared<Document>(Document{.root = plugin})};
  const Json* type = find_member(plugin, "type");
  config.type = read_text(type, "type", problems);
  if (!type || (type->is_string() && config.type.empty())) {
    problems.add("a plugin has no \"type\"");
  }
  config.capabilities = read_capabilities(plugin, problems);
  return config;
}

std::vector<PluginConfig> read_plugins(const Json& list, bool required, Problems& problems) {
  std::vector<PluginConfig> plugins;
  const Json* value = find_exact(list, "plugins");
  if (!value) {
    if (required) problems.add("\"plugins\" is missing");
    return plugins;
  }
  if (!value->is_array() || value->empty()) {
    problems.add("\"plugins\" is not a list of plugins");
    return plugins;
  }
  for (const Json& plugin : *value) plugins.push_back(read_plugin(plugin, problems));
  return plugins;
}

Result<PluginConfig> parse_folder_plugin(const std::string& json) {
  const Json object = TRY(parse_object(json));
  Problems problems;
  PluginConfig plugin = read_plugin(object, problems);
  TRY(problems.status());
  return plugin;
}

// The plugins beside the list: `<directory>/<network name>/*.conf`, in the order of their names.
Result<std::vector<PluginConfig>> load_folder(const std::string& folder) {
  std::vector<PluginConfig> plugins;
  std::error_code ignored;
  if (!TRY(sys::exists(folder))) return plugins;
  for (const std::string& name : TRY(sys::list_directory(folder))) {
    const std::string path = format("{}/{}", folder, name);
    if (!name.ends_with(".conf") || std::filesystem::is_directory(path, ignored)) continue;
    const std::string json = TRY(sys::read_file(path));
    plugins.push_back(TRY(in_file(parse_folder_plugin(json), path)));
  }
  return plugins;
}

// The list with the folder's plugins written into it, so that it says all by itself.
std::string with_all_plugins(Json list, const std::vector<PluginConfig>& plugins) {
  Json all = Json::array();
  for (const PluginConfig& plugin : plugins) all.push_back(plugin.config->root);
  list["plugins"] = std::move(all);
  list["loadOnlyInlinedPlugins"] = true;
  return dump_json(list);
}

Status append_folder(NetworkConfig& network, const Json& list) {
  const std::string directory = std::filesystem::path(network.file).parent_path().string();
  const std::string folder = format("{}/{}", directory.empty() ? "." : directory, network.name);
  const std::vector<PluginConfig> beside = TRY(load_folder(folder));
  if (beside.empty()) return {};
  network.plugins.insert(network.plugins.end(), beside.begin(), beside.end());
  network.text = with_all_plugins(list, network.plugins);
  return {};
}

// --- files ----------------------------------------------------------------------------------

Result<NetworkConfig> parse_list(std::string_view json, std::string_view file) {
  const Json list = TRY(parse_object(json));
  Problems problems;
  NetworkConfig network{.text = std::string(json), .file = std::string(file)};
  network.name = read_name(find_exact(list, "name"), problems);
  network.cni_version = choose_version(list, problems);
  network.disable_check = read_flag(list, "disableCheck", problems);
  network.disable_gc = read_flag(list, "disableGC", problems);
  const bool inlined_only = read_flag(list, "loadOnlyInlinedPlugins", problems);
  network.plugins = read_plugins(list, inlined_only, problems);
  TRY(problems.status());
  if (!inlined_only && !file.empty()) TRY(append_folder(network, list));
  if (!network.plugins.empty()) return network;
  return fail(Errc::InvalidArgument, "no plugin configs found: \"plugins\" is missing");
}

Result<NetworkConfig> parse_single(std::string_view json, std::string_view file) {
  const Json plugin = TRY(parse_object(json));
  if (plugin.contains("plugins") && !find_member(plugin, "type")) {
    return fail(Errc::InvalidArgument,
                "it is a list of plugins: give the file a name that ends in .conflist");
  }
  Problems problems;
  NetworkConfig network{.file = std::string(file)};
  network.name = read_name(find_member(plugin, "name"), problems);
  network.cni_version = read_text(find_member(plugin, "cniVersion"), "cniVersion", problems);
  if (network.cni_version.empty()) network.cni_version = kVersions.front();
  network.plugins.push_back(read_plugin(plugin, problems));
  TRY(problems.status());
  network.text = dump_json(Json{{"cniVersion", network.cni_version},
                                {"name", network.name},
                                {"plugins", Json::array({plugin})}});
  return network;
}

using Parser = Result<NetworkConfig> (*)(std::string_view json, std::string_view file);

// What the file holds goes into the directory's networks, or the reason why not to the broken ones.
void load_file(const std::string& path, Parser parse, NetworkDirectory& directory) {
  auto json = sys::find_file(path);
  if (!json) {
    directory.unread.push_back(json.error());
    return;
  }
  if (!*json) return;  // deleted since the directory was listed
  auto network = parse(**json, path);
  if (network) {
    directory.networks.push_back(*std::move(network));
  } else {
    directory.broken.push_back(network.error());
  }
}

}  // namespace

Result<NetworkConfig> parse_network_list(std::string_view json, std::string_view file) {
  return in_file(parse_list(json, file), file);
}

Result<NetworkConfig> parse_single_plugin(std::string_view json, std::string_view file) {
  return in_file(parse_single(json, file), file);
}

std::string json_of(const PluginConfig& plugin) { return dump_json(plugin.config->root); }

Result<NetworkDirectory> load_networks(const std::string& directory) {
  NetworkDirectory found;
  std::error_code ignored;
  std::vector<std::string> lists;
  std::vector<std::string> singles;
  for (const std::string& name : TRY(sys::list_directory(directory))) {
    const std::string path = format("{}/{}", directory, name);
    if (std::filesystem::is_directory(path, ignored)) continue;
    if (name.ends_with(".conflist")) lists.push_back(path);
    if (name.ends_with(".conf") || name.ends_with(".json")) singles.push_back(path);
  }
  for (const std::string& path : lists) load_file(path, parse_network_list, found);
  for (const std::string& path : singles) load_file(path, parse_single_plugin, found);
  return found;
}

}  // namespace netctl::cni
