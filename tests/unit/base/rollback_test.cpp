#include "runtime-core/base/rollback.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RollbackTest : public testing::Test {
 protected:
  void add(Rollback& undo, const std::string& name, Status answer = ok()) {
    undo.add(name, [this, name, answer = std::move(answer)] {
      undone_.push_back(name);
      return answer;
    });
  }

  std::vector<std::string> undone_;
};

TEST_F(RollbackTest, UndoesTheLastStepFirst) {
  {
    Rollback undo;
    add(undo, "link");
    add(undo, "address");
    add(undo, "route");
    EXPECT_THAT(undone_, IsEmpty());
  }

  EXPECT_THAT(undone_, ElementsAre("route", "address", "link"));
}

TEST_F(RollbackTest, UndoesNothingOnceCommitted) {
  {
    Rollback undo;
    add(undo, "link");
    undo.commit();
  }

  EXPECT_THAT(undone_, IsEmpty());
}

TEST_F(RollbackTest, UndoesWhatWasAddedAfterACommit) {
  {
    Rollback undo;
    add(undo, "link");
    undo.commit();
    add(undo, "address");
  }

  EXPECT_THAT(undone_, ElementsAre("address"));
}

TEST_F(RollbackTest, GoesOnPastAnUndoThatFailsAndSaysSo) {
  testing::internal::CaptureStderr();
  {
    Rollback undo;
    add(undo, "delete link");
    add(undo, "delete address", fail(Errc::NotFound, "no such address"));
    add(undo, "delete route");
  }
  const std::string warned = testing::internal::GetCapturedStderr();

  EXPECT_THAT(undone_, ElementsAre("delete route", "delete address", "delete link"));
  EXPECT_THAT(warned, HasSubstr("undo failed: delete address: no such address"));
}

TEST_F(RollbackTest, UndoesWhenAStepReturnsItsError) {
  const auto work = [this]() -> Status {
    Rollback undo;
    add(undo, "link");
    TRY(Status(fail(Errc::Exists, "taken")));
    undo.commit();
    return ok();
  };

  EXPECT_FALSE(work());
  EXPECT_THAT(undone_, ElementsAre("link"));
}

}  // namespace
}  // namespace netctl
