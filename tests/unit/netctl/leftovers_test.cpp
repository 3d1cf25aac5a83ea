#include "netctl/leftovers.hpp"

#include <gmock/gmock.h>

namespace netctl::command {
namespace {

using nft::ChainFacts;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ChainFacts chain(const char* table, const char* name) {
  return {.family = "ip", .table = table, .name = name};
}

Finding first(const Remains& remains) { return judge_leftovers(remains).front(); }

TEST(Leftovers, AHostThatNobodyElseHadIsInOrder) {
  EXPECT_EQ(first({}).grade, Grade::Ok);
  EXPECT_EQ(first({.chains = {chain("filter", "FORWARD"), chain("netctl", "publish")},
                   .links = {"lo", "eth0", "netctl0"}})
                .grade,
            Grade::Ok);
}

TEST(Leftovers, RulesAndBridgesOfAToolThatDoesNotRunAreNamedWithWhatToDo) {
  const Finding found = first(
      {.chains = {chain("nat", "DOCKER"), chain("filter", "DOCKER-USER")}, .links = {"docker0"}});
  EXPECT_EQ(found.grade, Grade::Warn);
  EXPECT_EQ(found.about, "leftovers of Docker");
  EXPECT_THAT(found.found, AllOf(HasSubstr("DOCKER, DOCKER-USER"), HasSubstr("docker0")));
  EXPECT_THAT(found.advice, HasSubstr("ip link delete docker0"));
}

TEST(Leftovers, AToolThatRunsHasLeftNothing) {
  EXPECT_EQ(
      first({.chains = {chain("nat", "DOCKER")}, .links = {"docker0"}, .programs = {"dockerd"}})
          .grade,
      Grade::Ok);
  EXPECT_EQ(first({.chains = {chain("nat", "KUBE-SERVICES")}, .programs = {"k3s-server"}}).grade,
            Grade::Ok);
  EXPECT_EQ(
      first({.chains = {chain("firewalld", "filter_FORWARD")}, .programs = {"firewalld"}}).grade,
      Grade::Ok);
}

TEST(Leftovers, ToolsWithoutADaemonAreInUseAsLongAsTheirContainersAre) {
  const ChainFacts podman = chain("netavark", "NETAVARK_FORWARD");
  EXPECT_EQ(first({.chains = {podman}, .links = {"podman0"}}).grade, Grade::Ok);
  EXPECT_EQ(first({.chains = {podman}}).about, "leftovers of Podman");
  const ChainFacts portmap = chain("nat", "CNI-HOSTPORT-DNAT");
  EXPECT_EQ(first({.chains = {portmap}, .links = {"cni0"}, .has_attachments = true}).grade,
            Grade::Ok);
  EXPECT_EQ(first({.chains = {portmap}, .links = {"cni0"}}).about,
            "leftovers of other CNI plugins");
}

TEST(Leftovers, EachToolIsAFindingAndManyRulesAreCounted) {
  const Findings findings = judge_leftovers(
      {.chains = {chain("nat", "DOCKER"), chain("nat", "KUBE-A"), chain("nat", "KUBE-B"),
                  chain("nat", "KUBE-C"), chain("nat", "KUBE-D")}});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_THAT(findings[1].found,
              AllOf(HasSubstr("KUBE-A, KUBE-B, KUBE-C and 1 more"), Not(HasSubstr("KUBE-D"))));
}

}  // namespace
}  // namespace netctl::command
