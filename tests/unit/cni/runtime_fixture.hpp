#pragma once

#include "runtime-core/cni/runtime.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/plugin_scripts.hpp"

// A runtime with the two plugins of the network "web", which are scripts.
namespace netctl::cni {

inline constexpr char kFirst[] =
    R"({"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/run/netns/c1"}]})";
inline constexpr char kSecond[] =
    R"({"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/run/netns/c1"}],)"
    R"("ips":[{"address":"10.1.0.2/24","interface":0}],"org.example/extra":7})";

class RuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    scripts.add_answering("one", kFirst);
    scripts.add_answering("two", kSecond);
  }

  // Network "web" with plugins one and two.
  static NetworkConfig network(const std::string& version = "1.0.0") {
    return parsed(
        R"({"cniVersion":")" + version +
        R"(","name":"web","plugins":[{"type":"one","zebra":1,"apple":2},)"
        R"({"type":"two","capabilities":{"portMappings":true,"mac":false,"ips":true}}]})");
  }
  static NetworkConfig parsed(const std::string& json) {
    auto list = parse_network_list(json, "");
    EXPECT_THAT(list, test::Succeeds());
    return list ? *std::move(list) : NetworkConfig();
  }
  // A plugin that fails in one command and does its part in the others.
  void fails_in(const std::string& type, const std::string& command, const std::string& error) {
    scripts.add(type, "if [ $CNI_COMMAND = " + command + " ]; then printf '%s' '" + error +
                          "'; exit 1; fi\n[ $CNI_COMMAND != ADD ] || printf '%s' '" + kFirst + "'");
  }
  void forget_calls() const { std::filesystem::remove(scripts.path("seen/calls")); }
  bool is_cached() const { return std::filesystem::exists(scripts.path(kEntry)); }

  static constexpr char kEntry[] = "state/results/web-c1-eth0";
  test::PluginScripts scripts;
  Runtime runtime{{.plugin_path = {"/nowhere", scripts.bin()},
                   .cache_directory = scripts.path("state"),
                   .environment = {{"PATH", "/usr/bin:/bin"}, {"CNI_IFNAME", "stale"}}}};
  const RuntimeCall call{
      .container_id = "c1",
      .netns = "/run/netns/c1",
      .ifname = "eth0",
      .args = "IgnoreUnknown=1;FOO=bar",
      .capability_args = R"({"portMappings":[{"hostPort":80}],"mac":"02::","other":1})"};
  const RuntimeCall bare{.container_id = "c1", .netns = "/run/netns/c1", .ifname = "eth0"};
};

}  // namespace netctl::cni
