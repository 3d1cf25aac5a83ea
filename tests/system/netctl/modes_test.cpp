// Docker's four modes by name, without any configuration.
#include <gmock/gmock.h>

#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Modes : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
  }
};

TEST_F(Modes, AreListedBesideConfigFiles) {
  sure("netctl network create front");
  EXPECT_EQ(sure("netctl network ls -q"), "bridge\ncontainer\nfront\nhost\nnone");
  EXPECT_THAT(run("netctl network rm none").err, HasSubstr("nothing to remove"));
  EXPECT_THAT(run("netctl network create host").err, HasSubstr("already exists"));
}

TEST_F(Modes, NoneHasLoopbackOnly) {
  const std::string before = host_state();
  EXPECT_THAT(sure("netctl add none web"), HasSubstr("127.0.0.1/8 ::1/128"));
  sure("netctl check none web");
  EXPECT_EQ(sure("netctl ls --format {{.Network}}:{{.State}}"), "none:up");
  EXPECT_EQ(run("netctl add bridge web -i eth0").exit_status, 0);
  EXPECT_EQ(run("netctl check none web").exit_status, 1);
  sure("netctl del bridge web");
  sure("netctl del none web");
  EXPECT_EQ(host_state(), before);
}

TEST_F(Modes, HostIsTheHostsOwnNamespaceAndNoOther) {
  EXPECT_THAT(sure("netctl add host /proc/self/ns/net"), HasSubstr("127.0.0.1/8"));
  sure("netctl check host /proc/self/ns/net");
  EXPECT_EQ(sure("netctl ls --format {{.Network}}:{{.State}}"), "host:up");
  sure("netctl del host /proc/self/ns/net");
  EXPECT_EQ(run("netctl add host web").exit_status, 1);
}

TEST_F(Modes, ContainerJoinsTheNamespaceOfAnother) {
  sure("netctl add bridge web --id donor");
  EXPECT_THAT(sure("netctl add container:donor web --id joiner"), HasSubstr("172.17.0.2/16"));
  sure("netctl check container:donor web --id joiner");
  EXPECT_EQ(sure("netctl ls --format {{.Network}}:{{.State}}"), "bridge:up\ncontainer:up");
  EXPECT_THAT(sure("netctl sandbox inspect web --format {{.Endpoints}}"),
              AllOf(HasSubstr("bridge/eth0"), HasSubstr("container/eth0")));

  sure("netctl del container:donor web --id joiner");
  EXPECT_EQ(address_in("web", "eth0"), "172.17.0.2");
  EXPECT_THAT(run("netctl add container:nobody web --id joiner").err, HasSubstr("nobody"));
}

}  // namespace
}  // namespace netctl::test
