#include "netctl/namespaces.hpp"

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"

namespace netctl::cli {

void define_namespaces(CLI::App& app, Session& session) {
  static std::string name;
  auto* ns = app.add_subcommand("ns", "Network namespaces pinned under /run/netns");
  ns->require_subcommand(1);
  ns->footer("Example: netctl ns add web");

  auto* add = ns->add_subcommand("add", "Make a namespace, with its loopback interface up");
  add->add_option("name", name, "Its name")->required();
  add->footer("Example: netctl ns add web");
  add->callback([&] { session.work = [&] { return command::ns_add(name); }; });

  auto* rm = ns->add_subcommand("rm", "Unpin a namespace; it ends with its last process");
  rm->add_option("namespace", name, "Its name")->required();
  rm->footer("Example: netctl ns rm web");
  rm->callback([&] { session.work = [&] { return command::ns_rm(name); }; });

  auto* ls = ns->add_subcommand("ls", "List the pinned namespaces");
  ls->footer("Example: netctl ns ls");
  ls->callback([&] { session.work = [] { return command::ns_ls(); }; });
}

}  // namespace netctl::cli
