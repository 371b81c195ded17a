#include "worker/data/stratified_split.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace caviar::data {
namespace {

std::vector<int64_t> CountsOf(const std::vector<int32_t>& rows, const std::vector<int32_t>& labels,
                              int classes) {
  std::vector<int64_t> counts(classes);
  for (const int32_t row : rows) ++counts[labels[row]];
  return counts;
}

std::vector<int32_t> ValidationOf(const std::vector<int32_t>& labels, int classes, double fraction,
                                  uint32_t seed) {
  return StratifiedSplit(labels, classes, fraction, seed).value().validation;
}

TEST(StratifiedSplit, SharesTheValidationPartByLargestRemainder) {
  // 10 % of 50 + 34 + 16 is 10: shares 5, 3.4, 1.6.
  std::vector<int32_t> labels;
  for (const auto& [label, count] : {std::pair(0, 50), {1, 34}, {2, 16}}) {
    labels.insert(labels.end(), count, label);
  }
  const auto split = StratifiedSplit(labels, 3, 0.1, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(CountsOf(split->validation, labels, 3), (std::vector<int64_t>{5, 3, 2}));
  EXPECT_EQ(split->train.size(), 90u);
}

TEST(StratifiedSplit, IsAFunctionOfTheSeedAndDiffersBetweenSeeds) {
  std::vector<int32_t> labels;
  for (int i = 0; i < 1000; ++i) labels.push_back(i % 3);
  EXPECT_EQ(ValidationOf(labels, 3, 0.2, 5), ValidationOf(labels, 3, 0.2, 5));
  EXPECT_NE(ValidationOf(labels, 3, 0.2, 5), ValidationOf(labels, 3, 0.2, 6));
}

TEST(StratifiedSplit, DrawsEveryRowAboutEquallyOften) {
  const std::vector<int32_t> labels(40, 0);
  std::vector<int> drawn(40);
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    for (const int32_t row : ValidationOf(labels, 1, 0.25, seed)) ++drawn[row];
  }
  for (const int count : drawn) EXPECT_NEAR(count, 500, 100);
}

TEST(StratifiedSplit, NeedsTwoExamplesOfSomeClass) {
  EXPECT_EQ(StratifiedSplit({0, 1, 2}, 3, 0.5, 1).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const auto split = StratifiedSplit({0, 1, 2, 2}, 3, 0.01, 1);
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->validation.size(), 1u);
  EXPECT_GE(split->validation[0], 2);
}

TEST(StratifiedSplit, KeepsEveryExampleOnceAndEveryClassInTraining) {
  ASSERT_TRUE(rc::check([] {
    const int classes = *rc::gen::inRange(1, 20);
    const auto labels =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int32_t>>(rc::gen::inRange(0, classes)));
    const double fraction = *rc::gen::inRange(1, 1000) / 1000.0;
    const auto split = StratifiedSplit(labels, classes, fraction, *rc::gen::arbitrary<uint32_t>());
    std::vector<int32_t> all(labels.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
    const auto sizes = CountsOf(all, labels, classes);
    const bool possible = *std::max_element(sizes.begin(), sizes.end()) > 1;
    RC_ASSERT(split.ok() == possible);
    if (!possible) return;
    RC_ASSERT(std::is_sorted(split->train.begin(), split->train.end()));
    RC_ASSERT(std::is_sorted(split->validation.begin(), split->validation.end()));
    std::set<int32_t> rows(split->train.begin(), split->train.end());
    rows.insert(split->validation.begin(), split->validation.end());
    RC_ASSERT(rows.size() == labels.size());
    RC_ASSERT(split->train.size() + split->validation.size() == labels.size());
    const auto kept = CountsOf(split->train, labels, classes);
    for (int c = 0; c < classes; ++c) {
      RC_ASSERT(sizes[c] == 0 || kept[c] > 0);
      const double share = static_cast<double>(sizes[c]) * fraction;
      // Never less than its whole share, unless it must keep one.
      RC_ASSERT(sizes[c] - kept[c] >= std::min(static_cast<int64_t>(share), sizes[c] - 1));
    }
  }));
}

}  // namespace
}  // namespace caviar::data
