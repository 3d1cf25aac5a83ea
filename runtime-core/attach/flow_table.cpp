#include "runtime-core/attach/flow_table.hpp"

#include <algorithm>

#include "runtime-core/attach/default_route.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::attach {
namespace {

using nft::Element;
using nft::Field;

constexpr int kAfterFilters = 10;
constexpr std::string_view kFlowChain = "forward";
constexpr std::string_view kFlows = "fast";

const nft::Set kBridges{.name = "bridges", .key = {nft::Type::IfName}};

Element element_of(const std::string& bridge) {
  return {.set = kBridges.name, .key = {bridge}, .comment = bridge_tag(bridge)};
}

nft::FlowTable flows_by(std::vector<std::string> devices) {
  return {.name = std::string(kFlows), .devices = std::move(devices)};
}

void add_flow_table(nft::Batch& batch) {
  const std::string chain(kFlowChain);
  batch.add_table(nft::Add::Exclusive);
  batch.add(kBridges).add(flows_by({}));
  batch.add(nft::Chain{.name = chain,
                       .hook = nft::Hook{.type = nft::Hook::Type::Filter,
                                         .point = nft::Hook::Point::Forward,
                                         .priority = kAfterFilters}});
  for (const Field side : {Field::InIfName, Field::OutIfName}) {
    batch.add(nft::Rule{.chain = chain,
                        .statements = {nft::MatchProtocol{Protocol::Tcp}, nft::MatchEstablished{},
                                       nft::MatchInSet{.key = {side}, .set = kBridges.name},
                                       nft::AddFlow{std::string(kFlows)}}});
  }
}

// Those that are there; each of them once.
Result<std::vector<std::string>> devices_for(rtnl::RouteSocket& host,
                                             const std::vector<std::string>& bridges) {
  std::vector<std::string> devices;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(devices, name) == devices.end()) devices.push_back(name);
  };
  for (const std::string& bridge : bridges) {
    if (TRY(host.find_link(bridge))) add(bridge);
  }
  for (const rtnl::Link& link : TRY(default_route_links(host))) add(link.name);
  return devices;
}

Status add_devices(rtnl::RouteSocket& host, const std::vector<std::string>& bridges) {
  const auto devices = TRY(devices_for(host, bridges));
  nft::Batch batch(flow_table().table);
  for (auto from = devices.begin(); from != devices.end();) {
    const auto to = from + std::min<std::ptrdiff_t>(nft::kMaxFlowDevices, devices.end() - from);
    batch.add(flows_by({from, to}));
    from = to;
  }
  if (batch.empty()) return ok();
  nft::Socket socket = TRY(nft::Socket::open());
  return socket.apply(batch);
}

Status check_support() {
  const ns::Inside elsewhere = TRY(ns::Inside::enter_new());
  return try_flow_table();
}

}  // namespace

const OwnedTable& flow_table() {
  static const OwnedTable table{
      .table = {"netctl-flows"},
      .sets = {{kBridges, Purpose::Flow}},
      .chains = {kFlowChain},
      .add_fixed_part = add_flow_table,
      .rules_of = [](const std::string&) { return std::vector<nft::Rule>(); }};
  return table;
}

Status try_flow_table() {
  nft::Batch batch(flow_table().table);
  flow_table().add_fixed_part(batch);
  nft::Socket socket = TRY(nft::Socket::open());
  Status made = socket.apply(batch);
  if (made) return ok();
  const Errc code = made.error().code;
  if (code != Errc::NotFound && code != Errc::NotSupported) return made;
  return fail(
      Errc::NotSupported,
      "this kernel has no flow tables (CONFIG_NF_FLOW_TABLE_INET, CONFIG_NFT_FLOW_OFFLOAD), "
      "which \"flowTable\" needs: leave it out of the config");
}

Status ensure_flow_table(rtnl::RouteSocket& host, const std::string& bridge) {
  TableEditor editor = TRY(TableEditor::open(flow_table()));
  if (!TRY(editor.find(element_of(bridge)))) TRY(check_support());
  TRY(editor.settle(Purpose::Flow, bridge_tag(bridge), {element_of(bridge)}, {}));
  return add_devices(host, {bridge}).context("flow table of bridge {}", bridge);
}

Status remove_from_flow_table(const std::string& bridge) {
  TableEditor editor = TRY(TableEditor::open(flow_table()));
  TRY(editor.remove(Purpose::Flow, bridge_tag(bridge)).context("flow table of bridge {}", bridge));
  return ok();
}

Result<std::vector<std::string>> missing_flow_table(const std::string& bridge) {
  TableEditor editor = TRY(TableEditor::open(flow_table()));
  return editor.missing({element_of(bridge)});
}

Status restore_flow_devices(rtnl::RouteSocket& host) {
  TableEditor editor = TRY(TableEditor::open(flow_table()));
  std::vector<std::string> bridges;
  for (const Element& element : TRY(editor.elements(kBridges))) {
    bridges.push_back(std::get<std::string>(element.key.front()));
  }
  if (bridges.empty()) return ok();
  return add_devices(host, bridges).context("devices of the flow table");
}

}  // namespace netctl::attach
