// The one executable of all plugins, under the names that it has and under others.
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/built_ins.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "runtime-core/sys/process.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::filesystem::path kDirectory = NETCTL_PLUGINS;

sys::Finished start_as(const std::string& argv0, const std::vector<std::string>& environment = {}) {
  const auto finished =
      sys::run_program((kDirectory / "netctl-plugins").string(), {argv0}, environment, "");
  return finished ? *finished : sys::Finished{.exit_status = 255, .err = finished.error().message};
}

TEST(Executable, HasALinkBesideItForEachPlugin) {
  std::set<std::string> links;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    if (!entry.is_symlink()) continue;
    EXPECT_EQ(std::filesystem::read_symlink(entry), "netctl-plugins") << entry;
    links.insert(entry.path().filename());
  }
  std::set<std::string> names;
  for (const cni::Plugin* plugin : plugins::built_ins()) names.emplace(plugin->name());
  EXPECT_EQ(links, names);
}

TEST(Executable, IsThePluginThatItIsCalledAs) {
  for (const std::string path : {"portmap", "/opt/cni/bin/portmap", "./portmap"}) {
    const sys::Finished finished = start_as(path);
    EXPECT_EQ(finished.exit_status, 0) << path;
    EXPECT_THAT(finished.err, StartsWith("CNI portmap plugin ")) << path;
  }
  EXPECT_THAT(start_as("loopback").err, StartsWith("CNI loopback plugin "));
}

TEST(Executable, TellsAPersonItsNames) {
  for (const char* name : {"netctl-plugins", "bridge-old", ""}) {
    const sys::Finished finished = start_as(name);
    EXPECT_EQ(finished.exit_status, 0) << name;
    EXPECT_THAT(finished.out, IsEmpty()) << name;
    EXPECT_THAT(finished.err, HasSubstr("bridge, container, firewall, host, host-local, loopback"))
        << name;
  }
}

TEST(Executable, RefusesARuntimeThatCallsItByAnotherName) {
  const sys::Finished finished = start_as("/opt/cni/bin/bridge-old", {"CNI_COMMAND=VERSION"});
  EXPECT_EQ(finished.exit_status, 1);
  const Error error = cni::parse_error(finished.out);
  EXPECT_EQ(error.protocol_code, cni::kBadEnvironment);
  EXPECT_THAT(error.message, HasSubstr("bridge-old"));
  EXPECT_THAT(error.details, HasSubstr("portmap"));
}

}  // namespace
}  // namespace netctl::test
