#include <string>

#include <gtest/gtest.h>

#include "runtime-core/sys/process.hpp"

namespace netctl {
namespace {

// What glibc sets at the start has to be set by ours, too.
// tests/unit/start/probe.cpp says what each line stands for.
TEST(Start, ProgramFindsTheWholeRunTimeInOrder) {
  const auto probe = sys::run_program(START_PROBE, {"start-probe", "word"}, {"PROBE=value"}, "");
  ASSERT_TRUE(probe.has_value()) << probe.error().message;
  EXPECT_EQ(probe->out,
            "arguments: yes\n"
            "environment: yes\n"
            "name: yes\n"
            "constructors: yes\n"
            "exceptions: yes\n"
            "blocks: yes\n"
            "strings: yes\n"
            "threads: yes\n"
            "clock: yes\n"
            "numbers: yes\n"
            "guard: yes\n"
            "destructors: yes\n");
  EXPECT_EQ(probe->err, "");
  EXPECT_EQ(probe->exit_status, 7);
}

TEST(Start, ProgramWithoutArgumentsAndEnvironmentBegins) {
  const auto probe = sys::run_program(START_PROBE, {}, {}, "");
  ASSERT_TRUE(probe.has_value()) << probe.error().message;
  EXPECT_NE(probe->out.find("arguments: no\nenvironment: no\n"), std::string::npos) << probe->out;
  EXPECT_EQ(probe->exit_status, 7);
}

}  // namespace
}  // namespace netctl
