#include "netctl/cli/cli.hpp"

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

}  // namespace

void define_all(CLI::App& app, Session& session) {
  app.description(kAbout);
  app.footer(kExample);
  app.require_subcommand(1);
  app.set_version_flag("--version", "netctl " NETCTL_VERSION);
  app.add_flag("-v,--verbose", session.verbose, "Show what is sent to the kernel, and when");
  app.fallthrough();
  define_attachments(app, session);
  define_upkeep(app, session);
  define_networks(app, session);
  define_namespaces(app, session);
  define_sandboxes(app, session);
  define_ipam(app, session);
  define_containers(app, session);
  define_completion(app, session);
}

void add_output_options(CLI::App& command, command::Output& output, bool is_list) {
  command
      .add_option_function<std::string>(
          "-o,--output", [&output](const std::string& kind) { output.json = kind == "json"; },
          "Print a table or JSON")
      ->type_name("table|json")
      ->check(CLI::IsMember({"table", "json"}));
  command
      .add_option("--format", output.format,
                  "Print by a template: '{{.Field}}', '{{json .}}', 'table {{.A}}\\t{{.B}}', json")
      ->type_name("TEMPLATE");
  if (!is_list) return;
  command.add_flag("-q,--quiet", output.quiet, "Print only what each is named by");
  command.add_flag("-n,--noheading", output.no_heading, "Print no heading");
  command.add_flag("--no-trunc", output.whole, "Shorten nothing");
}

void add_filter_option(CLI::App& command, std::vector<std::string>& filters,
                       const std::string& keys) {
  command.add_option("-f,--filter", filters, "Only those for which KEY=VALUE holds: " + keys)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
}

}  // namespace netctl::cli
