// What is printed, and what becomes of an ADD that nobody gets to know of.
#include <unistd.h>

#include <new>
#include <stdexcept>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "tests/unit/cni/told.hpp"

namespace netctl::cni {
namespace {

using test::call;
using test::config_of;
using test::environment_for;
using test::FakePlugin;
using test::one_address;
using test::Seen;
using test::Told;
using test::told_by;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCommands[] = {"ADD", "DEL", "CHECK", "GC", "STATUS"};

TEST(Run, WithoutACommandTellsAPersonWhatItIs) {
  FakePlugin plugin;
  const Seen seen = call(plugin, {}, "");
  EXPECT_EQ(seen.exit_status, 0);
  EXPECT_EQ(seen.out, "");
  EXPECT_THAT(seen.err, testing::MatchesRegex("CNI fake plugin v[0-9.]+ \\(netctl\\)\n"
                                              "CNI protocol versions supported: 0.1.0, 0.2.0, "
                                              "0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n"));
  EXPECT_THAT(plugin.calls, IsEmpty());
}

TEST(Run, AnswersVersionOnOneLineAndReadsNothing) {
  FakePlugin plugin;
  World world{.environment = {{"CNI_COMMAND", "VERSION"}}};
  world.read_config = []() -> Result<std::string> {
    ADD_FAILURE() << "stdin is read";
    return std::string();
  };
  std::string out;
  world.answer = [&](std::string_view text) {
    out = text;
    return true;
  };
  EXPECT_EQ(run(plugin, std::move(world)), 0);
  EXPECT_EQ(out,
            R"({"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0",)"
            R"("1.0.0","1.1.0"]})"
            "\n");
}

TEST(Run, AnswersVersionWithThePluginsOwn) {
  FakePlugin plugin;
  plugin.supported = {"0.4.0", "1.0.0"};
  EXPECT_EQ(call(plugin, {{"CNI_COMMAND", "VERSION"}}, "").out,
            "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}\n");
}

TEST(Run, PrintsTheResultInTheVersionOfTheConfig) {
  for (const std::string_view version : kVersions) {
    SCOPED_TRACE(version);
    FakePlugin plugin;
    plugin.result = one_address();
    const Seen seen = call(plugin, environment_for("ADD"), config_of(version));
    EXPECT_EQ(seen.exit_status, 0);
    const auto object = parse_json(seen.out);
    ASSERT_TRUE(object) << seen.out;
    EXPECT_EQ(object->at("cniVersion"), version);
    EXPECT_EQ(object->contains("ip4"), version < "0.3.0");
    EXPECT_EQ(object->contains("ips"), version >= "0.3.0");
    EXPECT_EQ(object->contains("dns"), version < "1.0.0");
    EXPECT_EQ(seen.out.back(), '}');
  }
}

TEST(Run, PrintsNothingForTheOtherCommands) {
  for (const char* command : {"DEL", "CHECK", "GC", "STATUS"}) {
    SCOPED_TRACE(command);
    FakePlugin plugin;
    const Seen seen = call(plugin, environment_for(command), config_of("1.1.0"));
    EXPECT_EQ(seen.exit_status, 0);
    EXPECT_EQ(seen.out, "");
    EXPECT_EQ(seen.err, "");
    EXPECT_THAT(plugin.calls, ElementsAre(command));
  }
}

TEST(Run, PrintsThePluginsErrorAsItIs) {
  for (const char* command : kCommands) {
    SCOPED_TRACE(command);
    FakePlugin plugin;
    plugin.on_add = [] { return failure(kTryAgainLater, "later", "much"); };
    plugin.on_other = [] { return Status(failure(kTryAgainLater, "later", "much")); };
    const Seen seen = call(plugin, environment_for(command), config_of("1.1.0"));
    EXPECT_EQ(seen.out,
              "{\n    \"code\": 11,\n    \"msg\": \"later\",\n    \"details\": \"much\"\n}");
    EXPECT_EQ(seen.exit_status, 1);
  }
}

TEST(Run, GivesAnErrorWithoutACodeTheInternalOne) {
  FakePlugin plugin;
  plugin.on_add = [] { return fail(Errc::Exists, "taken"); };
  const Told told = told_by(call(plugin, environment_for("ADD"), config_of("1.0.0")));
  EXPECT_EQ(told.code, 999U);
  EXPECT_EQ(told.message, "taken");
}

TEST(Run, TellsAStatusWithoutACodeAsNotAvailable) {
  FakePlugin plugin;
  plugin.on_other = [] { return Status(fail(Errc::NotFound, "no such feature")); };
  EXPECT_EQ(told_by(call(plugin, environment_for("STATUS"), config_of("1.1.0"))).code,
            kNotAvailable);
  EXPECT_EQ(told_by(call(plugin, environment_for("CHECK"), config_of("1.1.0"))).code, kInternal);
  plugin.on_other = [] { return Status(failure(kLimitedConnectivity, "worse")); };
  EXPECT_EQ(told_by(call(plugin, environment_for("STATUS"), config_of("1.1.0"))).code,
            kLimitedConnectivity);
}

TEST(Run, TurnsWhatAPluginThrowsIntoAnErrorObject) {
  const std::pair<std::function<void()>, std::string_view> table[] = {
      {[] { throw std::runtime_error("boom"); }, "fake plugin failed: boom"},
      {[] { throw std::bad_alloc(); }, "fake plugin failed: std::bad_alloc"},
      {[] { throw 5; }, "fake plugin failed with an exception"},
  };
  for (const auto& [raise, words] : table) {
    SCOPED_TRACE(words);
    FakePlugin plugin;
    plugin.on_add = [raise = raise]() -> Result<AddResult> {
      raise();
      return AddResult{};
    };
    const Told told = told_by(call(plugin, environment_for("ADD"), config_of("1.0.0")));
    EXPECT_EQ(told.code, 999U);
    EXPECT_EQ(told.message, words);
  }
}

TEST(Run, UndoesAnAddThatTheVersionHasNoShapeFor) {
  FakePlugin plugin;  // no address
  const Told told = told_by(call(plugin, environment_for("ADD"), config_of("0.2.0")));
  EXPECT_EQ(told.message, "cannot convert: no valid IP addresses");
  EXPECT_EQ(told.code, 999U);
  EXPECT_EQ(plugin.calls.size(), 2U);
}

TEST(Run, TellsWhyEvenWhenUndoingThrows) {
  FakePlugin plugin;
  plugin.on_other = []() -> Status { throw std::runtime_error("undo"); };
  EXPECT_EQ(told_by(call(plugin, environment_for("ADD"), config_of("0.2.0"))).message,
            "cannot convert: no valid IP addresses");
}

TEST(Run, UndoesAnAddWhoseResultNobodyReads) {
  FakePlugin plugin;
  World world{.environment = environment_for("ADD")};
  world.read_config = []() -> Result<std::string> { return config_of("1.1.0"); };
  world.answer = [](std::string_view) { return false; };
  EXPECT_EQ(run(plugin, std::move(world)), 1);
  EXPECT_EQ(plugin.calls.size(), 2U);
}

TEST(Run, SaysThatStdinCannotBeRead) {
  FakePlugin plugin;
  World world{.environment = environment_for("ADD")};
  world.read_config = []() -> Result<std::string> {
    return failure(kIoFailure, "error reading from stdin: Is a directory");
  };
  std::string out;
  world.answer = [&](std::string_view text) {
    out = text;
    return true;
  };
  EXPECT_EQ(run(plugin, std::move(world)), 1);
  EXPECT_THAT(out, HasSubstr("\"code\": 5"));
  EXPECT_THAT(out, HasSubstr("error reading from stdin"));
  EXPECT_THAT(plugin.calls, IsEmpty());
}

}  // namespace
}  // namespace netctl::cni
