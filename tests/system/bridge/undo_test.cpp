// Whatever fails, an ADD that does not succeed leaves everything as it was.
#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

// All that an ADD can make: two families, masquerading, a check of MAC addresses, and a default
// route for which another network's has to give way.
std::string undo_config(int number, const std::string& more) {
  return format(R"({{"cniVersion": "1.1.0", "name": "net{0}", "type": "bridge",
    "bridge": "cni{0}", "isDefaultGateway": true, {1} "ipam": {{"type": "host-local",
    "ranges": [[{{"subnet": "10.{0}.0.0/24"}}], [{{"subnet": "fd0{0}::/64"}}]]}}}})",
                number, more);
}

using BridgeUndo = Calls;

TEST_F(BridgeUndo, WhicheverMessageToTheKernelFailsNothingIsLeft) {
  sure("netctl ns add web");
  add("bridge", {.container = "c1", .netns = "web", .ifname = "eth1"}, undo_config(1, ""));
  const auto state = [&] {
    return host_state() + run_in("web", "ip -4 route").out + run_in("web", "ip -6 route").out;
  };
  const std::string before = state();

  const int failed = with_each_failing(
      {.call = "sendto", .error = "ENOBUFS"}, "bridge",
      variables_of("ADD", {.container = "c1", .netns = "web", .ifname = "eth2"}),
      undo_config(2, R"("ipMasq": true, "macspoofchk": true, "gatewayPriority": 1,)"),
      [&](const sys::Finished& added) {
        EXPECT_THAT(added, Refuses(999, HasSubstr("No buffer space")));
        EXPECT_EQ(state(), before);
        EXPECT_EQ(run_in("web", "ip link show eth2").exit_status, 1);
      });
  EXPECT_GT(failed, 15) << "nothing was swept";
}

TEST_F(BridgeUndo, ABridgeThatWasThereIsAsItWas) {
  sure("netctl ns add web");
  sure("ip link add cni2 type bridge");
  sure("ip link set cni2 up");
  sure("ip addr add 10.99.0.1/24 brd + dev cni2");
  // A bridge that has had a port knows that it has none any more.
  sure("ip link add p1 type veth peer name p2");
  sure("ip link set p1 master cni2");
  sure("ip link del p1");
  // Forwarding is switched on last, and cannot be where /proc/sys is read-only.
  sure("sysctl -qw net.ipv4.ip_forward=0");
  sure("mount --bind /proc/sys /proc/sys");
  sure("mount -o remount,ro,bind /proc/sys");
  const std::string before = host_state();

  EXPECT_THAT(call("bridge", "ADD", {.container = "c1", .netns = "web"},
                   R"({"cniVersion": "1.1.0", "name": "net2", "type": "bridge", "bridge": "cni2",
                     "isGateway": true, "forceAddress": true, "promiscMode": true,
                     "ipam": {"type": "host-local", "subnet": "10.2.0.0/24"}})"),
              Refuses(999, HasSubstr("ip_forward")));

  EXPECT_EQ(host_state(), before);
}

}  // namespace
}  // namespace netctl::test
