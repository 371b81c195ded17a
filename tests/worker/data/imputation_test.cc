#include "worker/data/imputation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/worker/data/tables.h"

namespace caviar::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Columns a, of numbers, and color, of the words blue, green and red.
Columns Example(const std::vector<double>& numbers, const std::vector<int16_t>& words) {
  Columns columns;
  columns.columns = {{"color", true, {"blue", "green", "red"}, 0}, {"a", false, {}, 0}};
  columns.numbers = RowsOf(1, numbers);
  columns.words = RowsOf(1, words);
  return columns;
}

TEST(FindReplacements, TakesMeanOrMedianOfTheGivenRowsOnly) {
  const Columns columns = Example({1, kMissing, 2, 9, 1000}, {0, 0, 0, 0, 0});
  const auto mean = FindReplacements(columns, {0, 1, 2, 3}, v1::CsvFile::MEAN);
  ASSERT_TRUE(mean.ok());
  EXPECT_THAT(mean->numbers, ElementsAre(4));
  EXPECT_THAT(FindReplacements(columns, {0, 1, 2, 3}, v1::CsvFile::MEDIAN)->numbers,
              ElementsAre(2));
  // Of an even number, half way between the two in the middle.
  EXPECT_THAT(FindReplacements(columns, {4, 3, 1, 2, 0}, v1::CsvFile::MEDIAN)->numbers,
              ElementsAre(5.5));
}

TEST(FindReplacements, TakesTheMostFrequentWordAndOfEqualsTheFirst) {
  const int16_t missing = Columns::kMissingWord;
  const Columns columns = Example({1, 1, 1, 1, 1, 1}, {2, missing, 2, 1, 1, 1});
  const auto words = [&](const std::vector<int32_t>& rows) {
    return FindReplacements(columns, rows, v1::CsvFile::MEAN)->words;
  };
  EXPECT_THAT(words({0, 1, 2, 3}), ElementsAre(2));
  EXPECT_THAT(words({0, 1, 2, 3, 4}), ElementsAre(1));
  EXPECT_THAT(words({0, 1, 2, 3, 4, 5}), ElementsAre(1));
}

TEST(FindReplacements, RowsWithoutAnyValueAreAnError) {
  const Columns columns = Example({kMissing, 1}, {0, Columns::kMissingWord});
  EXPECT_THAT(std::string(FindReplacements(columns, {0}, v1::CsvFile::MEAN).status().message()),
              HasSubstr("the column \"a\" has no value in any of the 1 training examples"));
  EXPECT_THAT(std::string(FindReplacements(columns, {1}, v1::CsvFile::MEAN).status().message()),
              HasSubstr("write ignore: [color]"));
}

}  // namespace
}  // namespace caviar::data
