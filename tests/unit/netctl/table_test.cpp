#include "netctl/table.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>

#include "netctl/progress.hpp"
#include "netctl/watch.hpp"
#include "runtime-core/base/unique_fd.hpp"

namespace netctl::command {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(TextWidth, IsColumnsAndNotBytes) {
  const std::pair<const char*, std::size_t> table[] = {
      {"", 0}, {"web", 3}, {"näme", 4}, {"网络", 4}, {"e\u0301", 1}, {"🐋", 2}, {"\xff\xfe", 2}};
  for (const auto& [text, width] : table) {
    SCOPED_TRACE(text);
    EXPECT_EQ(width_of(text), width);
  }
}

TEST(TextWidth, ShortenedFitsAndEndsInAnEllipsis) {
  EXPECT_EQ(shortened("web", 3), "web");
  EXPECT_EQ(shortened("webserver", 4), "web…");
  EXPECT_EQ(shortened("网络网络", 4), "网…");  // half a character is none
  EXPECT_EQ(shortened("web", 1), "…");
  EXPECT_EQ(shortened("web", 0), "");
}

TEST(OneLine, HasNothingThatSteersATerminalOrBreaksALine) {
  EXPECT_EQ(on_one_line("a\033[31mb\nc\td\x7f"), "a?[31mb?c?d?");
  EXPECT_EQ(on_one_line("x\xc2\x9bm"), "x?m");              // CSI in one character
  EXPECT_EQ(on_one_line("\xff ok \xc3"), "? ok ?");         // no UTF-8
  EXPECT_EQ(on_one_line("\xc0\xaf\xed\xa0\x80"), "?????");  // too long, half a pair
  EXPECT_EQ(on_one_line("näme 网络"), "näme 网络");
}

TEST(Columns, AlignByWhatIsSeen) {
  EXPECT_EQ(in_columns({{{"näme"}, {"x"}}, {{"网络网"}, {"y"}}, {{"a"}, {""}}}, {}),
            "näme     x\n网络网   y\na\n");
}

TEST(Columns, AreCutToTheScreenTheWidestFirst) {
  const std::vector<Row> rows{{{"short"}, {"a text that takes a lot of room"}, {"end"}}};
  for (const std::size_t width : {30U, 40U, 60U}) {
    for (const std::string& line : lines_of(in_columns(rows, {.width = width}))) {
      EXPECT_LE(width_of(line), width);
      EXPECT_THAT(line, AllOf(HasSubstr("short"), HasSubstr("end")));
    }
  }
  EXPECT_THAT(in_columns(rows, {.width = 60}), Not(HasSubstr("…")));
}

TEST(Columns, OnAScreenThatIsTooNarrowKeepEightCharacters) {
  EXPECT_EQ(in_columns({{{"0123456789"}, {"0123456789"}}}, {.width = 4}), "0123456…   0123456…\n");
}

TEST(Columns, ColoursDoNotMoveThem) {
  const std::vector<Row> rows{{{"up", Colour::Good}, {"x"}}, {{"paused", Colour::Warning}, {"y"}}};
  EXPECT_EQ(in_columns(rows, {.colours = true}),
            "\033[32mup\033[0m       x\n\033[33mpaused\033[0m   y\n");
  EXPECT_EQ(in_columns(rows, {}), "up       x\npaused   y\n");
}

TEST(Colours, OfAStateTellHowItFares) {
  EXPECT_EQ(colour_of_state("up"), Colour::Good);
  EXPECT_EQ(colour_of_state("exited (1)"), Colour::Faint);
  EXPECT_EQ(colour_of_state("paused"), Colour::Warning);
  EXPECT_EQ(colour_of_state("namespace gone"), Colour::Bad);
  EXPECT_EQ(colour_of_state("web"), Colour::None);
}

// A terminal of that size.
class OnATerminal : public testing::Test {
 protected:
  void SetUp() override {
    const winsize size{.ws_row = 20, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
    master_ = UniqueFd(master);
    slave_ = UniqueFd(slave);
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
  UniqueFd master_;
  UniqueFd slave_;
};

TEST_F(OnATerminal, TheScreenHasItsSizeAndColours) {
  const Screen screen = screen_of(slave_.get());
  EXPECT_EQ(screen.width, 100U);
  EXPECT_EQ(screen.height, 20U);
  EXPECT_TRUE(screen.colours);
}

TEST_F(OnATerminal, NoColorAndTerminalsWithoutColoursAreHonoured) {
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(screen_of(slave_.get()).colours);
  ::setenv("NO_COLOR", "", 1);  // empty is as if it were not set
  EXPECT_TRUE(screen_of(slave_.get()).colours);
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(screen_of(slave_.get()).colours);
  EXPECT_EQ(screen_of(slave_.get()).width, 100U);
}

TEST(Screens, AFileHasNeitherWidthNorColours) {
  const UniqueFd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(screen_of(file.get()).width, 0U);
  EXPECT_FALSE(screen_of(file.get()).colours);
}

TEST(Watch, ATextThatIsTallerThanTheScreenSaysHowMuchIsLeftOut) {
  EXPECT_EQ(cut_to_height("1\n2\n3\n", 4), "1\n2\n3\n");
  EXPECT_EQ(cut_to_height("1\n2\n3\n4\n", 4), "1\n2\n… 2 more lines\n");
  EXPECT_EQ(cut_to_height("1\n2\n", 0), "1\n2\n");
}

TEST(ProgressLine, SaysWhatWhichAndForHowLong) {
  using std::chrono::seconds;
  EXPECT_EQ(progress_line("removing", 3, 20, "web", seconds(0)), "removing 3/20: web");
  EXPECT_EQ(progress_line("removing", 3, 20, "web", seconds(4)), "removing 3/20: web (4 s)");
  EXPECT_EQ(progress_line("reading", 3, 0, "", seconds(1)), "reading");
}

}  // namespace
}  // namespace netctl::command
