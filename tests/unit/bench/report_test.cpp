#include "tests/bench/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Row chain_row() {
  return {.scenario = "chain",
          .figure = {.title = "chain ADD",
                     .unit = "ms",
                     .reach = {{Reach::Kind::FasterBy, 20, kReference},
                               {Reach::Kind::AtMost, 3, kFloor}}},
          .entries = {{.contestant = kOurs, .summary = Summary{3, 4.5, 41}},
                      {.contestant = kReference, .summary = Summary{64, 70, 41}},
                      {.contestant = kFloor, .summary = Summary{0.75, 1, 41}},
                      {.contestant = kNetavark, .reason = "it said \"no\""}}};
}

const Surroundings kWhere{{"date", "2024-01-31"}, {"kernel", "6.1"}};

TEST(Report, TheTableHasFiguresAndWhatIsReached) {
  const std::string table = to_table({chain_row()});

  EXPECT_THAT(table, HasSubstr("3.00      4.50"));
  EXPECT_THAT(table, HasSubstr("20 times better than reference: reached (21.3 times)"));
  EXPECT_THAT(table, HasSubstr("at most 3 times floor: MISSED (4.00 times)"));
}

TEST(Report, WhoWasNotMeasuredIsNamedWithTheReason) {
  EXPECT_THAT(to_table({chain_row()}),
              HasSubstr("chain ADD: netavark was not measured: it said \"no\""));
}

TEST(Report, TheFileHasMedianP95AndRatio) {
  const std::string json = to_json({chain_row()}, kWhere);

  EXPECT_THAT(json, HasSubstr(R"("kernel": "6.1")"));
  EXPECT_THAT(json, HasSubstr(R"({"contestant": "reference", "median": 64.0, "p95": 70.0, )"
                              R"("samples": 41, "ours_to_it": 0.047})"));
  EXPECT_THAT(json, HasSubstr(R"({"contestant": "netavark", "not_measured": "it said \"no\""})"));
}

TEST(Report, TheChartHasABarForEachThatWasMeasured) {
  const std::string svg = to_svg({chain_row()}, kWhere);

  EXPECT_THAT(svg, HasSubstr(">reference</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("netavark")));
  EXPECT_THAT(svg, HasSubstr("date 2024-01-31, kernel 6.1"));
}

}  // namespace
}  // namespace netctl::bench
