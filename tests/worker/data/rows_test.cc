#include "worker/data/rows.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace caviar::data {
namespace {

TEST(Rows, StayWhereTheyAreWhileMoreAreAdded) {
  for (const size_t width : {size_t{1}, size_t{3}, size_t{700000}}) {
    Rows<double> rows(width);
    const size_t count = width > 3 ? 5 : 400000;
    const double* first = rows.Add();
    for (size_t i = 1; i < count; ++i) {
      double* row = rows.Add();
      EXPECT_EQ(row[0], 0);
      row[0] = static_cast<double>(i);
      row[width - 1] = static_cast<double>(i);
    }
    EXPECT_EQ(rows.size(), count);
    EXPECT_EQ(rows[0], first);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(rows[i][0], static_cast<double>(i));
      ASSERT_EQ(rows[i][width - 1], static_cast<double>(i));
    }
  }
}

TEST(Rows, MayHaveNoWidth) {
  Rows<int16_t> rows(0);
  for (int i = 0; i < 5; ++i) rows.Add();
  EXPECT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows.width(), 0u);
}

}  // namespace
}  // namespace caviar::data
