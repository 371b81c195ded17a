#include "client/render/table.h"

#include <gtest/gtest.h>

namespace caviar::render {
namespace {

TEST(Table, ColumnsAreAlignedAndNoLineEndsWithABlank) {
  Table table({{"number", true}, {"state"}, {"worker"}});
  table.AddRow({"3", "COMPLETED", "a"});
  table.AddRow({"12", "RUNNING"});
  EXPECT_EQ(table.Render(false),
            "NUMBER  STATE      WORKER\n"
            "     3  COMPLETED  a\n"
            "    12  RUNNING    -\n");
}

TEST(Table, WideCharactersAreCountedAsTheyLook) {
  Table table({{"a"}, {"b"}});
  table.AddRow({"日本", "1"});
  table.AddRow({"e\xCC\x81", "2"});
  EXPECT_EQ(table.Render(false), "A     B\n日本  1\ne\xCC\x81     2\n");
}

TEST(Table, ControlCharactersDoNotReachTheTerminal) {
  Table table({{"a"}});
  table.AddRow({"x\x1B[31m\n\ty\x7F\xC2\x9Bz"});
  EXPECT_EQ(table.Render(false), "A\nx [31m y z\n");
}

TEST(Table, ColoursDoNotMoveColumns) {
  Table table({{"a"}, {"b"}});
  table.AddRow({{"x", Color::kRed}, "y"});
  EXPECT_EQ(table.Render(true), "\033[1mA\033[0m  \033[1mB\033[0m\n\033[31mx\033[0m  y\n");
}

TEST(Table, PairsLeaveOutWhatIsEmpty) {
  EXPECT_EQ(RenderPairs({{"a", "1"}, {"long", "2"}, {"b", ""}}, false), "a     1\nlong  2\n");
}

TEST(Text, IsCutToAWidth) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("abcdef", 4), "abc…");
  EXPECT_EQ(Truncate("日本語", 4), "日…");
  EXPECT_EQ(Truncate("abc", 0), "");
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2);
}

}  // namespace
}  // namespace caviar::render
