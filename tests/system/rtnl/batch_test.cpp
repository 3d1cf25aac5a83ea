#include <cerrno>

#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

using Batches = RtnlHost;

TEST_F(Batches, AFailureInTheMiddleIsNamedAndTheOthersAreDone) {
  Batch batch;
  batch.add_bridge({.name = "br0"}).add_bridge({.name = "lo"}).add_bridge({.name = "br1"});
  const auto outcomes = host().run(batch);

  ASSERT_THAT(outcomes, Succeeds());
  ASSERT_EQ(outcomes->size(), 3U);
  EXPECT_THAT((*outcomes)[0], Succeeds());
  EXPECT_THAT((*outcomes)[1], FailsSaying(HasSubstr("add bridge lo: File exists")));
  EXPECT_THAT((*outcomes)[2], Succeeds());
  EXPECT_EQ(link("br1").kind, "bridge");
}

TEST_F(Batches, TheFirstOfSeveralFailuresIsReturned) {
  Batch batch;
  batch.add_bridge({.name = "br0"})
      .change_link({.link = "none0", .up = true})
      .add_bridge({.name = "lo"});

  EXPECT_THAT(apply(batch), FailsWith(Errc::NotFound));
  EXPECT_EQ(link("br0").kind, "bridge");
}

TEST_F(Batches, TheKernelsOwnWordsAreInTheError) {
  const int br0 = bridge("br0", {"10.0.0.1/24"});
  Batch batch;
  batch.add_address(br0, prefix("10.0.0.1/24"));

  EXPECT_THAT(apply(batch), FailsSaying(testing::MatchesRegex(
                                "add address 10.0.0.1/24 to link [0-9]+: File exists \\(.+\\)")));
}

TEST_F(Batches, ABatchOfNothingSucceeds) { EXPECT_THAT(apply(Batch()), Succeeds()); }

TEST_F(Batches, ABatchCanBeSentAgain) {
  Batch batch;
  batch.add_bridge({.name = "br0"}, EEXIST);
  EXPECT_THAT(apply(batch), Succeeds());
  EXPECT_THAT(apply(batch), Succeeds());
}

TEST_F(Batches, HundredsOfMessagesAllHaveTheirOwnAnswer) {
  const int br0 = bridge("br0");
  Batch batch;
  for (int i = 0; i < 500; ++i) {
    // Every tenth is there already.
    const int last = i % 10 == 9 ? i - 1 : i;
    batch.add_address(
        br0, {.address = ip("10.0.0.0").next(static_cast<unsigned>(last) + 1), .length = 16});
  }
  const auto outcomes = host().run(batch);

  ASSERT_THAT(outcomes, Succeeds());
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    EXPECT_EQ((*outcomes)[i].has_value(), i % 10 != 9) << batch.text(i);
  }
  const auto addresses = host().addresses(br0).value();
  EXPECT_EQ(std::ranges::count(addresses, 16U, [](const Address& a) { return a.prefix.length; }),
            450);
}

TEST_F(Batches, WhatDoesNotFitIntoAMessageFailsAloneAndIsNotSent) {
  Batch batch;
  batch.change_link({.link = "lo", .alias = std::string(5000, 'x')}).add_bridge({.name = "br0"});
  const auto outcomes = host().run(batch);

  ASSERT_THAT(outcomes, Succeeds());
  EXPECT_THAT((*outcomes)[0], FailsSaying(HasSubstr("Message too long")));
  EXPECT_THAT((*outcomes)[1], Succeeds());
  EXPECT_EQ(link("lo").alias, "");
}

TEST_F(Batches, AnAliasTooLongIsRefusedByTheKernel) {
  Batch batch;
  batch.change_link({.link = "lo", .alias = std::string(256, 'x')});
  EXPECT_THAT(apply(batch), FailsWith(Errc::InvalidArgument));
}

}  // namespace
}  // namespace netctl::rtnl
