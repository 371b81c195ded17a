#include "worker/data/standardization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/worker/data/tables.h"

namespace caviar::data {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

template <typename T>
Table TableOf(int inputs, std::vector<T> values, bool one_unit = false) {
  Table table;
  table.inputs = inputs;
  table.rows = static_cast<int>(values.size()) / inputs;
  table.values = std::move(values);
  table.one_unit = one_unit;
  return table;
}

TEST(Standardize, TakesMeanAndDeviationOfTheGivenRowsOnly) {
  const Standardization s = Standardize(TableOf<double>(2, {1, 10, 3, 30, 1000, 1000}), {0, 1});
  EXPECT_THAT(s.mean, ElementsAre(2, 20));
  EXPECT_THAT(s.inverse_deviation, ElementsAre(1, 0.1));
}

TEST(Standardize, GivesTheSameForBytesAndForRealNumbers) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 300; ++i) bytes.push_back(static_cast<uint8_t>(i * i * 31 % 251));
  std::vector<int32_t> rows;
  for (int i = 0; i < 100; i += 2) rows.push_back(i);
  const Standardization a = Standardize(TableOf<uint8_t>(3, bytes), rows);
  const Standardization b =
      Standardize(TableOf<double>(3, std::vector<double>(bytes.begin(), bytes.end())), rows);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(a.mean[i], b.mean[i], 1e-12);
    EXPECT_NEAR(a.inverse_deviation[i], b.inverse_deviation[i], 1e-14);
  }
}

TEST(Standardize, AConstantInputIsZeroWhateverItsValue) {
  for (const double constant : {0.0, 0.1, -1e29, 1e-300, 1e16 + 2}) {
    std::vector<double> values;
    std::vector<int32_t> rows;
    for (int i = 0; i < 1000; ++i) {
      values.push_back(constant);
      rows.push_back(i);
    }
    const Standardization s = Standardize(TableOf<double>(1, values), rows);
    EXPECT_THAT(s.mean, ElementsAre(constant));
    EXPECT_THAT(s.inverse_deviation, ElementsAre(0));
  }
  EXPECT_THAT(Standardize(TableOf<uint8_t>(1, {9, 9, 9}), {0, 1, 2}).inverse_deviation,
              ElementsAre(0));
}

TEST(Standardize, KeepsSmallDifferencesOfLargeNumbers) {
  // Seconds since 1970: too large for float's 24 bits.
  const Standardization s = Standardize(TableOf<double>(1, {1.7e9, 1.7e9 + 2}), {0, 1});
  EXPECT_THAT(s.mean, ElementsAre(1.7e9 + 1));
  EXPECT_THAT(s.inverse_deviation, ElementsAre(DoubleNear(1, 1e-9)));
}

TEST(Standardize, RaisesTinyDeviationsWhereAllInputsHaveOneUnit) {
  // The first pixel is lit a little in one image; the second one varies.
  std::vector<uint8_t> values;
  std::vector<int32_t> rows;
  for (int i = 0; i < 10000; ++i) {
    values.push_back(i == 0 ? 1 : 0);
    values.push_back(i % 2 == 0 ? 0 : 200);
    rows.push_back(i);
  }
  const double root_mean_square = std::sqrt((100.0 * 100 + 1e-4 * (1 - 1e-4)) / 2);
  const Standardization pixels = Standardize(TableOf(2, values, true), rows);
  EXPECT_NEAR(pixels.inverse_deviation[0], 10 / root_mean_square, 1e-9);
  EXPECT_NEAR(pixels.inverse_deviation[1], 0.01, 1e-12);
  EXPECT_NEAR(Standardize(TableOf(2, values), rows).inverse_deviation[0], 100, 0.1);
}

TEST(Standardize, CentersWordsAndReplacesWhatIsMissing) {
  // a: 1, missing, 5; color, of blue and green and red: red, missing, blue.
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  Columns columns;
  columns.columns = {{"a", false, {}, 0}, {"color", true, {"blue", "green", "red"}, 0}};
  columns.numbers = RowsOf<double>(1, {1, kMissing, 5});
  columns.words = RowsOf<int16_t>(1, {2, Columns::kMissingWord, 0});
  Table table;
  table.rows = 3;
  table.inputs = 4;
  table.values = columns;
  const Standardization s = Standardize(table, {0, 1, 2}, {{3}, {2}});
  EXPECT_THAT(s.mean, ElementsAre(3, DoubleNear(1.0 / 3, 1e-12), 0, DoubleNear(2.0 / 3, 1e-12)));
  EXPECT_THAT(s.inverse_deviation, ElementsAre(DoubleNear(std::sqrt(3.0 / 8), 1e-12), 1, 0, 1));
  EXPECT_THAT(s.replacements.numbers, ElementsAre(3));
  EXPECT_THAT(s.replacements.words, ElementsAre(2));
}

}  // namespace
}  // namespace caviar::data
