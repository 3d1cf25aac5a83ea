#include <sys/stat.h>

#include <array>

#include "tests/unit/cni/fake_plugin.hpp"
#include "tests/unit/cni/runtime_fixture.hpp"

// Chains of which some plugins are executed, and one is inside of this program.
namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::ElementsAre;
using testing::Eq;

class RuntimeBuiltIns : public RuntimeTest {
 protected:
  void SetUp() override {
    RuntimeTest::SetUp();
    scripts.write("bin/fake",
                  std::string("\177ELF netctl-plugins ") + NETCTL_VERSION + std::string(1, '\0'));
    ::chmod(scripts.path("bin/fake").c_str(), 0755);
  }

  static NetworkConfig list_of(const std::string& plugins) {
    return parsed(R"({"cniVersion":"1.0.0","name":"web","plugins":[)" + plugins + "]}");
  }

  test::FakePlugin fake;
  const std::array<Plugin*, 1> built_ins{&fake};
  Runtime mixed{{.plugin_path = {scripts.bin()},
                 .cache_directory = scripts.path("state"),
                 .environment = {{"PATH", "/usr/bin:/bin"}},
                 .built_ins = built_ins}};
};

TEST_F(RuntimeBuiltIns, ResultsGoFromProcessToPluginAndBack) {
  fake.result.ips.push_back({.address = *parse_ip_prefix("10.9.0.2/24")});

  const auto result =
      mixed.add(list_of(R"({"type":"one"},{"type":"fake","apple":2},{"type":"two"})"), bare);

  ASSERT_THAT(result, Succeeds());
  EXPECT_EQ(scripts.calls(), "ADD one\nADD two\n");
  EXPECT_THAT(fake.calls, ElementsAre("ADD"));
  ASSERT_TRUE(fake.last->prev_result);
  ASSERT_EQ(fake.last->prev_result->interfaces.size(), 1U);
  EXPECT_EQ(fake.last->prev_result->interfaces[0].sandbox, "/run/netns/c1");
  EXPECT_EQ(dump_json(scripts.config_of("two", "ADD")["prevResult"]),
            R"({"cniVersion":"1.0.0","ips":[{"address":"10.9.0.2/24"}]})");
  EXPECT_EQ(result->ips.at(0).address.to_text(), "10.1.0.2/24");
  EXPECT_TRUE(is_cached());
}

TEST_F(RuntimeBuiltIns, OneThatIsTwiceInAListIsCalledTwice) {
  ASSERT_THAT(mixed.add(list_of(R"({"type":"fake"},{"type":"fake"})"), bare), Succeeds());
  EXPECT_THAT(fake.calls, ElementsAre("ADD", "ADD"));
}

TEST_F(RuntimeBuiltIns, OneThatFailsIsUndoneWithThoseBeforeIt) {
  fake.on_add = []() -> Result<AddResult> { return fail(Errc::Exhausted, "no address is left"); };

  EXPECT_THAT(mixed.add(list_of(R"({"type":"one"},{"type":"fake"},{"type":"two"})"), bare),
              FailsSaying(Eq("plugin type=\"fake\" failed (add): no address is left")));

  EXPECT_THAT(fake.calls, ElementsAre("ADD", "DEL"));
  EXPECT_EQ(scripts.calls(), "ADD one\nDEL one\n");
  EXPECT_FALSE(is_cached());
}

TEST_F(RuntimeBuiltIns, DelHasTheResultOfTheLastPlugin) {
  const NetworkConfig list = list_of(R"({"type":"fake"},{"type":"two"})");
  ASSERT_THAT(mixed.add(list, bare), Succeeds());

  ASSERT_THAT(mixed.del(list, bare), Succeeds());

  EXPECT_THAT(fake.calls, ElementsAre("ADD", "DEL"));
  ASSERT_TRUE(fake.last->prev_result);
  EXPECT_EQ(fake.last->prev_result->ips.at(0).address.to_text(), "10.1.0.2/24");
}

}  // namespace
}  // namespace netctl::cni
