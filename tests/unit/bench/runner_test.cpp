#include "tests/bench/runner.hpp"

#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/lab.hpp"

namespace netctl::bench {
namespace {

using testing::ElementsAre;

// The runner hands the lab on and does not look at it.
Lab& no_lab() {
  alignas(Lab) static char nothing[sizeof(Lab)];
  return reinterpret_cast<Lab&>(nothing);
}

Scenario scenario_of(std::vector<Contestant> contestants, int rounds,
                     std::vector<Figure> figures = {{.title = "time", .unit = "ms"}}) {
  return {.name = "row",
          .figures = std::move(figures),
          .rounds = rounds,
          .prepare = [contestants](Lab&) { return contestants; }};
}

Contestant always(const std::string& name, double sample) {
  return {.name = name, .measure = [sample] { return Samples{sample}; }};
}

Row row_of(double ours, double theirs, Better better = Better::Less) {
  Scenario scenario = scenario_of({always(kOurs, ours), always(kReference, theirs)}, 1,
                                  {{.title = "x", .unit = "ms", .better = better}});
  return run(scenario, no_lab()).front();
}

TEST(Runner, ContestantsTakePartInTurnInAnotherOrderEachRound) {
  std::string turns;
  const auto noting = [&turns](char letter) {
    return [&turns, letter] {
      turns += letter;
      return Samples{1};
    };
  };

  run(scenario_of({{.name = "a", .measure = noting('A')}, {.name = "b", .measure = noting('B')}},
                  8),
      no_lab());

  std::set<std::string> orders;
  for (std::size_t round = 0; round < turns.size(); round += 2) {
    orders.insert(turns.substr(round, 2));
  }
  EXPECT_EQ(turns.size(), 16U);
  EXPECT_THAT(orders, ElementsAre("AB", "BA"));
}

TEST(Runner, RoundsCanBeAskedFor) {
  const auto rows = run(scenario_of({always(kOurs, 1)}, 3), no_lab(), 7);

  EXPECT_EQ(rows.front().entries.front().summary->samples, 7U);
}

TEST(Runner, EachFigureOfARoundIsARow) {
  const Contestant both{.name = kOurs, .measure = [] { return Samples{1, 20}; }};

  const auto rows = run(scenario_of({both}, 2, {{.title = "ADD"}, {.title = "DEL"}}), no_lab());

  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].find(kOurs)->median, 1);
  EXPECT_EQ(rows[1].find(kOurs)->median, 20);
}

TEST(Runner, OneThatFailsHasNoFigureButAReason) {
  int calls = 0;
  const Contestant failing{.name = kReference, .measure = [&calls]() -> Result<Samples> {
                             if (++calls == 3) return fail(Errc::Unknown, "no more addresses");
                             return Samples{1};
                           }};

  const auto rows = run(scenario_of({always(kOurs, 1), failing}, 5), no_lab());

  EXPECT_EQ(rows.front().find(kReference), nullptr);
  EXPECT_EQ(rows.front().entries[1].reason, "no more addresses");
  EXPECT_EQ(calls, 3) << "it takes no further part";
  EXPECT_NE(rows.front().find(kOurs), nullptr) << "the others do";
}

TEST(Runner, OnSeveralHostsEachRoundIsOnTheNextOne) {
  const auto rows =
      run(scenario_of({on_several_hosts({always(kOurs, 1), always("2nd host", 3)})}, 4), no_lab());

  EXPECT_EQ(rows.front().find(kOurs)->samples, 4U);
  EXPECT_EQ(rows.front().find(kOurs)->median, 2);
}

TEST(Runner, OnSeveralHostsOneThatFailsIsTheReasonForAll) {
  const Contestant failing = absent("2nd host", fail(Errc::Unknown, "no such host"));

  const auto rows = run(scenario_of({on_several_hosts({always(kOurs, 1), failing})}, 4), no_lab());

  EXPECT_EQ(rows.front().find(kOurs), nullptr);
  EXPECT_EQ(rows.front().entries.front().reason, "no such host");
}

TEST(Runner, OneThatIsAbsentSaysWhy) {
  const auto rows =
      run(scenario_of({absent(kNetavark, fail(Errc::NotFound, "not installed"))}, 1), no_lab());

  EXPECT_EQ(rows.front().entries.front().reason, "not installed");
}

TEST(Reach, FasterByAFactorOfTime) {
  const Reach twenty{Reach::Kind::FasterBy, 20, kReference};

  EXPECT_EQ(is_reached(row_of(3, 60), twenty), true);
  EXPECT_EQ(is_reached(row_of(3.1, 60), twenty), false);
}

TEST(Reach, FasterByAFactorOfThroughput) {
  const Reach eight{Reach::Kind::FasterBy, 8, kReference};

  EXPECT_EQ(is_reached(row_of(800, 100, Better::More), eight), true);
  EXPECT_EQ(is_reached(row_of(790, 100, Better::More), eight), false);
}

TEST(Reach, WithinAFactorOfWhateverIsBetter) {
  const Reach within{Reach::Kind::Within, 1.25, kReference};

  EXPECT_EQ(is_reached(row_of(125, 100), within), true);
  EXPECT_EQ(is_reached(row_of(126, 100), within), false);
  EXPECT_EQ(is_reached(row_of(80, 100, Better::More), within), true);
  EXPECT_EQ(is_reached(row_of(79, 100, Better::More), within), false);
}

TEST(Reach, AnAbsoluteOneNeedsNobodyElse) {
  const Reach three{Reach::Kind::Absolute, 3, ""};

  EXPECT_EQ(is_reached(row_of(3, 60), three), true);
  EXPECT_EQ(is_reached(row_of(4, 60), three), false);
}

TEST(Reach, NothingIsSaidOfWhatWasNotMeasured) {
  const Reach floor{Reach::Kind::AtMost, 3, kFloor};

  EXPECT_EQ(is_reached(row_of(3, 60), floor), std::nullopt);
}

}  // namespace
}  // namespace netctl::bench
