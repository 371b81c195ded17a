#include "worker/training/command/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caviar::command {
namespace {

using testing::ElementsAre;

std::vector<std::string> Split(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  LineSplitter splitter([&](absl::string_view line) { lines.emplace_back(line); });
  for (const std::string& piece : pieces) splitter.Add(piece);
  splitter.Finish();
  return lines;
}

TEST(LineSplitter, LinesComeWhole) {
  EXPECT_THAT(Split({"a\nb", "c\n\nd"}), ElementsAre("a", "bc", "", "d"));
  EXPECT_THAT(Split({"a\n"}), ElementsAre("a"));
}

TEST(LineSplitter, OnlyTheLastStateOfAProgressBarIsALine) {
  EXPECT_THAT(Split({"\r10%", "\r20%\r", "30%\nend\n"}), ElementsAre("30%", "end"));
  EXPECT_THAT(Split({"10%\r20%\r30%"}), ElementsAre("30%"));
  EXPECT_THAT(Split({"10%\r"}), ElementsAre("10%"));
}

TEST(LineSplitter, LinesMayEndAsOnWindows) {
  EXPECT_THAT(Split({"a\r\nb\r", "\nc\r\n"}), ElementsAre("a", "b", "c"));
}

TEST(LineSplitter, ALongLineIsCut) {
  const std::string long_line(LineSplitter::kMaxBytes + 1000, 'x');
  const auto lines = Split({long_line, long_line + "\nshort\n"});
  EXPECT_THAT(lines, ElementsAre(long_line.substr(1000), "short"));
}

TEST(LineSplitter, APieceMayEndAnywhere) {
  const std::string text = "a\rbc\r\n\rdd\n\r\ree\r\r\nf";
  const auto whole = Split({text});
  for (size_t i = 0; i < text.size(); ++i) {
    for (size_t j = i; j < text.size(); ++j) {
      EXPECT_EQ(Split({text.substr(0, i), text.substr(i, j - i), text.substr(j)}), whole)
          << i << " " << j;
    }
  }
  EXPECT_THAT(whole, ElementsAre("bc", "dd", "ee", "f"));
}

}  // namespace
}  // namespace caviar::command
