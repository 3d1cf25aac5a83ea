#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/connect.hpp"
#include "netctl/network.hpp"
#include "netctl/network_create.hpp"

namespace netctl::cli {
namespace {

struct TypedNetwork {
  std::vector<std::string> names{};
  std::string name{};
  std::vector<std::string> filters{};
  bool force = false;
  command::Output output{};
  command::CreateRequest create{};
  bool disable_dns = false;
  command::Target target{};
  command::Wanted wanted{};
};

CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& texts,
                      const std::string& what) {
  return command.add_option(name, texts, what)->expected(1)->take_all();
}

void define_create(CLI::App& network, Session& session, TypedNetwork& typed) {
  command::CreateRequest& request = typed.create;
  auto* create = network.add_subcommand("create", "Write a config file for a new network");
  create->add_option("name", request.name, "Its name; otherwise one is made up");
  create->add_option("-d,--driver", request.driver, "Plugin that attaches")->capture_default_str();
  add_list(*create, "--subnet", request.subnets,
           "Subnet to give addresses of; otherwise a free one")
      ->type_name("PREFIX");
  add_list(*create, "--gateway", request.gateways,
           "Gateway in the subnet; otherwise its first address")
      ->type_name("ADDRESS");
  add_list(*create, "--ip-range", request.ip_ranges, "Part of the subnet to give addresses of")
      ->type_name("PREFIX|FIRST-LAST");
  add_list(*create, "--aux-address", request.excluded, "Address in the subnet that is never given")
      ->type_name("[NAME=]ADDRESS");
  create->add_flag("--ipv6", request.ipv6, "Addresses of both families");
  add_list(*create, "--route", request.routes, "Route in the containers")
      ->type_name("DESTINATION,GATEWAY[,METRIC]");
  add_list(*create, "--dns", request.dns, "Name server of the containers")->delimiter(',');
  create->add_flag("--disable-dns", typed.disable_dns,
                   "Accepted for Podman's sake: there is no name server of our own");
  create->add_option("--interface-name", request.bridge, "Name of the bridge");
  create->add_flag("--internal", request.internal, "Nothing enters or leaves; the host is reached");
  add_list(*create, "--label", request.labels, "Label of the network")->type_name("KEY=VALUE");
  add_list(*create, "-o,--opt", request.options,
           "Option of the bridge: mtu, isolate, gateway_mode, …")
      ->type_name("KEY=VALUE");
  create->add_option("--ipam-driver", request.ipam, "host-local or none")->capture_default_str();
  create->add_flag("--ignore", request.ignore, "A network of that name is fine");
  create->add_flag("--dry-run", request.dry_run, "Print the file, and write nothing");
  create->footer("Example: netctl network create web --subnet 10.5.0.0/24 --label tier=front");
  create->callback([&] {
    session.work = [&] { return command::create_network(session.settings, typed.create); };
  });
}

void define_ls_and_inspect(CLI::App& network, Session& session, TypedNetwork& typed) {
  auto* ls = network.add_subcommand("ls", "List networks")->alias("list");
  add_list_options(*ls, typed.output, command::kNetworkFilters);
  ls->footer("Example: netctl network ls -f driver=bridge");
  ls->callback([&] {
    session.work = [&] { return command::list_networks(session.settings, typed.output); };
  });

  auto* inspect = network.add_subcommand("inspect", "Show networks, their config and containers");
  inspect->add_option("network", typed.names, "Names of the networks")->required();
  inspect
      ->add_option_function<std::string>(
          "-o,--output", [&typed](const std::string& kind) { typed.output.yaml = kind == "yaml"; },
          "Print JSON or YAML")
      ->type_name("json|yaml")
      ->check(CLI::IsMember({"json", "yaml"}));
  inspect->add_option("--format", typed.output.format, "Print by a template, see netctl ls --help")
      ->type_name("TEMPLATE");
  inspect->footer("Example: netctl network inspect bridge --format '{{.Subnets}}'");
  inspect->callback([&] {
    session.work = [&] {
      return command::inspect_networks(session.settings, typed.names, typed.output);
    };
  });

  auto* exists = network.add_subcommand("exists", "Tell by the exit status whether there is one");
  exists->add_option("network", typed.name, "Name of the network")->required();
  exists->footer("Example: netctl network exists web && echo there");
  exists->callback([&] {
    session.work = [&] { return command::network_exists(session.settings, typed.name); };
  });
}

void define_removal(CLI::App& network, Session& session, TypedNetwork& typed) {
  auto* rm = network.add_subcommand("rm", "Remove networks")->alias("remove");
  rm->add_option("network", typed.names, "Names of the networks")->required();
  rm->add_flag("-f,--force", typed.force, "Detach what is attached first; one not there is fine");
  rm->footer("Example: netctl network rm web");
  rm->callback([&] {
    session.work = [&] {
      return command::remove_networks(session.settings, typed.names, typed.force);
    };
  });

  auto* prune = network.add_subcommand("prune", "Remove networks that nothing is attached to");
  prune->add_flag("-f,--force", typed.force, "Do not ask");
  prune->add_option("--filter", typed.filters, "Only those for which KEY=VALUE holds: label, until")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  prune->footer("Example: netctl network prune -f --filter until=24h");
  prune->callback([&] {
    session.work = [&] {
      return command::prune_networks(session.settings, typed.filters, typed.force);
    };
  });
}

void define_connection(CLI::App& network, Session& session, TypedNetwork& typed) {
  auto* connect = network.add_subcommand("connect", "Attach a container that runs to one more");
  connect->add_option("network", typed.target.network, "Name of the network")->required();
  connect->add_option("namespace", typed.target.ns, "A pinned name, a container, a path, or pid:N")
      ->required();
  connect->add_option("--id", typed.target.container_id, "Container id");
  add_list(*connect, "--ip,--ip6", typed.wanted.ips, "Ask for this address; once for each family")
      ->type_name("ADDRESS");
  connect->add_option("--mac-address", typed.wanted.mac, "MAC address of the interface inside");
  connect->footer("Example: netctl network connect back web");
  connect->callback([&] {
    session.work = [&] {
      return command::connect(session.settings, typed.target, typed.wanted, typed.output);
    };
  });

  auto* disconnect = network.add_subcommand("disconnect", "Detach a container from a network");
  disconnect->add_option("network", typed.target.network, "Name of the network")->required();
  disconnect->add_option("namespace", typed.target.ns, "As for connect; or --id");
  disconnect->add_option("--id", typed.target.container_id, "Container id");
  disconnect->add_flag("-f,--force", typed.force, "One that is not connected is fine");
  disconnect->footer("Example: netctl network disconnect back web");
  disconnect->callback([&] {
    session.work = [&] { return command::disconnect(session.settings, typed.target, typed.force); };
  });
}

}  // namespace

void define_networks(CLI::App& app, Session& session) {
  static TypedNetwork typed;
  auto* network = app.add_subcommand("network", "Networks: list, create, remove");
  network->require_subcommand(1);
  network->footer("Example: netctl network ls");
  define_ls_and_inspect(*network, session, typed);
  define_create(*network, session, typed);
  define_removal(*network, session, typed);
  define_connection(*network, session, typed);
}

}  // namespace netctl::cli
