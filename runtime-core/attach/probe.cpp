#include "runtime-core/attach/probe.hpp"

#include "runtime-core/attach/bridge.hpp"
#include "runtime-core/attach/endpoint.hpp"
#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/flow_table.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/attach/spoof_guard.hpp"
#include "runtime-core/attach/vlan.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/own_netns.hpp"

namespace netctl::attach {
namespace {

Error with_code(Error error, cni::Code code) {
  error.protocol_code = code;
  return error;
}

Status try_bridge(std::uint32_t mtu, bool vlans) {
  const UniqueFd here = TRY(sys::open_own_netns());
  rtnl::RouteSocket host = TRY(rtnl::RouteSocket::open());
  Rollback undo;
  const rtnl::Link bridge = TRY(ensure_bridge(
      host, {.name = "probe", .network = "probe", .mtu = mtu, .vlan_filtering = vlans}, undo));
  const Owner owner{.network = "probe", .container_id = "probe", .ifname = "eth0"};
  TRY(add_veth(host, {.owner = owner, .netns = here.get(), .mtu = mtu, .master = bridge.index},
               undo));
  if (vlans) {
    const rtnl::Link port = TRY(host.link_by_name(owner.host_link_name()));
    TRY(set_vlans(host, port.index, {.vlans = {{.first = 2, .last = 4094}}}));
    TRY(host.vlans_of(port.index));
  }
  undo.commit();  // all goes with the namespace: deleting it first would only take time
  return ok();
}

// All that any ADD may load.
Status try_firewall() {
  nft::Socket socket = TRY(nft::Socket::open());
  const OwnedTable& table = firewall_table();
  nft::Batch batch(table.table);
  table.add_fixed_part(batch);
  std::vector<std::string> chains{std::string(kHairpinAll), same_chain("probe"),
                                  alone_chain("probe")};
  for (const char* text : {"192.0.2.0/24", "2001:db8::/64"}) {
    const IpPrefix network = TRY(parse_ip_prefix(text));
    chains.push_back(masquerade_chain(network));
    chains.push_back(hairpin_chain(network));
  }
  for (const std::string& chain : chains) {
    batch.add(nft::Chain{.name = chain});
    for (nft::Rule& rule : table.rules_of(chain)) batch.add(std::move(rule));
  }
  return socket.apply(batch).context("load the firewall table");
}

Status try_spoof_guard() {
  nft::Socket socket = TRY(nft::Socket::open());
  nft::Batch batch(spoof_table().table);
  spoof_table().add_fixed_part(batch);
  return socket.apply(batch);
}

Status try_out(const Needs& needs) {
  auto elsewhere = ns::Inside::enter_new();
  if (!elsewhere && elsewhere.error().code == Errc::PermissionDenied) {
    return fail(Errc::PermissionDenied, "{}: run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN",
                elsewhere.error().message);
  }
  const ns::Inside inside = TRY(std::move(elsewhere));
  if (needs.bridge) TRY(try_bridge(needs.mtu, needs.vlans).context("this host cannot bridge"));
  if (needs.spoof_guard) TRY(try_spoof_guard().context("this host cannot check MAC addresses"));
  if (needs.flow_table) TRY(try_flow_table());
  if (needs.firewall) TRY(try_firewall().context("this host cannot translate addresses"));
  return ok();
}

}  // namespace

Status check_host(const Needs& needs) {
  if (Status tried = try_out(needs); !tried) {
    return with_code(std::move(tried).error(), cni::kNotAvailable);
  }
  if (!needs.firewall) return ok();
  auto editor = TableEditor::open(firewall_table());
  Status table = editor ? editor->check_table() : Status(std::move(editor).error());
  return table ? ok() : with_code(std::move(table).error(), cni::kLimitedConnectivity);
}

}  // namespace netctl::attach
