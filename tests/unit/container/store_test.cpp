// What is remembered of containers, and what a reader makes of it.
#include "runtime-core/container/store.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ContainerStore : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/store-test.XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  Store store() const { return Store(root_ + "/run", root_ + "/data"); }
  static State named(const std::string& id, const std::string& name) {
    return {.id = id, .name = name, .created_ns = 1};
  }

  std::string root_;
};

TEST_F(ContainerStore, FindsByIdByItsBeginningAndByName) {
  ASSERT_THAT(store().create(named("abc123", "web"), {}), Succeeds());
  ASSERT_THAT(store().create(named("abd456", "db"), {}), Succeeds());

  EXPECT_EQ(store().find("web")->id, "abc123");
  EXPECT_EQ(store().find("abc123")->name, "web");
  EXPECT_EQ(store().find("abd")->name, "db");
  EXPECT_THAT(store().find("ab"), FailsSaying(HasSubstr("2 containers")));
  EXPECT_THAT(store().find("x"), FailsSaying(HasSubstr("does not exist")));
  EXPECT_THAT(store().find("../abc123"), FailsWith(Errc::InvalidArgument));
}

TEST_F(ContainerStore, GivesANameOnce) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  EXPECT_THAT(store().create(named("b", "web"), {}), FailsSaying(HasSubstr("is taken")));
  // Nothing is left of the one that was refused.
  EXPECT_THAT(store().ids_without_state().value(), IsEmpty());

  ASSERT_THAT(store().remove(named("a", "web")), Succeeds());
  EXPECT_THAT(store().create(named("b", "web"), {}), Succeeds());
}

TEST_F(ContainerStore, TakesANameOverWhoseHolderIsGone) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  std::filesystem::remove_all(root_ + "/run/containers/a");  // killed between its two steps
  EXPECT_THAT(store().create(named("b", "web"), {}), Succeeds());
  EXPECT_EQ(store().find("web")->id, "b");
}

TEST_F(ContainerStore, RemovesTwiceAsOnceAndNeverAnothersName) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  EXPECT_THAT(store().remove(named("b", "web")), Succeeds());
  EXPECT_EQ(store().find("web")->id, "a");
  EXPECT_THAT(store().remove(named("a", "web")), Succeeds());
  EXPECT_THAT(store().remove(named("a", "web")), Succeeds());
  EXPECT_THAT(store().all().value(), IsEmpty());
}

TEST_F(ContainerStore, KnowsDirectoriesWhoseCreationWasInterrupted) {
  std::filesystem::create_directories(root_ + "/run/containers/half");
  std::filesystem::create_directories(root_ + "/data/containers/old");
  EXPECT_THAT(store().ids_without_state().value(), ElementsAre("half", "old"));
  EXPECT_EQ(store().find("half")->id, "half");  // enough to remove it
}

TEST_F(ContainerStore, AnInterruptedCreationIsFoundByItsNameAndGivesItBack) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  ASSERT_THAT(store().create(named("b", "db"), {}), Succeeds());
  std::filesystem::remove(root_ + "/run/containers/a/state.json");  // killed before it was written
  EXPECT_FALSE(store().create(named("c", "web"), {}));
  const auto half = store().find("web");
  ASSERT_THAT(half, Succeeds());
  EXPECT_EQ(half->id, "a");
  EXPECT_THAT(store().remove(*half), Succeeds());
  EXPECT_THAT(store().ids_without_state().value(), IsEmpty());
  EXPECT_THAT(store().create(named("c", "web"), {}), Succeeds());
  EXPECT_EQ(store().find("db")->id, "b");
}

TEST_F(ContainerStore, NamesOfContainersThatAreGoneAreReleasedAndNoOthers) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  ASSERT_THAT(store().create(named("b", "db"), {}), Succeeds());
  std::filesystem::remove_all(root_ + "/run/containers/a");
  EXPECT_THAT(store().release_stray_names(), Succeeds());
  EXPECT_FALSE(std::filesystem::is_symlink(root_ + "/run/names/web"));
  EXPECT_EQ(store().find("db")->id, "b");
}

TEST_F(ContainerStore, PassesOverAStateThatCannotBeRead) {
  ASSERT_THAT(store().create(named("a", "web"), {}), Succeeds());
  ASSERT_THAT(store().create(named("b", "db"), {}), Succeeds());
  std::ofstream(root_ + "/run/containers/a/state.json") << "{";
  ASSERT_EQ(store().all()->size(), 1U);
  EXPECT_EQ(store().all()->front().name, "db");
}

TEST(ContainerState, IsReadBackAsItWasWritten) {
  State state{.id = "abc",
              .name = "web",
              .command = "sh -c \"x\"",
              .rootfs = "/r",
              .init = {.pid = 10, .start_time = 99},
              .monitor = {.pid = 11, .start_time = 98},
              .cgroup_path = "/netctl/abc",
              .netns = "/run/netns/x",
              .log = "/l",
              .networks = {{"bridge", "eth0", {"8080:80"}, {"10.0.0.1"}, "02:00:00:00:00:01"}},
              .created_ns = 1,
              .started_ns = 2,
              .finished_ns = 3,
              .exit_status = 137,
              .error = "none",
              .removes_itself = true,
              .stop_signal = 2};
  const auto again = parse_state(to_json(state));
  ASSERT_THAT(again, Succeeds());
  EXPECT_EQ(*again, state);
}

TEST(ContainerState, AProcessThatHasTheNumberOfAnotherIsNotMistakenForIt) {
  State state{.init = *own_name(), .monitor = *own_name(), .started_ns = 1};
  EXPECT_EQ(*phase_of(state), Phase::Running);
  state.init.start_time -= 1;  // the number was given to us after it
  EXPECT_EQ(*phase_of(state), Phase::Dead);
  state.finished_ns = 2;
  EXPECT_EQ(*phase_of(state), Phase::Exited);
}

TEST(ContainerState, OneThatNobodyStartsAnyMoreIsDead) {
  State state{.monitor = *own_name()};
  EXPECT_EQ(*phase_of(state), Phase::Created);
  state.monitor.start_time -= 1;
  EXPECT_EQ(*phase_of(state), Phase::Dead);
}

TEST(ContainerNames, AreFileNamesThatLeadNowhere) {
  for (const char* name : {"a", "web-1", "A.b_c", "0"}) EXPECT_THAT(check_name(name), Succeeds());
  for (const char* name : {"", ".", "..", "-a", "a/b", "a b", "ä", "_a"}) {
    EXPECT_THAT(check_name(name), FailsWith(Errc::InvalidArgument)) << name;
  }
  EXPECT_EQ(new_id()->size(), 64U);
  EXPECT_NE(*new_id(), *new_id());
}

}  // namespace
}  // namespace netctl::container
