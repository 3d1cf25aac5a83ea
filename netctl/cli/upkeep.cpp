#include "netctl/upkeep.hpp"

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/doctor.hpp"
#include "netctl/firewall_watch.hpp"
#include "netctl/install.hpp"
#include "netctl/trace.hpp"
#include "netctl/version.hpp"

namespace netctl::cli {
namespace {

void define_install(CLI::App& app, Session& session) {
  static command::Installation wanted;
  auto* install = app.add_subcommand("install", "Put the plugins where CNI runtimes look for them");
  install->add_option("--dir", wanted.directory, "The runtimes' plugin directory")
      ->type_name("DIRECTORY")
      ->capture_default_str();
  install->add_option("--from", wanted.source, "Where the plugins are; otherwise those of netctl")
      ->type_name("DIRECTORY");
  install->add_flag("--force", wanted.force, "Also in place of others, kept as NAME.before-netctl");
  install->add_flag("--uninstall", wanted.uninstall, "Remove ours, and restore what was there");
  install->add_flag("--dry-run", wanted.dry_run, "Say what would be done, and change nothing");
  install->footer("Example: netctl install --dir /opt/cni/bin");
  install->callback([&] { session.work = [&] { return command::install_plugins(wanted); }; });
}

void define_version(CLI::App& app, Session& session) {
  static command::Output output;
  auto* version = app.add_subcommand("version", "Tell the version, and what this kernel can do");
  add_output_options(*version, output, false);
  version->footer("Example: netctl version -o json");
  version->callback([&] { session.work = [&] { return command::print_version(output); }; });
}

}  // namespace

void define_upkeep(CLI::App& app, Session& session) {
  static command::Garbage garbage;
  static bool watch = false;
  static bool fix = false;
  static command::Output output;
  static std::string network;
  static std::string source;
  static std::string target;
  static std::string ignored;  // cnitool wants a namespace here, and does nothing with it

  auto* gc = app.add_subcommand("gc", "Detach what is gone, remove what nobody has any more");
  gc->add_option("network", garbage.network, "Name of the network; otherwise all of them");
  gc->add_option("namespace", ignored, "Not looked at: cnitool has it")->group("");
  gc->add_flag("--all", garbage.all, "Detach everything, containers that are there included");
  gc->add_flag("--dry-run", garbage.dry_run, "Say what would be detached, and change nothing");
  gc->footer("Example: netctl gc bridge");
  gc->callback(
      [&] { session.work = [&] { return command::collect_garbage(session.settings, garbage); }; });

  auto* reload = app.add_subcommand("reload", "Put back firewall rules that somebody has flushed");
  reload->add_flag("--watch", watch, "Stay, and do so each time that somebody flushes them");
  reload->footer("Example: nft flush ruleset; netctl reload");
  reload->callback([&] {
    session.work = [&] {
      return watch ? command::watch_firewall(session.settings) : command::reload(session.settings);
    };
  });

  auto* status = app.add_subcommand("status", "Tell whether a network could take a container now");
  status->add_option("network", network, "Name of the network")->required();
  status->add_option("namespace", ignored, "Not looked at: cnitool has it")->group("");
  status->footer("Example: netctl status bridge");
  status->callback(
      [&] { session.work = [&] { return command::status(session.settings, network); }; });

  auto* trace = app.add_subcommand("trace", "Tell which firewall rule decides about a packet");
  trace->add_option("source", source, "A pinned name, a container, a path, pid:N, or host")
      ->required();
  trace->add_option("target", target, "Address or name, and a port: db:80, [fd00::2]:53/udp")
      ->required();
  add_output_options(*trace, output, false);
  trace->footer("Example: netctl trace web 10.88.0.3:80");
  trace->callback([&] {
    session.work = [&] { return command::trace(session.settings, source, target, output); };
  });

  auto* doctor = app.add_subcommand("doctor", "Look for what keeps containers from their network");
  doctor->add_flag("--fix", fix, "First put back rules and forwarding, and detach what is gone");
  add_output_options(*doctor, output, true);
  doctor->footer("Example: netctl doctor -o json");
  doctor->callback(
      [&] { session.work = [&] { return command::examine(session.settings, fix, output); }; });
  define_install(app, session);
  define_version(app, session);
}

}  // namespace netctl::cli
