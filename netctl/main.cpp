#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>

#include "netctl/commands.hpp"
#include "runtime-core/base/log.hpp"

namespace {

using netctl::Status;
using netctl::command::Attachment;
using netctl::command::Settings;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kAbout =
    "Container networking for Linux: attach network namespaces to networks, straight against the\n"
    "kernel. Networks are CNI config files in /etc/cni/net.d; \"bridge\" is there without any.";

constexpr const char* kExample = R"(Example:
  netctl ns add web                        a namespace, also visible to `ip netns`
  netctl add bridge web -p 8080:80         attach it, publish port 8080 of the host
  netctl del bridge web
  netctl ns rm web

Environment: NETCONFPATH (config directory), CNI_PATH (plugin directories),
NETCTL_CNI_STATE_DIR (address and result files), NETCTL_NETNS_DIR, NETCTL_LOG.)";

// What was typed, and what to do about it once it has been read.
struct Line {
  Settings settings = netctl::command::settings_from_environment();
  Attachment attachment{};
  std::string name{};
  bool verbose = false;
  std::function<Status()> work{};
};

void add_target(CLI::App& command, Line& line) {
  command.add_option("network", line.attachment.network, "Name of the network")->required();
  command.add_option("namespace", line.attachment.ns, "A pinned name, a path, or pid:N")
      ->required();
  command.add_option("-i,--ifname", line.attachment.ifname, "Name of the interface inside")
      ->envname("CNI_IFNAME")
      ->capture_default_str();
  command.add_option("--id", line.attachment.container_id,
                     "Container id; otherwise derived from the namespace's path");
}

void define_attachments(CLI::App& app, Line& line) {
  auto* add = app.add_subcommand("add", "Attach a namespace to a network");
  add_target(*add, line);
  add->add_option("-p,--publish", line.attachment.publish,
                  "Publish a port: [[host address:]host port:]container port[/tcp|udp|sctp]")
      ->type_name("PORT")
      ->expected(1)
      ->take_all();
  add->add_flag("--json", line.attachment.json, "Print the CNI result");
  add->footer("Example: netctl add bridge web -p 8080:80 -p 127.0.0.1:5353:53/udp");
  add->callback(
      [&] { line.work = [&] { return netctl::command::add(line.settings, line.attachment); }; });

  auto* del = app.add_subcommand("del", "Detach a namespace; fine as well when it is gone");
  add_target(*del, line);
  del->footer("Example: netctl del bridge web");
  del->callback(
      [&] { line.work = [&] { return netctl::command::del(line.settings, line.attachment); }; });

  auto* check = app.add_subcommand("check", "Compare an attachment with what is really there");
  add_target(*check, line);
  check->footer("Example: netctl check bridge web");
  check->callback(
      [&] { line.work = [&] { return netctl::command::check(line.settings, line.attachment); }; });
}

void define_namespaces(CLI::App& app, Line& line) {
  auto* ns = app.add_subcommand("ns", "Network namespaces pinned under /run/netns");
  ns->require_subcommand(1);
  ns->footer("Example: netctl ns add web");
  auto* add = ns->add_subcommand("add", "Make a namespace, with its loopback interface up");
  add->add_option("name", line.name, "Its name")->required();
  add->callback([&] { line.work = [&] { return netctl::command::ns_add(line.name); }; });
  auto* rm = ns->add_subcommand("rm", "Unpin a namespace; it ends with its last process");
  rm->add_option("name", line.name, "Its name")->required();
  rm->callback([&] { line.work = [&] { return netctl::command::ns_rm(line.name); }; });
  ns->add_subcommand("ls", "List the pinned namespaces")->callback([&] {
    line.work = [] { return netctl::command::ns_ls(); };
  });
}

int run(const Line& line) {
  if (line.verbose) {
    netctl::log::set_level(netctl::log::Level::Debug);
    ::setenv("NETCTL_LOG", "debug", 1);  // for the plugins
  }
  const Status status = line.work();
  if (status) return EXIT_SUCCESS;
  // One line, unless there is a list to tell.
  const netctl::Error& error = status.error();
  const bool list = error.details.find('\n') != std::string::npos;
  const char* separator = error.details.empty() ? "" : list ? "\n" : "; ";
  std::fprintf(stderr, "netctl: %s%s%s\n", error.message.c_str(), separator, error.details.c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  netctl::log::set_up("netctl");
  std::signal(SIGPIPE, SIG_IGN);

  Line line;
  CLI::App app(kAbout, "netctl");
  app.footer(kExample);
  app.require_subcommand(1);
  app.set_version_flag("--version", "netctl " NETCTL_VERSION);
  app.add_flag("-v,--verbose", line.verbose, "Show what is sent to the kernel");
  app.fallthrough();
  define_attachments(app, line);
  define_namespaces(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "netctl: %s (netctl --help shows how)\n", error.what());
    return kUsage;
  }
  return run(line);
}
