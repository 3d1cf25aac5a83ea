// libcni, the library of cnitool and containerd, and netctl on one result cache and one store: what
// one attached is checked and detached by the other.
#include <unistd.h>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

class Libcni : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    if (::access(LIBCNI_CLIENT, X_OK) != 0) {
      GTEST_SKIP() << "needs libcni: apt-get install golang-go golang-github-appc-cni-dev, and "
                      "configure and build again";
    }
    environment.erase("NETCTL_CNI_STATE_DIR");  // libcni knows only its own directory
    environment["CNI_PATH"] = plugin_directory();
    write_network("10-pods.conflist", R"({"cniVersion": "1.0.0", "name": "pods", "plugins": [
        {"type": "bridge", "bridge": "cni7", "isDefaultGateway": true, "ipMasq": true,
         "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}},
        {"type": "portmap", "capabilities": {"portMappings": true}}]})");
    sure("netctl ns add web");
    sure("sysctl -qw net.ipv4.ip_forward=1");
    before_ = state();
  }

  sys::Finished client(const std::string& verb) {
    return run(format(R"(CAP_ARGS={{"portMappings":[{{"hostPort":8080,"containerPort":80,)"
                      R"("protocol":"tcp"}}]}} {} {} pods /run/netns/web)",
                      LIBCNI_CLIENT, verb));
  }

  // The kernel's and the files of both.
  std::string state() {
    return host_state() + run("find /var/lib/cni -type f -not -name lock -not -name "
                              "last_reserved_ip.*")
                              .out;
  }

  std::string before_;
};

TEST_F(Libcni, AttachesWhatNetctlChecksAndDetaches) {
  const auto added = client("add");
  ASSERT_EQ(added.exit_status, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("10.7.0.2/24"));

  EXPECT_EQ(run("netctl check pods web").exit_status, 0) << run("netctl check pods web").err;
  sure("netctl del pods web");

  EXPECT_EQ(state(), before_);
}

TEST_F(Libcni, ChecksAndDetachesWhatNetctlAttached) {
  sure("netctl add pods web -p 8080:80");

  const auto checked = client("check");
  EXPECT_EQ(checked.exit_status, 0) << checked.err;
  const auto deleted = client("del");
  EXPECT_EQ(deleted.exit_status, 0) << deleted.err;

  EXPECT_EQ(state(), before_);
}

TEST_F(Libcni, WhatItAttachedIsNoGarbageUntilTheNamespaceIsGone) {
  const auto added = client("add");
  ASSERT_EQ(added.exit_status, 0) << added.err;
  EXPECT_THAT(sure("netctl ls"), HasSubstr("   web   "));

  EXPECT_EQ(sure("netctl gc"), "");
  EXPECT_EQ(run("netctl check pods web").exit_status, 0) << run("netctl check pods web").err;

  sure("netctl ns rm web");
  EXPECT_THAT(sure("netctl gc"), HasSubstr("detached cnitool-"));
  sure("netctl ns add web");
  EXPECT_EQ(state(), before_);
}

TEST_F(Libcni, HearsThePluginsOwnErrors) {
  sure("netctl add pods web -p 8080:80");
  sure("ip -n web addr del 10.7.0.2/24 dev eth0");

  const auto checked = client("check");

  EXPECT_EQ(checked.exit_status, 1);
  EXPECT_THAT(checked.err, HasSubstr("eth0 does not have the address 10.7.0.2/24"));
}

}  // namespace
}  // namespace netctl::test
