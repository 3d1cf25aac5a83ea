#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/sandbox.hpp"

namespace netctl::cli {

void define_sandboxes(CLI::App& app, Session& session) {
  static command::Output output;
  static std::string ns;
  auto* sandbox = app.add_subcommand("sandbox", "What is in a network namespace");
  sandbox->require_subcommand(1);
  sandbox->footer("Example: netctl sandbox inspect web");

  auto* ls = sandbox->add_subcommand("ls", "List namespaces and the endpoints in them");
  add_list_options(*ls, output, command::kSandboxFilters);
  ls->footer("Example: netctl sandbox ls");
  ls->callback(
      [&] { session.work = [&] { return command::list_sandboxes(session.settings, output); }; });

  auto* inspect = sandbox->add_subcommand("inspect", "Show all that is in one");
  inspect->add_option("namespace", ns, "A pinned name, a container, a path, or pid:N")->required();
  add_output_options(*inspect, output, false);
  inspect->footer("Example: netctl sandbox inspect web -o json");
  inspect->callback([&] {
    session.work = [&] { return command::inspect_sandbox(session.settings, ns, output); };
  });
}

}  // namespace netctl::cli
