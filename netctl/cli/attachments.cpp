#include "netctl/attachments.hpp"

#include <CLI/CLI.hpp>

#include "netctl/attach.hpp"
#include "netctl/cli/cli.hpp"
#include "netctl/port.hpp"
#include "netctl/ports.hpp"

namespace netctl::cli {
namespace {

// What was typed of these commands; lives as long as the program.
struct Typed {
  command::Target target{};
  command::Wanted wanted{};
  command::Output output{};
  std::string port{};  // of the container
};

// A container that is gone can be named by its id alone; one that is to be attached cannot.
void add_names(CLI::App& command, Typed& typed, bool needs_ns) {
  command.add_option("network", typed.target.network, "Name of the network")->required();
  command
      .add_option("namespace", typed.target.ns,
                  needs_ns ? "A pinned name, a container, a path, or pid:N"
                           : "A pinned name, a container, a path, or pid:N; not needed with --id")
      ->required(needs_ns);
  command.add_option("-i,--ifname", typed.target.ifname, "Name of the interface inside")
      ->envname("CNI_IFNAME")
      ->capture_default_str();
  command.add_option("--id", typed.target.container_id,
                     "Container id; otherwise derived from the namespace's path");
}

void add_args(CLI::App& command, Typed& typed) {
  // Not an option with an envname, which what is typed would take the place of.
  command::take_environment(typed.target);
  command.add_option("--arg", typed.target.args, "Argument for the plugins (CNI_ARGS)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
}

}  // namespace

void define_add(CLI::App& app, Session& session) {
  static Typed typed;
  auto* add = app.add_subcommand("add", "Attach a namespace to a network");
  add_names(*add, typed, true);
  add_args(*add, typed);
  add->add_option("-p,--publish", typed.wanted.publish,
                  "Publish a port: [[host address:]host port:]container port[/tcp|udp|sctp]")
      ->type_name("PORT")
      ->expected(1)
      ->take_all();
  add->add_option("--ip", typed.wanted.ips, "Ask for this address; once for each family")
      ->type_name("ADDRESS")
      ->expected(1)
      ->take_all();
  add->add_option("--mac", typed.wanted.mac, "MAC address of the interface inside");
  add->add_option(
         "--cap", typed.wanted.capability_args,
         "Capability arguments (CAP_ARGS), e.g. '{\"bandwidth\": {\"ingressRate\": 1000}}'")
      ->type_name("JSON");
  add->add_option_function<std::string>(
         "-o,--output", [](const std::string& kind) { typed.output.json = kind == "json"; },
         "Print what was given, or the CNI result")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  add->footer("Example: netctl add bridge web -p 8080:80 -p 127.0.0.1:5353:53/udp --ip 172.17.0.9");
  add->callback([&] {
    session.work = [&] {
      return command::add(session.settings, typed.target, typed.wanted, typed.output);
    };
  });
}

void define_del_and_check(CLI::App& app, Session& session) {
  static Typed typed;
  auto* del = app.add_subcommand("del", "Detach a namespace; fine as well when it is gone");
  add_names(*del, typed, false);
  add_args(*del, typed);
  del->footer("Example: netctl del bridge web");
  del->callback(
      [&] { session.work = [&] { return command::del(session.settings, typed.target); }; });

  auto* check = app.add_subcommand("check", "Compare an attachment with what is really there");
  add_names(*check, typed, false);
  add_args(*check, typed);
  check->footer("Example: netctl check bridge web");
  check->callback(
      [&] { session.work = [&] { return command::check(session.settings, typed.target); }; });
}

namespace {

void define_ls_and_inspect(CLI::App& app, Session& session, Typed& typed) {
  auto* ls = app.add_subcommand("ls", "List attachments: who is attached where, and how it fares");
  add_list_options(*ls, typed.output, command::kAttachmentFilters);
  ls->footer("Example: netctl ls -f network=bridge --format '{{.Namespace}} {{.Addresses}}'");
  ls->callback([&] {
    session.work = [&] { return command::list_attachments(session.settings, typed.output); };
  });

  auto* inspect = app.add_subcommand("inspect", "Show all that is known of one attachment");
  add_names(*inspect, typed, false);
  add_output_options(*inspect, typed.output, false);
  inspect->footer("Example: netctl inspect bridge web -o json");
  inspect->callback([&] {
    session.work = [&] {
      return command::inspect_attachment(session.settings, typed.target, typed.output);
    };
  });
}

void define_port(CLI::App& app, Session& session, Typed& typed) {
  auto* port = app.add_subcommand("port", "List what of the host leads to a container's ports");
  port->add_option("namespace", typed.target.ns,
                   "A pinned name, a container, a path, or pid:N; not needed with --id");
  port->add_option("port", typed.port, "One port of the container: 80, 53/udp");
  port->add_option("--id", typed.target.container_id,
                   "Container id; otherwise derived from the namespace's path");
  add_list_options(*port, typed.output, command::kPublishedFilters);
  port->footer("Example: netctl port web 80/tcp");
  port->callback([&] {
    session.work = [&] {
      return command::list_published(session.settings, typed.target, typed.port, typed.output);
    };
  });
}

void define_ports(CLI::App& app, Session& session, Typed& typed) {
  auto* ports = app.add_subcommand("ports", "List published ports: where, to whom, by which map");
  add_list_options(*ports, typed.output, command::kPortFilters);
  ports->footer("Example: netctl ports -f outside=yes --format '{{.Port}} {{.Namespace}}'");
  ports->callback(
      [&] { session.work = [&] { return command::list_ports(session.settings, typed.output); }; });
}

}  // namespace

void define_attachment_lists(CLI::App& app, Session& session) {
  static Typed typed;
  define_ls_and_inspect(app, session, typed);
  define_port(app, session, typed);
  define_ports(app, session, typed);
}

}  // namespace netctl::cli
