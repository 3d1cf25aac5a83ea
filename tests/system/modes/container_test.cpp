// Network mode container: several containers in the namespace of one. The runtime side is our own,
// whose cache is what libcni's would be.
#include "runtime-core/cni/result.hpp"
#include "runtime-core/cni/runtime.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/traffic.hpp"
#include "tests/system/modes/mode_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kBridge = R"({"cniVersion": "1.1.0", "name": "front", "plugins": [
    {"type": "bridge", "bridge": "cni7", "isDefaultGateway": true,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.7.0.0/24"}],
                                               [{"subnet": "fd07::/64"}]]}}]})";
constexpr const char* kSecond = R"({"cniVersion": "1.1.0", "name": "back", "plugins": [
    {"type": "bridge", "bridge": "cni8", "isGateway": true,
     "ipam": {"type": "host-local", "subnet": "10.8.0.0/24"}}]})";
constexpr const char* kJoin = R"({"cniVersion": "1.1.0", "name": "join", "plugins": [
    {"type": "container", "capabilities": {"container": true}}]})";

class ContainerMode : public ModeHost {
 protected:
  void SetUp() override {
    ModeHost::SetUp();
    if (IsSkipped()) return;
    sure("ip netns add other");
    attach(kBridge, "donor", "web");
  }

  cni::Runtime runtime() const {
    return cni::Runtime({.plugin_path = {plugin_directory()},
                         .cache_directory = "/run/cni-state",
                         .environment = {environment.begin(), environment.end()}});
  }
  static cni::NetworkConfig network(const char* list) {
    return cni::parse_network_list(list, "").value();
  }
  static cni::RuntimeCall call(const std::string& container, const std::string& ns,
                               const std::string& ifname = "eth0") {
    return {.container_id = container, .netns = "/run/netns/" + ns, .ifname = ifname};
  }
  void attach(const char* list, const std::string& container, const std::string& ns,
              const std::string& ifname = "eth0") {
    const auto added = runtime().add(network(list), call(container, ns, ifname));
    ASSERT_THAT(added, Succeeds());
  }
  Result<cni::AddResult> join(const std::string& container, const std::string& target,
                              const std::string& ns = "web") {
    cni::RuntimeCall joiner = call(container, ns);
    joiner.args = "IgnoreUnknown=1;CONTAINER=" + target;
    return runtime().add(network(kJoin), joiner);
  }

  // "eth0 10.7.0.2/24 via 10.7.0.1" for each address that is not link-local.
  static std::vector<std::string> addresses_of(const cni::AddResult& result) {
    std::vector<std::string> lines;
    for (const cni::Ip& ip : result.ips) {
      if (ip.address.to_text().starts_with("fe80:")) continue;
      lines.push_back(result.interfaces.at(ip.interface.value()).name + " " + ip.address.to_text() +
                      (ip.gateway ? " via " + ip.gateway->to_text() : ""));
    }
    return lines;
  }

  void expect_refused(const sys::Finished& finished, const std::string& words) {
    EXPECT_EQ(finished.exit_status, 1);
    EXPECT_THAT(finished.out, AllOf(HasSubstr("\"msg\""), HasSubstr(words)));
  }
  sys::Finished container(const std::string& command, const std::string& more) {
    return plugin("container", call_of(command), config_of("container", more));
  }
};

TEST_F(ContainerMode, TheResultIsTheTargetsWithItsOwnAttachmentFirst) {
  sure("ip -n web link add aaa0 type bridge");
  sure("ip -n web addr add 10.1.1.1/24 dev aaa0");
  const auto joined = join("c1", "donor");
  ASSERT_THAT(joined, Succeeds());
  ASSERT_FALSE(joined->interfaces.empty());
  EXPECT_EQ(joined->interfaces.front().name, "eth0");
  EXPECT_EQ(joined->interfaces.front().sandbox, "/run/netns/web");
  EXPECT_THAT(addresses_of(*joined),
              testing::ElementsAre("eth0 10.7.0.2/24 via 10.7.0.1", "eth0 fd07::2/64 via fd07::1",
                                   "aaa0 10.1.1.1/24"));
}

TEST_F(ContainerMode, TheAttachmentsOfATargetOnTwoNetworksComeInTheirOrder) {
  attach(kSecond, "donor", "web", "eth1");
  const auto joined = join("c1", "donor");
  ASSERT_THAT(joined, Succeeds());
  EXPECT_THAT(addresses_of(*joined),
              testing::UnorderedElementsAre("eth0 10.7.0.2/24 via 10.7.0.1",
                                            "eth0 fd07::2/64 via fd07::1", "eth1 10.8.0.2/24"));
}

TEST_F(ContainerMode, TheIdComesFromTheRuntimeBeforeArgsBeforeCniArgsBeforeTheConfig) {
  auto call = call_of("ADD");
  const auto refused_id = [&](const std::string& more, const std::string& args) {
    call["CNI_ARGS"] = args;
    const auto refused = plugin("container", call, config_of("container", more));
    std::smatch match;
    std::regex_search(refused.out, match, std::regex("no such container: \\\\\"([a-z]+)"));
    return match[1].str();
  };
  const std::string config = R"("container": "config")";
  const std::string args = R"(, "args": {"cni": {"container": "args"}})";
  const std::string runtime = R"(, "runtimeConfig": {"container": "runtime"})";
  EXPECT_EQ(refused_id(config, ""), "config");
  EXPECT_EQ(refused_id(config, "CONTAINER=cniargs"), "cniargs");
  EXPECT_EQ(refused_id(config + args, "CONTAINER=cniargs"), "args");
  EXPECT_EQ(refused_id(config + args + runtime, "CONTAINER=cniargs"), "runtime");
}

TEST_F(ContainerMode, WhatCannotBeJoinedIsRefused) {
  EXPECT_THAT(join("c1", "nobody"), FailsSaying(HasSubstr("no such container: \"nobody\"")));
  EXPECT_THAT(join("donor", "donor"), FailsSaying(HasSubstr("cannot join own network namespace")));
  EXPECT_THAT(join("c1", ""), FailsSaying(HasSubstr("\"container\" is missing")));
  EXPECT_THAT(join("c1", "a/b"), FailsSaying(HasSubstr("a/b")));
  EXPECT_THAT(
      join("c1", "donor", "other"),
      FailsSaying(HasSubstr("CNI_NETNS is /run/netns/other, and has to be /run/netns/web")));
}

TEST_F(ContainerMode, AJoinerIsNotJoinedButItsOwnerNamed) {
  ASSERT_THAT(join("c1", "donor"), Succeeds());
  EXPECT_THAT(
      join("c2", "c1"),
      FailsSaying(HasSubstr("container \"c1\" uses the network of another container itself: "
                            "join \"donor\"")));
}

TEST_F(ContainerMode, ATargetWhoseNamespaceIsGoneIsRefused) {
  sure("ip netns del web");
  EXPECT_THAT(join("c1", "donor", "other"),
              FailsSaying(HasSubstr("cannot join network namespace of a non running container")));
}

TEST_F(ContainerMode, DeletingAJoinerChangesNothingForTheOthers) {
  ASSERT_THAT(join("c1", "donor"), Succeeds());
  ASSERT_THAT(join("c2", "donor"), Succeeds());
  const std::string inside = state_of("web");
  ASSERT_THAT(runtime().del(network(kJoin), call("c1", "web")), Succeeds());
  ASSERT_THAT(runtime().del(network(kJoin), call("c1", "web")), Succeeds());

  EXPECT_EQ(state_of("web"), inside);
  EXPECT_THAT(runtime().check(network(kJoin), call("c2", "web")), Succeeds());
  EXPECT_THAT(runtime().check(network(kBridge), call("donor", "web")), Succeeds());
  Server web("web", 80);
  EXPECT_EQ(ask("", "10.7.0.2", 80, web), "10.7.0.1");
}

TEST_F(ContainerMode, TheNamespaceOutlivesItsCreatorAsLongAsSomebodyIsInIt) {
  ASSERT_THAT(join("c1", "donor"), Succeeds());
  Server joiner("web", 80);  // a socket of the joiner's keeps the namespace, as a process would
  sure("ip netns del web");
  EXPECT_EQ(ask("", "10.7.0.2", 80, joiner), "10.7.0.1");
}

TEST_F(ContainerMode, CheckTellsWhatTheJoinerHasLost) {
  ASSERT_THAT(join("c1", "donor"), Succeeds());
  EXPECT_THAT(runtime().check(network(kJoin), call("c1", "web")), Succeeds());
  ASSERT_THAT(runtime().del(network(kBridge), call("donor", "web")), Succeeds());
  EXPECT_THAT(runtime().check(network(kJoin), call("c1", "web")),
              FailsSaying(HasSubstr("is not as it was attached: 1 difference")));
}

// Docker's table of options that exclude the mode, as far as a plugin sees them.
TEST_F(ContainerMode, WhatIsTheTargetsToChangeIsRefused) {
  const std::map<std::string, std::string> conflicts = {
      {R"("runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80}]})",
       "conflicting options: port publishing and the container type network mode"},
      {R"("runtimeConfig": {"dns": {"servers": ["10.0.0.1"]}})",
       "conflicting options: dns and the network mode"},
      {R"("dns": {"nameservers": ["10.0.0.1"]})", "conflicting options: dns and the network mode"},
      {R"("runtimeConfig": {"mac": "02:00:00:00:00:01"})",
       "conflicting options: mac-address and the network mode"},
      {R"("args": {"cni": {"ips": ["10.7.0.9"]}})", "an IP address and the network mode"},
      {R"("runtimeConfig": {"aliases": ["db"]})", "an alias and the network mode"},
      {R"("ipam": {"type": "host-local"})", "\\\"ipam\\\" and the network mode"},
  };
  const std::string before = host_state() + state_of("web");
  for (const auto& [keys, words] : conflicts) {
    SCOPED_TRACE(keys);
    expect_refused(container("ADD", R"("container": "donor", )" + keys), words);
  }
  EXPECT_EQ(host_state() + state_of("web"), before);
}

TEST_F(ContainerMode, DelAndGcAndStatusNeedNoTarget) {
  for (const char* command : {"DEL", "GC", "STATUS"}) {
    EXPECT_EQ(container(command, R"("dns": {})").exit_status, 0) << command;
  }
  EXPECT_EQ(container("DEL", R"("container": 5)").exit_status, 0);
}

}  // namespace
}  // namespace netctl::test
