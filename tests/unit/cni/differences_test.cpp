#include "runtime-core/cni/differences.hpp"

#include "runtime-core/cni/error.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

TEST(Differences, AreASuccessWhenThereAreNone) {
  Differences differences;
  EXPECT_TRUE(differences.keep(ok()));
  EXPECT_TRUE(differences.empty());
  EXPECT_THAT(differences.status("the container"), test::Succeeds());
}

TEST(Differences, AreAllInOneErrorALineEach) {
  Differences differences;
  differences.add("eth0 is down");
  EXPECT_FALSE(differences.keep(failure(kTryAgainLater, "ipam", "10.0.0.2 is not reserved")));
  differences.add("there is no bridge cni0");

  const Status status = differences.status("the container is not as it was");

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the container is not as it was: 3 differences");
  EXPECT_EQ(status.error().details,
            "eth0 is down\nipam; 10.0.0.2 is not reserved\nthere is no bridge cni0");
  EXPECT_EQ(status.error().protocol_code, 0U);
}

TEST(Differences, OfOneLineAreCountedInTheSingular) {
  Differences differences;
  differences.add("eth0 is down");

  const Status status = differences.status("the container is not as it was");

  EXPECT_EQ(status.error().message, "the container is not as it was: 1 difference");
  EXPECT_EQ(status.error().details, "eth0 is down");
}

TEST(Differences, AFailureThatIsAllThereIsComesOutAsItCameIn) {
  Differences differences;
  differences.keep(failure(kTryAgainLater, "later", "much"));

  const Status status = differences.status("the container is not as it was");

  EXPECT_EQ(status.error().protocol_code, kTryAgainLater);
  EXPECT_EQ(status.error().message, "later");
  EXPECT_EQ(status.error().details, "much");
}

}  // namespace
}  // namespace netctl::cni
