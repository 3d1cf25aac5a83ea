#include "runtime-core/cni/exec.hpp"

#include "runtime-core/cni/json.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/plugin_scripts.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::PluginScripts;
using test::Succeeds;
using testing::Eq;
using testing::HasSubstr;

TEST(FindPlugin, TheFirstDirectoryThatHasTheFileWins) {
  const PluginScripts scripts;
  scripts.write("a/other", "");
  scripts.write("b/bridge", "");
  scripts.write("c/bridge", "");
  const auto found =
      find_plugin("bridge", {"", scripts.path("a"), scripts.path("b"), scripts.path("c")});
  ASSERT_THAT(found, Succeeds());
  EXPECT_EQ(*found, scripts.path("b/bridge"));
}

TEST(FindPlugin, ADirectoryIsNoPluginAndALinkToAFileIsOne) {
  const PluginScripts scripts;
  std::filesystem::create_directories(scripts.path("a/bridge"));
  scripts.write("real", "");
  std::filesystem::create_directory(scripts.path("b"));
  std::filesystem::create_symlink(scripts.path("real"), scripts.path("b/bridge"));
  const auto found = find_plugin("bridge", {scripts.path("a"), scripts.path("b")});
  ASSERT_THAT(found, Succeeds());
  EXPECT_EQ(*found, scripts.path("b/bridge"));
}

TEST(FindPlugin, RefusalsHaveUpstreamsWords) {
  const std::vector<std::string> path = {"/nowhere/a", "/nowhere/b"};
  EXPECT_THAT(find_plugin("x", path),
              FailsSaying(Eq("failed to find plugin \"x\" in path [/nowhere/a /nowhere/b]")));
  EXPECT_THAT(find_plugin("x", path), FailsWith(Errc::NotFound));
  EXPECT_THAT(find_plugin("a/b", path), FailsSaying(Eq("invalid plugin name: a/b")));
  EXPECT_THAT(find_plugin("", path), FailsSaying(Eq("no plugin name provided")));
  EXPECT_THAT(find_plugin("x", {}), FailsSaying(Eq("no paths provided")));
  EXPECT_THAT(find_plugin("x", {""}), FailsSaying(Eq("no paths provided")));
  EXPECT_THAT(find_plugin("..", path), FailsWith(Errc::NotFound));
  EXPECT_THAT(find_plugin(std::string_view("x\0y", 3), path),
              FailsSaying(HasSubstr("invalid plugin name")));
}

class ExecPlugin : public testing::Test {
 protected:
  // What it printed.
  Result<std::string> exec(const std::string& body, const Environment& environment = {}) {
    scripts.add("fake", body);
    Document answer = TRY(call("fake", environment));
    return std::move(answer.text);
  }

  Result<Document> call(const std::string& name, const Environment& environment = {}) {
    const auto config = std::make_shared<const Document>(Document{.root = {{"name", "n"}}});
    return call_plugin(scripts.path("bin/" + name), environment, config);
  }

  PluginScripts scripts;
};

TEST_F(ExecPlugin, GivesStdoutAndHandsOverEnvironmentAndConfig) {
  const auto out = exec("printf answer", {{"CNI_COMMAND", "ADD"}, {"OTHER", "a=b c"}});
  ASSERT_THAT(out, Succeeds());
  EXPECT_EQ(*out, "answer");
  EXPECT_EQ(scripts.config_of("fake", "ADD"), (Json{{"name", "n"}}));
  EXPECT_THAT(scripts.environment_of("fake", "ADD"), HasSubstr("\nOTHER=a=b c\n"));
}

TEST_F(ExecPlugin, AFailureIsTheObjectThatWasPrinted) {
  const auto failed = exec(R"(printf '{"code": 11, "msg": "later", "details": "busy"}'; exit 1)");
  ASSERT_THAT(failed, FailsWith(Errc::TryAgain));
  EXPECT_EQ(failed.error().message, "later");
  EXPECT_EQ(failed.error().details, "busy");
  EXPECT_EQ(failed.error().protocol_code, 11U);
}

TEST_F(ExecPlugin, AFailureWithoutObjectIsToldInUpstreamsWords) {
  testing::internal::CaptureStderr();
  EXPECT_THAT(exec("exit 3"),
              FailsSaying(Eq("netplugin failed with no error message: exit status 3")));
  EXPECT_THAT(exec("echo boom >&2; exit 1"),
              FailsSaying(Eq("netplugin failed: \"boom\": exit status 1")));
  EXPECT_THAT(exec("echo oops; exit 1"),
              FailsSaying(HasSubstr("error parsing its diagnostic message \"oops")));
  testing::internal::GetCapturedStderr();
}

TEST_F(ExecPlugin, StderrIsPassedOnAlsoWhenThePluginSucceeds) {
  testing::internal::CaptureStderr();
  const auto out = exec("echo chatty >&2; printf fine");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "chatty\n");
  ASSERT_THAT(out, Succeeds());
  EXPECT_EQ(*out, "fine");
}

TEST_F(ExecPlugin, AFileThatIsNotExecutableIsAnErrorThatNamesIt) {
  scripts.write("bin/data", "#!/bin/sh\n");
  EXPECT_THAT(call("data"), FailsSaying(HasSubstr("bin/data: Permission denied")));
}

TEST_F(ExecPlugin, APluginThatIsBeingWrittenIsAnErrorAtOnce) {
  std::filesystem::copy_file("/bin/true", scripts.path("bin/busy"));
  const std::ofstream writer(scripts.path("bin/busy"), std::ios::app);
  EXPECT_THAT(call("busy"), FailsSaying(HasSubstr("Text file busy")));
}

}  // namespace
}  // namespace netctl::cni
