#include "runtime-core/base/log.hpp"

#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::log {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Each test leaves the levels as a program has them that nobody asked for more.
class Log : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("NETCTL_LOG"); }
  void TearDown() override {
    ::unsetenv("NETCTL_LOG");
    set_up("test");
  }
};

struct Written {
  std::string out;
  std::string err;
};

template <class Work>
Written written_by(Work work) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  work();
  return {.out = testing::internal::GetCapturedStdout(),
          .err = testing::internal::GetCapturedStderr()};
}

TEST_F(Log, ShowsWhatTheEnvironmentAsksFor) {
  const struct {
    const char* wanted;
    bool debug;
    bool info;
    bool warn;
  } table[] = {
      {"debug", true, true, true},  {"info", false, true, true}, {"warn", false, false, true},
      {"off", false, false, false}, {"", false, false, true},    {"loud", false, false, true},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.wanted);
    ::setenv("NETCTL_LOG", row.wanted, 1);
    set_up("test");
    EXPECT_EQ(enabled(Level::Debug), row.debug);
    EXPECT_EQ(enabled(Level::Info), row.info);
    EXPECT_EQ(enabled(Level::Warn), row.warn);
  }
}

TEST_F(Log, ShowsWarningsOnlyWhenNothingIsAskedFor) {
  set_up("test");

  EXPECT_TRUE(enabled(Level::Warn));
  EXPECT_FALSE(enabled(Level::Info));
}

TEST_F(Log, WritesToStderrAndNeverToStdout) {
  set_up("test");
  set_level(Level::Debug);

  const Written written = written_by([] {
    debug("sent {}", 1);
    info("changed {}", 2);
    warn("went on without {}", 3);
  });

  EXPECT_THAT(written.out, IsEmpty());
  EXPECT_THAT(written.err,
              AllOf(HasSubstr("sent 1\n"), HasSubstr("changed 2\n"), HasSubstr("without 3\n")));
}

TEST_F(Log, WritesNothingBelowItsLevel) {
  set_up("test");
  set_level(Level::Info);

  const Written written = written_by([] {
    debug("sent");
    info("changed");
  });

  EXPECT_THAT(written.err, AllOf(HasSubstr("changed"), Not(HasSubstr("sent"))));
}

TEST_F(Log, WritesNothingAtAllWhenOff) {
  set_up("test");
  set_level(Level::Off);

  const Written written = written_by([] { warn("went on"); });

  EXPECT_THAT(written.err, IsEmpty());
}

TEST_F(Log, TakesBracesInAValueAsTheyAre) {
  set_up("test");

  const Written written = written_by([] { warn("config {}", R"({"name":"{}"})"); });

  EXPECT_THAT(written.err, HasSubstr(R"(config {"name":"{}"})"));
}

}  // namespace
}  // namespace netctl::log
