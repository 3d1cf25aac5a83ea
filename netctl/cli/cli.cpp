#include "netctl/cli/cli.hpp"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

namespace netctl::cli {
namespace {

constexpr const char* kAbout =
    "Container networking for Linux: attach network namespaces to networks, straight against the\n"
    "kernel. Networks are CNI config files in /etc/cni/net.d; bridge, host, none and container "
    "are\n"
    "there without any.";

constexpr const char* kExample = R"(Example:
  netctl ns add web                        a namespace, also visible to `ip netns`
  netctl add bridge web -p 8080:80         attach it, publish port 8080 of the host
  netctl ls
  netctl del bridge web
  netctl ns rm web

Environment: NETCONFPATH (config directory), CNI_PATH (plugin directories), CNI_ARGS, CAP_ARGS,
CNI_IFNAME (as flags of add), NETCTL_CNI_STATE_DIR (address and result files), NETCTL_NETNS_DIR,
NETCTL_LOG.
Exit status: 0 done, 1 failed, 2 not understood.)";

struct Group {
  void (*define)(CLI::App& app, Session& session);
  std::vector<std::string_view> commands;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all{
      {define_add, {"add"}},
      {define_del_and_check, {"del", "check"}},
      {define_attachment_lists, {"ls", "inspect", "port", "ports"}},
      {define_upkeep, {"gc", "reload", "status", "trace", "doctor", "install", "version"}},
      {define_graph, {"graph"}},
      {define_networks, {"network"}},
      {define_namespaces, {"ns"}},
      {define_sandboxes, {"sandbox"}},
      {define_ipam, {"ipam"}},
      {define_containers,
       {"run", "exec", "ps", "stats", "logs", "pause", "unpause", "stop", "kill", "rm", "update"}},
      {define_manual, {"manual"}},
      // Completion has to know all the others.
      {define_completion, {}}};
  return all;
}

const Group* group_of(const std::vector<std::string>& words) {
  const auto command = std::ranges::find_if(
      words, [](const std::string& word) { return word != "-v" && word != "--verbose"; });
  if (command == words.end()) return nullptr;
  const auto group = std::ranges::find_if(groups(), [&](const Group& each) {
    return std::ranges::find(each.commands, *command) != each.commands.end();
  });
  return group == groups().end() ? nullptr : &*group;
}

}  // namespace

void define_for(const std::vector<std::string>& words, CLI::App& app, Session& session) {
  app.description(kAbout);
  app.footer(kExample);
  app.require_subcommand(1);
  app.set_version_flag("--version", "netctl " NETCTL_VERSION);
  app.add_flag("-v,--verbose", session.verbose, "Show what is sent to the kernel, and when");
  app.fallthrough();
  if (const Group* group = group_of(words)) return group->define(app, session);
  for (const Group& group : groups()) group.define(app, session);
}

CLI::App* find_subcommand(CLI::App& app, const std::string& name) {
  for (CLI::App* each : app.get_subcommands({})) {
    if (each->check_name(name)) return each;
  }
  return nullptr;
}

std::string missing_command(CLI::App& app, const std::vector<std::string>& words) {
  CLI::App* at = &app;
  std::string path;
  for (const std::string& word : words) {
    if (word.starts_with('-')) continue;
    path += (path.empty() ? "" : " ") + word;
    CLI::App* const next = find_subcommand(*at, word);
    if (next == nullptr) return format("there is no command \"{}\"", path);
    at = next;
  }
  std::string names;
  for (const CLI::App* each : at->get_subcommands({})) {
    if (each->get_group().empty()) continue;  // not for people
    names += (names.empty() ? "" : ", ") + each->get_name();
  }
  return format("{} needs one of: {}", path.empty() ? "netctl" : path, names);
}

void add_output_options(CLI::App& command, command::Output& output, bool has_table) {
  const auto take = [&output](const std::string& kind) {
    output.json = kind == "json";
    output.yaml = kind == "yaml";
    output.wide = kind == "wide";
  };
  std::vector<std::string> kinds{"table", "json", "yaml"};
  if (has_table) kinds.insert(kinds.begin() + 1, "wide");
  command
      .add_option_function<std::string>("-o,--output", take,
                                        has_table
                                            ? "Print a table, one with more columns, JSON or YAML"
                                            : "Print a table, JSON or YAML")
      ->type_name(CLI::detail::join(kinds, "|"))
      ->check(CLI::IsMember(kinds));
  command
      .add_option("--format", output.format,
                  "Print by a template: '{{.Field}}', '{{json .}}', 'table {{.A}}\\t{{.B}}', json")
      ->type_name("TEMPLATE");
  if (!has_table) return;
  command.add_flag("-q,--quiet", output.quiet, "Print only what each is named by");
  command.add_flag("-n,--noheading", output.no_heading, "Print no heading");
  command.add_flag("--no-trunc", output.whole, "Shorten nothing");
}

void add_list_options(CLI::App& command, command::Output& output,
                      std::span<const std::string_view> filters) {
  add_output_options(command, output, true);
  std::string keys;
  for (const std::string_view each : filters) keys.append(keys.empty() ? "" : ", ").append(each);
  // Completion reads the keys off this text.
  command
      .add_option("-f,--filter", output.filters, "Only those for which KEY=VALUE holds: " + keys)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command.add_flag("-w,--watch", output.watch, "Show it again whenever it changes; Ctrl-C leaves");
}

}  // namespace netctl::cli
