#include "plugins/host/plugin.hpp"

#include "plugins/host/config.hpp"
#include "runtime-core/attach/sandbox.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "runtime-core/sys/own_netns.hpp"

namespace netctl::host {
namespace {

using rtnl::RouteSocket;

// The host is where this plugin runs.
Status expect_hosts_netns(const cni::Request& request) {
  const UniqueFd wanted = TRY(ns::open_netns(request.netns));
  const UniqueFd own = TRY(sys::open_own_netns());
  if (TRY(ns::is_same_netns(wanted.get(), own.get()))) return ok();
  return cni::failure(
      cni::kInvalidNetns,
      format("container \"{}\" has a network namespace of its own ({}): under network mode host it "
             "has to be started without one, and CNI_NETNS has to be the host's",
             request.container_id, request.netns));
}

}  // namespace

Result<cni::AddResult> Host::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  TRY(expect_hosts_netns(request));
  if (config.published_ports) {
    log::warn(
        "published ports are discarded when using host network mode: container {} has the "
        "host's ports as they are",
        request.container_id);
  }
  RouteSocket socket = TRY(RouteSocket::open());
  cni::AddResult result = TRY(attach::describe_sandbox(socket, ""));
  result.dns = config.dns;
  return result;
}

Status Host::del(const cni::Request&) { return ok(); }

// The host's interfaces and addresses come and go by other hands: only the namespace is ours to
// look at.
Status Host::check(const cni::Request& request) {
  TRY(parse_config(request));
  return expect_hosts_netns(request);
}

Status Host::gc(const cni::Request&) { return ok(); }

Status Host::status(const cni::Request& request) {
  TRY(parse_config(request));
  RouteSocket socket = TRY(RouteSocket::open());
  return ok();
}

}  // namespace netctl::host
