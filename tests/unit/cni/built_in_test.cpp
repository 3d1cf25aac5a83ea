#include "runtime-core/cni/built_in.hpp"

#include <sys/stat.h>

#include "runtime-core/cni/exec.hpp"
#include "runtime-core/cni/json.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/fake_plugin.hpp"
#include "tests/unit/cni/plugin_scripts.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;

const std::string kElf = "\177ELF";
const std::string kStamp = std::string("netctl-plugins ") + NETCTL_VERSION + '\0';

std::shared_ptr<const Document> shared_document(Json value) {
  return std::make_shared<const Document>(Document{.root = std::move(value)});
}

class BuiltIn : public testing::Test {
 protected:
  std::string executable(const std::string& name, const std::string& content, mode_t mode = 0755) {
    scripts.write(name, content);
    ::chmod(scripts.path(name).c_str(), mode);
    return scripts.path(name);
  }

  test::PluginScripts scripts;
  test::FakePlugin fake;
  const std::array<Plugin*, 1> all{&fake};
};

TEST_F(BuiltIn, AnExecutableOfThisBuildIsThePluginOfItsName) {
  EXPECT_EQ(find_built_in(all, executable("a/fake", kElf + "..." + kStamp)), &fake);
}

TEST_F(BuiltIn, EverythingElseHasToBeExecuted) {
  const std::pair<std::string, std::string> table[] = {
      {"another name", executable("b/other", kElf + kStamp)},
      {"no stamp: another project's", executable("c/fake", kElf)},
      {"another version", executable("e/fake", kElf + "netctl-plugins 99.0" + '\0')},
      {"a longer version",
       executable("f/fake", kElf + "netctl-plugins " + NETCTL_VERSION + ".1" + '\0')},
      {"a script", executable("g/fake", "#!/bin/sh\n# " + kStamp)},
      {"not executable", executable("h/fake", kElf + kStamp, 0644)},
      {"a stamp far behind the beginning",
       executable("i/fake", kElf + std::string(8192, '.') + kStamp)},
      {"nothing", scripts.path("nowhere/fake")},
      {"a directory", scripts.bin()},
  };
  for (const auto& [what, path] : table) {
    SCOPED_TRACE(what);
    EXPECT_EQ(find_built_in(all, path), nullptr);
  }
  EXPECT_EQ(find_built_in({}, executable("a/fake", kElf + kStamp)), nullptr);
}

TEST_F(BuiltIn, AFileThatWasFoundToBeOneAndIsReplacedIsLookedAtAnew) {
  const std::string path = executable("a/fake", kElf + kStamp);
  ASSERT_EQ(find_built_in(all, path), &fake);
  ASSERT_EQ(find_built_in(all, path), &fake);
  executable("a/fake", kElf + "netctl-plugins 99.0" + '\0');
  EXPECT_EQ(find_built_in(all, path), nullptr);
  executable("a/fake", kElf + kStamp);
  EXPECT_EQ(find_built_in(all, path), &fake);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(find_built_in(all, path), nullptr);
}

TEST_F(BuiltIn, TheStampTellsTheVersionOfAnyFileOfOurs) {
  const std::string old = kElf + "..netctl-plugins 0.2+g1" + '\0';
  EXPECT_EQ(stamped_version(executable("j/any", old)).value(), "0.2+g1");
  EXPECT_EQ(stamped_version(executable("k/any", kElf)).value(), std::nullopt);
  EXPECT_EQ(stamped_version(executable("l/any", "#!/bin/sh\n# " + kStamp)).value(), std::nullopt);
  EXPECT_EQ(stamped_version(executable("m/any", kElf + "netctl-plugins cut")).value(),
            std::nullopt);
  EXPECT_EQ(stamped_version(scripts.path("nowhere/any")).value(), std::nullopt);
}

TEST_F(BuiltIn, IsCalledWithEnvironmentAndConfigAndAnswersAsItsProcessWould) {
  const std::string path = executable("a/fake", kElf + kStamp);
  fake.result.ips.push_back({.address = *parse_ip_prefix("10.0.0.2/24")});

  const auto answer = call_plugin(path, test::environment_for("ADD"),
                                  shared_document({{"cniVersion", "1.0.0"}, {"name", "n"}}), all);

  ASSERT_THAT(answer, Succeeds());
  EXPECT_EQ(answer->text, "");
  EXPECT_EQ(dump_json(answer->root), R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]})");
  EXPECT_EQ(fake.calls, std::vector<std::string>{"ADD"});
  EXPECT_EQ(fake.last->container_id, "c1");
  EXPECT_EQ(fake.last->network, "n");
  EXPECT_EQ(fake.last->built_ins.size(), 1U);
}

TEST_F(BuiltIn, OtherCommandsHaveNoAnswer) {
  const std::string path = executable("a/fake", kElf + kStamp);
  const auto answer = call_plugin(path, test::environment_for("DEL"),
                                  shared_document({{"cniVersion", "1.0.0"}, {"name", "n"}}), all);
  ASSERT_THAT(answer, Succeeds());
  EXPECT_TRUE(answer->root.is_null());
  EXPECT_EQ(fake.calls, std::vector<std::string>{"DEL"});
}

TEST_F(BuiltIn, ItsFailureIsTheErrorObject) {
  const std::string path = executable("a/fake", kElf + kStamp);

  const auto refused =
      call_plugin(path, test::environment_for("ADD"), shared_document("text"), all);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().protocol_code, 6U);
  EXPECT_THAT(refused, FailsSaying(testing::HasSubstr("error unmarshall network config")));
}

}  // namespace
}  // namespace netctl::cni
