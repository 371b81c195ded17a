#include "client/render/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "client/render/text.h"

namespace caviar::render {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Series> TwoCurves() {
  return {{"training", {{1, 0.5}, {2, 0.7}, {3, 0.8}, {4, 0.9}}, Color::kCyan, 'o'},
          {"validation", {{1, 0.6}, {2, 0.7}, {3, 0.7}, {4, 0.6}}, Color::kYellow, 'x'}};
}

PlotStyle Small() {
  PlotStyle style;
  style.width = 26;
  style.height = 5;
  return style;
}

TEST(Plot, IsAsciiWithAMarkForEachCurve) {
  PlotStyle style = Small();
  style.marked_step = 3;
  EXPECT_EQ(Plot("accuracy", TwoCurves(), style),
            "accuracy: o training, x validation\n"
            "0.9 +                 oooo\n"
            "0.8 +          ooooooo\n"
            "0.7 +    xx####xxxxxxx\n"
            "0.6 +xx##oo           xxxx\n"
            "0.5 +oo\n"
            "    +-------------^-------\n"
            "     step 1       3      4\n");
}

TEST(Plot, DrawsWithBrailleDashedWhereThereAreNoColours) {
  PlotStyle style = Small();
  style.unicode = true;
  const std::string plot = Plot("accuracy", TwoCurves(), style);
  EXPECT_THAT(plot, HasSubstr("accuracy: ╌╌ training, ── validation\n"));
  EXPECT_THAT(plot, HasSubstr("0.9 ┤"));
  EXPECT_THAT(plot, HasSubstr("    └──────────"));
  EXPECT_THAT(plot, Not(HasSubstr("\033")));
}

TEST(Plot, PaintsEachCurve) {
  PlotStyle style = Small();
  style.unicode = true;
  style.colors = true;
  const std::string plot = Plot("accuracy", TwoCurves(), style);
  EXPECT_THAT(plot, HasSubstr("\033[36m──\033[0m training, \033[33m──\033[0m validation\n"));
  EXPECT_THAT(plot, HasSubstr("0.9 ┤                \033[36m⣀⠤⠔⠒⠉\033[0m\n"));
}

TEST(Plot, ACurveTouchesTheCornersOfItsField) {
  PlotStyle style = Small();
  style.unicode = true;
  EXPECT_EQ(Plot("x", {{"x", {{0, 0.0}, {10, 1.0}}, Color::kNone, '*'}}, style),
            "x: ── x\n"
            "1.0 ┤                 ⣀⠤⠒⠉\n"
            "0.8 ┤            ⢀⡠⠤⠒⠉\n"
            "0.4 ┤        ⢀⡠⠔⠊⠁\n"
            "0.2 ┤    ⣀⠤⠒⠊⠁\n"
            "0.0 ┤⣀⠤⠒⠉\n"
            "    └─────────────────────\n"
            "     step 0             10\n");
}

TEST(Plot, NeverExceedsTheWidth) {
  for (int width = 20; width < 130; ++width) {
    for (const bool unicode : {false, true}) {
      PlotStyle style;
      style.width = width;
      style.unicode = unicode;
      style.marked_step = 2;
      for (const auto line : absl::StrSplit(Plot("", TwoCurves(), style), '\n')) {
        // The names are longer than the narrowest plot.
        const bool is_legend = absl::StrContains(line, "training");
        EXPECT_TRUE(is_legend || DisplayWidth(line) <= width) << line;
        EXPECT_FALSE(absl::EndsWith(line, " ")) << line;
      }
    }
  }
}

TEST(Plot, LeavesAGapWhereAValueIsNotFinite) {
  std::vector<Series> curves = {{"loss",
                                 {{1, 1.0}, {2, std::nan("")}, {3, HUGE_VAL}, {4, 1.0}, {5, 0.0}},
                                 Color::kNone,
                                 '*'}};
  const std::string plot = Plot("loss", curves, Small());
  EXPECT_THAT(plot, HasSubstr("+*              *")) << plot;
}

TEST(Plot, IsEmptyWhereThereIsNothingToDraw) {
  EXPECT_EQ(Plot("x", {}, Small()), "");
  EXPECT_EQ(Plot("x", {{"x", {{1, 0.5}}, Color::kNone, '*'}}, Small()), "") << "one step";
  EXPECT_EQ(Plot("x", {{"x", {{1, std::nan("")}, {2, HUGE_VAL}}, Color::kNone, '*'}}, Small()), "");
}

TEST(Plot, TakesTheLargestStepsThereAre) {
  const int64_t last = (int64_t{1} << 53) - 1;
  PlotStyle style = Small();
  style.width = 60;
  EXPECT_THAT(Plot("x", {{"x", {{0, 0.0}, {last, 1.0}}, Color::kNone, '*'}}, style),
              HasSubstr(" 9007199254740991\n"));
}

TEST(Plot, NamesAreMadePrintable) {
  const std::string plot =
      Plot("a\033[31m", {{"b\n", {{1, 0.0}, {2, 1.0}}, Color::kNone, '*'}}, Small());
  EXPECT_THAT(plot, HasSubstr("a [31m: * b \n"));
}

}  // namespace
}  // namespace caviar::render
