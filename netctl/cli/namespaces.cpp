#include "netctl/namespaces.hpp"

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/run.hpp"

namespace netctl::cli {

void define_namespaces(CLI::App& app, Session& session) {
  static std::string name;
  static std::vector<std::string> kinds;
  static command::Output output;
  auto* ns =
      app.add_subcommand("ns", "Namespaces pinned by name, those of the network in /run/netns");
  ns->require_subcommand(1);
  ns->footer("Example: netctl ns add web");

  auto* add = ns->add_subcommand("add", "Make a namespace, with its loopback interface up");
  add->add_option("name", name, "Its name")->required();
  add->add_option("--kind", kinds, "Of which kinds: cgroup, ipc, mnt, net, pid, time, user, uts")
      ->type_name("KIND[,KIND…]")
      ->expected(1)
      ->take_all();
  add->footer("Example: netctl ns add --kind net,uts,ipc web");
  add->callback(
      [&] { session.work = [&] { return command::ns_add(session.settings, name, kinds); }; });

  auto* rm = ns->add_subcommand("rm", "Unpin a namespace; it ends with its last process");
  rm->add_option("namespace", name, "Its name")->required();
  rm->footer("Example: netctl ns rm web");
  rm->callback([&] { session.work = [&] { return command::ns_rm(session.settings, name); }; });

  auto* ls = ns->add_subcommand("ls", "List the pinned namespaces");
  add_list_options(*ls, output, command::kNamespaceFilters);
  ls->footer("Example: netctl ns ls -o wide");
  ls->callback([&] { session.work = [&] { return command::ns_ls(session.settings, output); }; });

  auto* exec = ns->add_subcommand("exec", "Run a program in all namespaces of a name");
  exec->add_option("namespace", name, "Their name")->required();
  take_program(*exec);
  exec->footer("Example: netctl ns exec web -- ip addr");
  exec->callback([&session] {
    session.work = [&session]() -> Status {
      session.failure_status = command::kOurFailure;
      if (session.program.empty()) return fail(Errc::InvalidArgument, "name the program to run");
      session.exit_status =
          TRY(command::ns_exec(session.settings, name, session.program, session.failure_status));
      return ok();
    };
  });
}

}  // namespace netctl::cli
