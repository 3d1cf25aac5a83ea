#include "netctl/port.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "runtime-core/addr/port.hpp"
#include "runtime-core/attach/publish.hpp"

namespace netctl::command {
namespace {

using attach::PublishedPort;

// A port of a container.
struct Inside {
  std::uint16_t port = 0;
  Protocol protocol = Protocol::Tcp;
};

Result<Inside> parse_inside(const std::string& text) {
  const auto slash = text.find('/');
  Inside inside{.port = TRY(parse_port(text.substr(0, slash)))};
  if (slash != std::string::npos) inside.protocol = TRY(parse_protocol(text.substr(slash + 1)));
  return inside;
}

std::string inside_text(const PublishedPort& port) {
  return format("{}/{}", port.mapping.container_port, to_text(port.mapping.protocol));
}

std::string host_text(const PublishedPort& port) {
  return with_port(*port.mapping.host_ip, port.mapping.host_port);
}

Facts facts_of(const PublishedPort& port) {
  return {fact("port", inside_text(port)),
          fact("host", host_text(port)),
          fact("hostAddress", port.mapping.host_ip->to_text()),
          fact("hostPort", std::int64_t{port.mapping.host_port}),
          fact("containerAddress", port.container.to_text()),
          fact("containerPort", std::int64_t{port.mapping.container_port}),
          fact("protocol", std::string(to_text(port.mapping.protocol)))};
}

using WantedPort = std::optional<Inside>;

Result<std::vector<Facts>> read_facts(const std::string& container_id, const WantedPort& wanted,
                                      const std::string& who) {
  auto ports = TRY(attach::published_ports(container_id));
  if (wanted) {
    std::erase_if(ports, [&](const PublishedPort& one) {
      return one.mapping.container_port != wanted->port || one.mapping.protocol != wanted->protocol;
    });
    if (ports.empty()) {
      return fail(Errc::NotFound, "no host port leads to {}/{} of {}", wanted->port,
                  to_text(wanted->protocol), who);
    }
  }
  std::vector<Facts> things;
  things.reserve(ports.size());
  for (const PublishedPort& one : ports) things.push_back(facts_of(one));
  return things;
}

}  // namespace

Status list_published(const Settings& settings, const Target& typed, const std::string& typed_port,
                      const Output& output) {
  Target target = typed;
  std::string port = typed_port;
  // With an id the one word that is left is the port.
  if (!target.container_id.empty() && port.empty()) std::swap(target.ns, port);
  WantedPort wanted;
  if (!port.empty()) wanted = TRY(parse_inside(port).context("port \"{}\"", port));
  const Target whole = TRY(resolved(settings, target));
  const Place place = TRY(place_of(whole));
  const std::string who = target.ns.empty() ? place.container_id : target.ns;
  static constexpr std::array<Column, 3> kColumns{
      {{"PORT", "port"}, {"HOST", "host"}, {"ADDRESS", "containerAddress", 0, true}}};
  const auto line = [&](const Facts& facts) {
    const std::string inside = wanted ? "" : facts[0].text + " -> ";
    return inside + facts[1].text;
  };
  return show_list(
      {.columns = kColumns,
       .name = "host",
       .filters = kPublishedFilters,
       .read = [&] { return read_facts(place.container_id, wanted, who); },
       .changes = {.directories = {settings.state_directory + "/results"}, .untold = true},
       .line = line},
      output);
}

}  // namespace netctl::command
