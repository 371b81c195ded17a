#include "client/render/csv.h"

#include <gtest/gtest.h>

namespace caviar::render {
namespace {

TEST(Csv, QuotesWhatRfc4180Quotes) {
  EXPECT_EQ(CsvLine({"a", "b,c", "say \"hi\"", "two\nlines", "", " x", "é", "cr\r"}),
            "a,\"b,c\",\"say \"\"hi\"\"\",\"two\nlines\",,\" x\",é,\"cr\r\"\n");
}

}  // namespace
}  // namespace caviar::render
