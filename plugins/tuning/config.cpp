#include "plugins/tuning/config.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "runtime-core/cni/args.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::tuning {
namespace {

constexpr std::uint32_t kMaxMtu = 65535;  // ETH_MAX_MTU
constexpr const char* kDefaultDirectory = "/run/cni/tuning";

// Keys that are there take the place of what was read before.
void read_attributes(const cni::ObjectReader& keys, Attributes& attributes) {
  keys.read("mac", attributes.mac);
  keys.read("promisc", attributes.promisc);
  keys.read("mtu", attributes.mtu, 0U, kMaxMtu);
  keys.read("allmulti", attributes.allmulti);
  keys.read("txQLen", attributes.tx_queue, 0U, std::numeric_limits<std::uint32_t>::max());
}

void read_args(const cni::Request& request, Attributes& attributes, cni::Problems& problems) {
  const auto args = cni::parse_args(request.args, {"MAC"});
  if (!args) return problems.add(args.error().message);
  const auto text = args->find("MAC");
  if (text == args->end() || text->second.empty()) return;
  const auto mac = parse_mac_address(text->second);
  if (mac) attributes.mac = *mac;
  if (!mac) problems.add("CNI_ARGS: " + mac.error().message);
}

// The same key twice is most likely an error of whoever wrote it, and which one counts is nothing
// to guess. The parsed config has only one of them left, so the text is read again; a caller in
// this process has none.
void refuse_duplicate_sysctls(const std::string& text, cni::Problems& problems) {
  std::set<std::string> seen;
  std::string outer;
  bool twice = false;
  const auto look = [&](int depth, cni::Json::parse_event_t event, cni::Json& value) {
    if (event != cni::Json::parse_event_t::key) return true;
    const auto& key = value.get_ref<const std::string&>();
    if (depth == 1) outer = key;
    if (depth == 2 && outer == "sysctl") twice = !seen.insert(key).second || twice;
    return true;
  };
  const auto parsed = cni::Json::parse(text, look, /*allow_exceptions=*/false);
  if (twice && !parsed.is_discarded()) problems.add("duplicated sysctl keys are not allowed");
}

}  // namespace

Result<Config> parse_config(const cni::Request& request) {
  Config config;
  cni::Problems problems;
  const cni::ObjectReader keys(*request.config, problems);
  const cni::ObjectReader args = keys.child("args").child("cni");
  keys.read("sysctl", config.sysctl);
  read_attributes(keys, config.wanted);
  read_args(request, config.wanted, problems);
  keys.child("runtimeConfig").read("mac", config.wanted.mac);
  read_attributes(args, config.wanted);
  std::map<std::string, std::string> more;
  args.read("sysctl", more);
  for (auto& [key, value] : more) config.sysctl[key] = std::move(value);
  std::string directory;  // read by backup_directory(); here for its type
  keys.read("dataDir", directory);

  if (config.wanted.promisc == false) config.wanted.promisc.reset();
  if (config.wanted.mtu == 0U) config.wanted.mtu.reset();
  for (const auto& [key, value] : config.sysctl) {
    const auto path = sysctl_path(key, request.ifname);
    if (!path) problems.add(path.error().message);
  }
  refuse_duplicate_sysctls(request.config->text, problems);
  TRY(problems.status());
  return config;
}

std::string backup_directory(const cni::Request& request) {
  std::string directory;
  cni::Problems ignored;
  cni::ObjectReader(*request.config, ignored).read("dataDir", directory);
  return directory.empty() ? kDefaultDirectory : directory;
}

Result<std::string> sysctl_path(std::string_view key, std::string_view ifname) {
  constexpr std::string_view kPlaceholder = "IFNAME";
  std::string path(key);
  std::ranges::replace(path, '.', '/');
  // "a//b" and "/a" are the same file; there is no ".." left that could lead elsewhere.
  path.erase(
      std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; }),
      path.end());
  if (path.starts_with('/')) path.erase(0, 1);
  const auto place = path.find(kPlaceholder);
  if (place != path.npos) path.replace(place, kPlaceholder.size(), ifname);
  if (path.starts_with("net/") && path.size() > 4 && path.find('\0') == path.npos) return path;
  return fail(Errc::InvalidArgument,
              "invalid net sysctl key: \"{}\": only parameters under net/ are a container's own",
              key);
}

std::string to_json(const Attributes& attributes) {
  cni::Json object = cni::Json::object();
  if (attributes.mac) object["mac"] = attributes.mac->to_text();
  if (attributes.promisc) object["promisc"] = *attributes.promisc;
  if (attributes.mtu) object["mtu"] = *attributes.mtu;
  if (attributes.allmulti) object["allmulti"] = *attributes.allmulti;
  if (attributes.tx_queue) object["txQLen"] = *attributes.tx_queue;
  return cni::dump_json(object, 1);
}

Result<Attributes> parse_attributes(std::string_view json) {
  const cni::Json object = TRY(cni::parse_json(json));
  Attributes attributes;
  cni::Problems problems;
  read_attributes(cni::ObjectReader(&object, "", problems), attributes);
  if (problems.empty()) return attributes;
  return fail(Errc::InvalidArgument, "{}", problems.text());
}

}  // namespace netctl::tuning
