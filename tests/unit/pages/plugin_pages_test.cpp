// The pages docs/plugins/NAME.md against the plugins: their keys are those that the parser of the
// plugin's config knows, neither more nor less, and their examples are understood.
#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ipam/host-local/config.hpp"
#include "ipam/static/config.hpp"
#include "plugins/bridge/config.hpp"
#include "plugins/container/config.hpp"
#include "plugins/firewall/config.hpp"
#include "plugins/host/config.hpp"
#include "plugins/ptp/config.hpp"
#include "plugins/tuning/config.hpp"
#include "portmap/config.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/request.hpp"
#include "runtime-core/cni/version.hpp"
#include "tests/unit/pages/page.hpp"

namespace netctl::pages {
namespace {

using cni::Json;

template <auto Parse>
Status parses(const cni::Request& request) {
  const auto config = Parse(request);
  return config ? ok() : Status(config.error());
}

// What the protocol reads of a config by itself is all that these know.
Status knows_no_more(const cni::Request&) { return ok(); }

struct Subject {
  Status (*parse)(const cni::Request& request);
  const char* least;    // keys without which it accepts nothing
  const char* source;   // where it names its keys
  const char* readers;  // functions of runtime-core/cni that read more for it
};

const std::map<std::string, Subject>& subjects() {
  static const std::map<std::string, Subject> all{
      {"bridge", {parses<bridge::parse_config>, "{}", "plugins/bridge/config.cpp", ""}},
      {"container",
       {parses<container::parse_config>, R"({"container":"c2"})", "plugins/container/config.cpp",
        ""}},
      {"firewall", {parses<firewall::parse_config>, "{}", "plugins/firewall/config.cpp", ""}},
      {"host", {parses<host::parse_config>, "{}", "plugins/host/config.cpp", ""}},
      {"host-local",
       {parses<host_local::parse_config>, R"({"ipam":{"ranges":[[{"subnet":"10.0.0.0/24"}]]}})",
        "ipam/host-local/config.cpp", "read_route read_requested_ips"}},
      {"loopback", {knows_no_more, "{}", "", ""}},
      {"none", {knows_no_more, "{}", "", ""}},
      {"portmap", {parses<portmap::parse_config>, "{}", "portmap/config.cpp", "read_port_mapping"}},
      {"ptp",
       {parses<ptp::parse_config>, R"({"ipam":{"type":"static"}})", "plugins/ptp/config.cpp", ""}},
      {"static",
       {parses<static_ipam::parse_config>, R"({"ipam":{"addresses":[{"address":"10.0.0.5/24"}]}})",
        "ipam/static/config.cpp", "read_route read_dns read_requested_ips"}},
      {"tuning", {parses<tuning::parse_config>, "{}", "plugins/tuning/config.cpp", ""}},
  };
  return all;
}

Page page_of(const std::string& plugin) {
  return Page(source_tree() / "docs/plugins" / (plugin + ".md"));
}

// What the plugin says to a config, as far as it reads it before it touches anything.
Status say_to(const Subject& subject, const Json& config, const std::string& args = "") {
  auto request = cni::parse_environment({{"CNI_COMMAND", "ADD"},
                                         {"CNI_CONTAINERID", "c1"},
                                         {"CNI_NETNS", "/run/netns/c1"},
                                         {"CNI_IFNAME", "eth0"},
                                         {"CNI_ARGS", args},
                                         {"CNI_PATH", "/usr/lib/cni"}});
  TRY(request);
  TRY(cni::add_config(*request, cni::dump_json(config), cni::kVersions));
  return subject.parse(*request);
}

Json least_config(const Subject& subject) {
  Json config = *cni::parse_json(subject.least);
  config["cniVersion"] = "1.0.0";
  config["name"] = "net";
  config["type"] = "plugin";
  return config;
}

// Puts the value where "ipam.ranges[][].subnet" says, in the first member of each list.
void put(Json& place, const std::string& path, const Json& value) {
  if (path.empty()) {
    place = value;
  } else if (path.starts_with("[]")) {
    if (!place.is_array()) place = Json::array();
    if (place.empty()) place.push_back(Json());
    put(place[0], path.substr(2), value);
  } else {
    const std::string rest = path.starts_with('.') ? path.substr(1) : path;
    const auto end = rest.find_first_of(".[");
    if (!place.is_object()) place = Json::object();
    put(place[rest.substr(0, end)], end == rest.npos ? "" : rest.substr(end), value);
  }
}

std::string last_part(const std::string& path) {
  const auto dot = path.rfind('.');
  const std::string last = dot == path.npos ? path : path.substr(dot + 1);
  return last.substr(0, last.find('['));
}

// A key is known when a value that no key has is told, and the key with it.
bool knows(const Subject& subject, const std::string& path) {
  for (const char* nonsense : {R"({"no":[[0]]})", "[[0]]"}) {
    Json config = least_config(subject);
    put(config, path, *cni::parse_json(nonsense));
    const Status said = say_to(subject, config);
    if (!said && said.error().message.find(last_part(path)) != std::string::npos) return true;
  }
  return false;
}

bool knows_arg(const Subject& subject, const std::string& name) {
  const Status said = say_to(subject, least_config(subject), name + "=?");
  return !said && said.error().message.find("unknown args") == std::string::npos;
}

// The keys in the first column of a page's tables: `key`, or `NAME` of CNI_ARGS.
struct Keys {
  std::set<std::string> config;
  std::set<std::string> args;
  std::set<std::string> ignored;  // said to be accepted and not looked at
};

Keys keys_on(const std::string& plugin) {
  static const std::regex arg("`([A-Z]+)` of CNI_ARGS");
  Keys keys;
  for (const auto& row : page_of(plugin).rows({"key", "default", "meaning"})) {
    const bool ignored = row.at(2).starts_with("accepted and not looked at");
    std::smatch match;
    std::string cell = row.at(0);
    while (std::regex_search(cell, match, arg)) {
      keys.args.insert(match[1]);
      cell = match.prefix().str() + match.suffix().str();
    }
    for (const std::string& key : code_in(cell)) (ignored ? keys.ignored : keys.config).insert(key);
  }
  return keys;
}

// The body of a function, which ends where a line begins with a brace.
std::string body_of(const std::string& function, const std::string& text) {
  std::smatch match;
  const std::regex head("\\n[\\w:]+ " + function + "\\(");
  if (!std::regex_search(text, match, head)) return "";
  const auto begin = static_cast<std::size_t>(match.position());
  return text.substr(begin, text.find("\n}\n", begin) - begin);
}

// The names of keys in the source of a parser: the texts that readers of objects are called with.
std::set<std::string> names_in(const std::string& text) {
  static const std::regex reading(
      R"re(\b(?:\w*read\w*|require|has|child|children|lists_of_children|find_member)\()re"
      R"re((?:[\w.*]+(?:->\w+)?(?:\("\w+"\))?,\s*)?"(\w+)")re");
  std::set<std::string> names;
  // A call can stand in another's arguments, so the search goes on behind the first letter.
  std::smatch match;
  for (auto from = text.cbegin(); std::regex_search(from, text.cend(), match, reading);
       from = match[0].first + 1) {
    names.insert(match[1]);
  }
  return names;
}

std::set<std::string> names_read_by(const Subject& subject) {
  if (std::string_view(subject.source).empty()) return {};
  std::set<std::string> names = names_in(content_of(source_tree() / subject.source));
  std::istringstream readers{std::string(subject.readers)};
  for (std::string reader; readers >> reader;) {
    for (const char* file : {"result.cpp", "capabilities.cpp", "ipam.cpp"}) {
      const std::string text = content_of(source_tree() / "runtime-core/cni" / file);
      names.merge(names_in(body_of(reader, text)));
    }
  }
  return names;
}

TEST(PluginPages, ThereIsOneForEachPlugin) {
  std::vector<std::string> names;
  for (const auto& [name, subject] : subjects()) names.push_back(name);
  EXPECT_EQ(plugin_pages(), names);
}

TEST(PluginPages, EachKeyOfAPageIsKnownToThePlugin) {
  for (const auto& [plugin, subject] : subjects()) {
    SCOPED_TRACE(plugin);
    ASSERT_TRUE(say_to(subject, least_config(subject)));
    const Keys keys = keys_on(plugin);
    for (const std::string& key : keys.config) EXPECT_TRUE(knows(subject, key)) << key;
    for (const std::string& arg : keys.args) EXPECT_TRUE(knows_arg(subject, arg)) << arg;
    for (const std::string& key : keys.ignored) EXPECT_FALSE(knows(subject, key)) << key;
  }
}

TEST(PluginPages, EachKeyThatAPluginReadsIsOnItsPage) {
  for (const auto& [plugin, subject] : subjects()) {
    SCOPED_TRACE(plugin);
    const Keys keys = keys_on(plugin);
    std::set<std::string> told = keys.args;
    for (const std::string& key : keys.config) {
      std::istringstream path(std::regex_replace(key, std::regex(R"([.\[\]]+)"), " "));
      for (std::string part; path >> part;) told.insert(part);
    }
    const auto names = names_read_by(subject);
    if (*subject.source != '\0') {
      EXPECT_FALSE(names.empty()) << "nothing was read of " << subject.source;
    }
    for (const std::string& name : names) EXPECT_THAT(told, testing::Contains(name));
  }
}

TEST(PluginPages, AKeyThatNobodyReadsIsNotTakenForOne) {
  for (const auto& [plugin, subject] : subjects()) {
    EXPECT_FALSE(knows(subject, "noSuchKey")) << plugin;
    EXPECT_FALSE(knows(subject, "ipam.noSuchKey")) << plugin;
    EXPECT_FALSE(knows_arg(subject, "NOSUCHKEY")) << plugin;
  }
}

// The plugins of an example: its list, or it itself; with what a runtime adds.
std::vector<Json> plugins_of(const Json& example) {
  const Json* list = cni::find_member(example, "plugins");
  if (!list) return {example};
  std::vector<Json> plugins;
  for (Json plugin : *list) {
    for (const char* key : {"name", "cniVersion"}) plugin[key] = example[key];
    plugins.push_back(std::move(plugin));
  }
  return plugins;
}

void expect_understood(const Json& config) {
  const std::string type = *cni::find_member(config, "type");
  ASSERT_TRUE(subjects().contains(type)) << type;
  const Status said = say_to(subjects().at(type), config);
  EXPECT_TRUE(said) << type << ": " << (said ? "" : said.error().message);
  const Json* ipam = cni::find_member(config, "ipam");
  if (!ipam) return;
  const std::string giver = (*ipam)["type"];
  const Status of_ipam = say_to(subjects().at(giver), config);
  EXPECT_TRUE(of_ipam) << giver << ": " << (of_ipam ? "" : of_ipam.error().message);
}

// All paths to values in a config, in the pages' notation.
void collect_paths(const Json& value, const std::string& path, std::set<std::string>& paths) {
  if (!path.empty()) paths.insert(path);
  if (value.is_array()) {
    for (const Json& item : value) collect_paths(item, path + "[]", paths);
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    collect_paths(item, path.empty() ? key : path + "." + key, paths);
  }
}

// The protocol's own keys are on the page of all plugins.
bool is_on_page(const std::string& path, const Json& config) {
  static const std::set<std::string> kProtocol{"cniVersion", "name", "type", "runtimeConfig"};
  if (kProtocol.contains(path) || path.ends_with("]") || path.starts_with("capabilities")) {
    return true;
  }
  if (path.starts_with("sysctl.")) return true;  // the parameters' names
  for (const std::string& plugin :
       {config.value("type", ""), config.value("ipam", Json::object()).value("type", "")}) {
    if (!plugin.empty() && keys_on(plugin).config.contains(path)) return true;
  }
  return false;
}

TEST(PluginPages, EachExampleIsUnderstoodAndHasNoKeyThatIsNotExplained) {
  for (const auto& [plugin, subject] : subjects()) {
    SCOPED_TRACE(plugin);
    const auto examples = page_of(plugin).blocks("json");
    EXPECT_FALSE(examples.empty());
    for (const std::string& text : examples) {
      SCOPED_TRACE(text);
      const auto example = cni::parse_json(text);
      ASSERT_TRUE(example) << example.error().message;
      for (const Json& config : plugins_of(*example)) {
        expect_understood(config);
        std::set<std::string> paths;
        collect_paths(config, "", paths);
        for (const std::string& path : paths) EXPECT_TRUE(is_on_page(path, config)) << path;
      }
    }
  }
}

}  // namespace
}  // namespace netctl::pages
