// Whatever fails, an ADD that does not succeed leaves everything as it was, and one more DEL ends
// what another has begun.
#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

// Not each of them: tests/faults tries them all.
const Fault kFault{.call = "sendto", .error = "ENOBUFS", .step = 3};

class PortmapUndo : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    connect_client();  // 198.51.100.2 and fd99::2 are where a container might be
    run("sysctl -qw net.bridge.bridge-nf-call-ip6tables=0");  // or there are no routes to ::1
    before_ = state();
  }

  static Target target(const std::string& container) {
    return {.container = container, .netns = "gone"};
  }
  static std::string config(int port, const std::string& addresses) {
    return format(R"({{"cniVersion": "1.1.0", "name": "net", "type": "portmap",
        "runtimeConfig": {{"portMappings": [
          {{"hostPort": {0}, "containerPort": 80, "protocol": "tcp"}},
          {{"hostPort": {0}, "containerPort": 53, "protocol": "udp"}}]}},
        "prevResult": {{"ips": [{1}]}}}})",
                  port, addresses);
  }
  // Of both families, in both orders, since each has a step of its own.
  static std::string web() {
    return config(8080, R"({"address": "fd99::2/64"}, {"address": "198.51.100.2/24"})");
  }
  static std::string db() {
    return config(8081, R"({"address": "198.51.100.3/24"}, {"address": "fd99::3/64"})");
  }

  std::string routes_to_loopback() { return run("ip -6 route show table local ::1").out; }
  std::string state() { return host_state() + routes_to_loopback(); }

  std::string before_;
};

TEST_F(PortmapUndo, WhicheverMessageToTheKernelFailsNothingIsLeftOfAnAdd) {
  for (const std::string& ports : {web(), db()}) {
    const int failed = with_each_failing(
        kFault, "portmap", variables_of("ADD", target("web")), ports,
        [&](const sys::Finished& added) {
          // Connections that are not moved are worth a warning only.
          if (added.exit_status == 0) {
            EXPECT_THAT(added.err, HasSubstr("No buffer space"));
            EXPECT_THAT(call("portmap", "DEL", target("web"), ports), IsSilentSuccess());
          } else {
            EXPECT_THAT(added, Refuses(999, HasSubstr("No buffer space")));
          }
          EXPECT_EQ(state(), before_);
        });
    EXPECT_GT(failed, 4) << "nothing was swept";
    EXPECT_THAT(call("portmap", "DEL", target("web"), ports), IsSilentSuccess());
  }
}

TEST_F(PortmapUndo, WhicheverMessageToTheKernelFailsInADelTheNextOneEndsIt) {
  add("portmap", target("web"), web());
  ASSERT_THAT(routes_to_loopback(), HasSubstr("dev eth9"));
  const int failed = with_each_failing(
      kFault, "portmap", variables_of("DEL", target("web")), web(),
      [&](const sys::Finished& deleted) {
        EXPECT_THAT(deleted.out + deleted.err, HasSubstr("No buffer space"));
        EXPECT_THAT(call("portmap", "DEL", target("web"), web()), IsSilentSuccess());
        EXPECT_EQ(state(), before_);
        add("portmap", target("web"), web());
      });
  EXPECT_GT(failed, 4) << "nothing was swept";
}

TEST_F(PortmapUndo, WhicheverMessageToTheKernelFailsWhatOthersNeedIsLeft) {
  add("portmap", target("db"), db());
  const std::string others = state();
  add("portmap", target("web"), web());
  with_each_failing(kFault, "portmap", variables_of("DEL", target("web")), web(),
                    [&](const sys::Finished&) {
                      EXPECT_THAT(routes_to_loopback(), HasSubstr("dev eth9"));
                      EXPECT_THAT(call("portmap", "DEL", target("web"), web()), IsSilentSuccess());
                      EXPECT_EQ(state(), others);
                      add("portmap", target("web"), web());
                    });
}

// By its number the records are found that a DEL goes by.
TEST_F(PortmapUndo, ANamespaceWhoseNumberCannotBeAskedForIsNotTakenForAnother) {
  add("portmap", target("web"), web());
  const int failed = with_each_failing(
      {.call = "getsockopt", .error = "ENOBUFS"}, "portmap", variables_of("DEL", target("web")),
      web(), [&](const sys::Finished& deleted) {
        EXPECT_THAT(deleted, Refuses(999, HasSubstr("namespace's cookie: No buffer space")));
      });
  EXPECT_GT(failed, 0);
  EXPECT_THAT(call("portmap", "DEL", target("web"), web()), IsSilentSuccess());
  EXPECT_EQ(run("find /run/netctl/firewall -type f").out, "");
}

}  // namespace
}  // namespace netctl::test
