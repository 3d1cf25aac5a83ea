#include "runtime-core/cni/capabilities.hpp"

#include "runtime-core/cni/capabilities_json.hpp"
#include "runtime-core/cni/json_text.hpp"

namespace netctl::cni {
namespace {

std::string mapping_json(const PortMapping& mapping) {
  std::vector<std::pair<std::string, std::string>> members{
      {"hostPort", format("{}", mapping.host_port)},
      {"containerPort", format("{}", mapping.container_port)},
      {"protocol", json_string(to_text(mapping.protocol))}};
  if (mapping.host_ip) members.emplace_back("hostIP", json_string(mapping.host_ip->to_text()));
  return json_object(members);
}

}  // namespace

PortMapping read_port_mapping(const ObjectReader& entry) {
  constexpr std::uint16_t kMaxPort = 65535;
  PortMapping mapping;
  entry.require("hostPort", mapping.host_port, std::uint16_t{0}, kMaxPort);
  entry.require("containerPort", mapping.container_port, std::uint16_t{1}, kMaxPort);
  entry.read("protocol", mapping.protocol, parse_protocol);
  entry.read("hostIP", mapping.host_ip);
  return mapping;
}

std::string port_mappings_json(const std::vector<PortMapping>& mappings) {
  std::vector<std::string> entries;
  for (const PortMapping& mapping : mappings) entries.push_back(mapping_json(mapping));
  return json_list(entries);
}

std::vector<PortMapping> port_mappings_of(std::string_view capability_args) {
  std::vector<PortMapping> mappings;
  const auto parsed = parse_json(capability_args);
  if (!parsed) return mappings;
  Problems problems;
  for (const ObjectReader& entry : ObjectReader(&*parsed, "", problems).children("portMappings")) {
    const std::size_t known = problems.size();
    PortMapping mapping = read_port_mapping(entry);
    if (problems.size() == known) mappings.push_back(mapping);
  }
  return mappings;
}

}  // namespace netctl::cni
