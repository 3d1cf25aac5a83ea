#include "netctl/ipam.hpp"

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"

namespace netctl::cli {

void define_ipam(CLI::App& app, Session& session) {
  static command::Output output;
  static std::string network;
  static std::vector<std::string> names;
  static std::vector<std::string> wanted;
  static bool force = false;
  auto* ipam = app.add_subcommand("ipam", "The addresses that host-local gives");
  ipam->require_subcommand(1);
  ipam->footer("Example: netctl ipam ls");

  auto* ls = ipam->add_subcommand("ls", "Show how full ranges are");
  ls->add_option("network", names, "Names of the networks; otherwise all of them");
  add_list_options(*ls, output, command::kRangeFilters);
  ls->footer("Example: netctl ipam ls bridge");
  ls->callback([&] {
    session.work = [&] { return command::list_ranges(session.settings, names, output); };
  });

  auto* show = ipam->add_subcommand("show", "Show who holds what since when");
  show->add_option("network", network, "Name of the network")->required();
  add_list_options(*show, output, command::kHoldingFilters);
  show->footer("Example: netctl ipam show bridge");
  show->callback([&] {
    session.work = [&] { return command::show_addresses(session.settings, network, output); };
  });

  auto* release = ipam->add_subcommand("release", "Release addresses that nobody uses any more");
  release->add_option("network", network, "Name of the network")->required();
  release->add_option("what", wanted, "Addresses, or ids of containers")->required();
  release->add_flag("-f,--force", force, "Do not ask");
  release->footer("Example: netctl ipam release bridge 172.17.0.9");
  release->callback([&] {
    session.work = [&] {
      return command::release_addresses(session.settings, network, wanted, force);
    };
  });
}

}  // namespace netctl::cli
