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

Status print_lines(const std::vector<PublishedPort>& ports, bool with_inside) {
  std::string text;
  for (const PublishedPort& port : ports) {
    if (with_inside) text += inside_text(port) + " -> ";
    text += host_text(port) + "\n";
  }
  return print(text);
}

}  // namespace

Status list_published(const Target& typed, const std::string& typed_port, const Output& output) {
  Target target = typed;
  std::string port = typed_port;
  // With an id the one word that is left is the port.
  if (!target.container_id.empty() && port.empty()) std::swap(target.ns, port);
  std::optional<Inside> wanted;
  if (!port.empty()) wanted = TRY(parse_inside(port).context("port \"{}\"", port));
  const Place place = TRY(place_of(target));
  auto ports = TRY(attach::published_ports(place.container_id));
  if (wanted) {
    std::erase_if(ports, [&](const PublishedPort& one) {
      return one.mapping.container_port != wanted->port || one.mapping.protocol != wanted->protocol;
    });
    if (ports.empty()) {
      return fail(Errc::NotFound, "no host port leads to {}/{} of {}", wanted->port,
                  to_text(wanted->protocol), target.ns.empty() ? place.container_id : target.ns);
    }
  }
  if (!output.json && output.format.empty()) return print_lines(ports, !wanted);
  std::vector<Facts> things;
  for (const PublishedPort& one : ports) things.push_back(facts_of(one));
  static constexpr std::array<Column, 2> kColumns{{{"PORT", "port"}, {"HOST", "host"}}};
  return print_list(things, kColumns, "host", output);
}

}  // namespace netctl::command
