#include "runtime-core/cni/request.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/result_json.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::cni {
namespace {

constexpr std::array<std::pair<Command, std::string_view>, 6> kCommands = {
    {{Command::Add, "ADD"},
     {Command::Del, "DEL"},
     {Command::Check, "CHECK"},
     {Command::Gc, "GC"},
     {Command::Status, "STATUS"},
     {Command::Version, "VERSION"}}};

// --- environment ----------------------------------------------------------------------------

struct Variable {
  std::string_view name;
  std::string_view commands;               // that need it
  Status (*check)(std::string_view text);  // may be none
};

constexpr std::array<Variable, 4> kVariables = {
    {{"CNI_CONTAINERID", "ADD CHECK DEL", check_container_id},
     {"CNI_NETNS", "ADD CHECK", nullptr},
     {"CNI_IFNAME", "ADD CHECK DEL", check_ifname},
     {"CNI_PATH", "ADD CHECK DEL GC STATUS", nullptr}}};

std::string_view value_of(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : found->second;
}

Status check_environment(const Environment& environment, std::optional<Command> command) {
  std::string missing = value_of(environment, "CNI_COMMAND").empty() ? "CNI_COMMAND" : "";
  for (const Variable& variable : kVariables) {
    if (!command || variable.commands.find(to_text(*command)) == std::string_view::npos) continue;
    const std::string_view value = value_of(environment, variable.name);
    if (value.empty()) {
      missing += format("{}{}", missing.empty() ? "" : ",", variable.name);
    } else if (variable.check) {
      TRY(variable.check(value));
    }
  }
  if (missing.empty()) return {};
  return failure(kBadEnvironment, format("required env variables [{}] missing", missing));
}

bool is_true(std::string_view value) {
  std::string text(value);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text == "true" || text == "1";
}

std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> directories;
  while (!text.empty()) {
    const auto end = text.find(':');
    if (end != 0) directories.emplace_back(text.substr(0, end));
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return directories;
}

// --- config ---------------------------------------------------------------------------------

Error undecodable(std::string_view why) {
  return failure(kDecodeFailure, format("error unmarshall network config: {}", why));
}

// The text as a value; null counts as an object without members.
Result<std::shared_ptr<const Document>> decode(std::string text) {
  auto root = parse_json(text);
  if (!root) return undecodable(root.error().message);
  if (root->is_null()) *root = Json::object();
  return std::make_shared<const Document>(
      Document{.root = *std::move(root), .text = std::move(text)});
}

// The keys without which nothing can be checked.
Status read_identity(Request& request, const Json& root) {
  Problems problems;
  const ObjectReader keys(&root, "", problems);
  keys.read("name", request.network);
  keys.read("cniVersion", request.cni_version);
  if (!problems.empty()) return undecodable(problems.text());
  return check_network_name(request.network);
}

// The first version that has the command; nothing when all have it.
std::optional<Version> introduced_in(Command command) {
  if (command == Command::Check) return Version{.major = 0, .minor = 4, .patch = 0};
  if (command == Command::Gc || command == Command::Status) {
    return Version{.major = 1, .minor = 1, .patch = 0};
  }
  return {};
}

Status check_command(Command command, std::string_view version,
                     std::span<const std::string_view> versions) {
  const auto first = introduced_in(command);
  if (!first) return {};
  const Version wanted = TRY(parse_version(version));
  if (wanted < *first) {
    return failure(kIncompatibleVersion,
                   format("config version does not allow {}", to_text(command)));
  }
  for (const std::string_view supported : versions) {
    if (TRY(parse_version(supported)) >= wanted) return {};
  }
  return failure(kIncompatibleVersion,
                 format("plugin version does not allow {}", to_text(command)));
}

Status check_version(std::string_view version, std::span<const std::string_view> versions) {
  const std::string_view wanted = version.empty() ? kVersions.front() : version;
  if (std::ranges::find(versions, wanted) != versions.end()) return {};
  std::string list;
  for (const std::string_view supported : versions) {
    list += format("{}\"{}\"", list.empty() ? "" : " ", supported);
  }
  return failure(kIncompatibleVersion, "incompatible CNI versions",
                 format("config is \"{}\", plugin supports [{}]", wanted, list));
}

// Versions whose results have the same shape; "" is the config that has none.
std::span<const std::string_view> family_of(std::string_view version) {
  static constexpr std::array<std::string_view, 3> kPerFamily = {"", "0.1.0", "0.2.0"};
  static constexpr std::array<std::string_view, 3> kWithVersion = {"0.3.0", "0.3.1", "0.4.0"};
  static constexpr std::array<std::string_view, 2> kWithoutVersion = {"1.0.0", "1.1.0"};
  if (version < "0.3.0") return kPerFamily;
  if (version < "1.0.0") return kWithVersion;
  return kWithoutVersion;
}

Result<AddResult> parse_prev_result(const Json& value, std::string_view config_version) {
  const Json* declared = find_member(value, "cniVersion");
  if (declared && declared->is_string() && !declared->get_ref<const std::string&>().empty()) {
    const std::string_view version = declared->get_ref<const std::string&>();
    const auto family = family_of(config_version);
    if (std::ranges::find(family, version) == family.end()) {
      std::string list;
      for (const std::string_view each : family) list += format("{} ", each);
      list.pop_back();
      return fail(Errc::InvalidArgument,
                  "result type supports [{}] but unmarshalled CNIVersion is \"{}\"", list, version);
    }
  }
  return result_from_json(value, config_version);
}

void read_prev_result(Request& request, const Json& root, Problems& problems) {
  const Json* value = find_member(root, "prevResult");
  if (!value) return;
  auto result = parse_prev_result(*value, request.cni_version);
  if (result) {
    request.prev_result = *std::move(result);
  } else {
    problems.add("could not parse prevResult: " + result.error().message);
  }
}

// The specification and libcni each had another name for the key at some time; what either of them
// lists is valid, so that in doubt more is kept.
Status read_valid_attachments(Request& request, const Json& root) {
  Problems problems;
  const ObjectReader keys(&root, "", problems);
  for (const char* key : {"cni.dev/valid-attachments", "cni.dev/attachments"}) {
    for (const ObjectReader& item : keys.children(key)) {
      Attachment attachment;
      item.require("containerID", attachment.container_id);
      item.require("ifname", attachment.ifname);
      request.valid_attachments.push_back(std::move(attachment));
    }
  }
  auto& all = request.valid_attachments;
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return problems.status();
}

// An empty list counts too: it is how a config takes away what the IPAM plugin gives.
std::optional<Dns> find_dns(const ObjectReader& keys) {
  Dns dns = read_dns(keys);
  const bool any = std::ranges::any_of(std::array{"nameservers", "search", "options"},
                                       [&](const char* key) { return keys.has(key); });
  if (any || !dns.empty()) return dns;
  return std::nullopt;
}

// Everything else that the protocol itself puts into a config.
Problems read_rest(Request& request, const Json& root) {
  Problems problems;
  const ObjectReader keys(&root, "", problems);
  keys.child("ipam").read("type", request.ipam_type);
  request.dns = find_dns(keys.child("dns"));
  if (request.command == Command::Gc || request.command == Command::Status) return problems;
  read_prev_result(request, root, problems);
  return problems;
}

}  // namespace

std::string_view to_text(Command command) {
  for (const auto& [each, text] : kCommands) {
    if (each == command) return text;
  }
  return "";
}

std::optional<Command> find_command(std::string_view text) {
  for (const auto& [command, each] : kCommands) {
    if (each == text) return command;
  }
  return {};
}

Status Request::require_prev_result() const {
  if (prev_result) return {};
  return failure(kInvalidConfig, "required prevResult missing");
}

Result<Request> parse_environment(Environment environment) {
  const auto command = find_command(value_of(environment, "CNI_COMMAND"));
  TRY(check_environment(environment, command));
  Request request;
  request.command = command.value_or(Command::Version);
  request.container_id = value_of(environment, "CNI_CONTAINERID");
  request.netns = value_of(environment, "CNI_NETNS");
  request.ifname = value_of(environment, "CNI_IFNAME");
  request.args = value_of(environment, "CNI_ARGS");
  request.path = split_path(value_of(environment, "CNI_PATH"));
  request.netns_override = is_true(value_of(environment, "CNI_NETNS_OVERRIDE"));
  request.environment = std::move(environment);
  return request;
}

Status add_config(Request& request, std::string text, std::span<const std::string_view> versions) {
  auto config = TRY(decode(std::move(text)));
  return add_config(request, std::move(config), versions);
}

Status add_config(Request& request, std::shared_ptr<const Document> config,
                  std::span<const std::string_view> versions) {
  if (!config->root.is_object()) return undecodable("the config is not an object");
  TRY(read_identity(request, config->root));
  const std::string_view command = value_of(request.environment, "CNI_COMMAND");
  if (!find_command(command)) {
    return failure(kBadEnvironment, format("unknown CNI_COMMAND: {}", command));
  }
  TRY(check_command(request.command, request.cni_version, versions));
  TRY(check_version(request.cni_version, versions));

  if (request.command == Command::Gc) TRY(read_valid_attachments(request, config->root));
  const Problems problems = read_rest(request, config->root);
  const bool removes = request.command == Command::Del || request.command == Command::Gc;
  if (!problems.empty() && !removes) return problems.status();
  if (!problems.empty()) log::warn("going on without a part of the config: {}", problems.text());
  if (request.cni_version.empty()) request.cni_version = kVersions.front();
  request.config = std::move(config);
  return {};
}

}  // namespace netctl::cni
