#include "server/sampling/pareto_levels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "server/sampling/counter_random.h"

namespace caviar::sampling {
namespace {

constexpr uint64_t kLevelSeed = 11;

// Whole numbers below `range`, so that there are ties.
std::vector<Values> RandomValues(size_t count, size_t objectives, int range, uint64_t which) {
  std::vector<Values> all(count, Values(objectives));
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < objectives; ++k) {
      all[i][k] =
          static_cast<int>(ToUnit(RandomBits(kLevelSeed, which, i * objectives + k)) * range);
    }
  }
  return all;
}

// By taking away those that none dominates, again and again.
std::vector<std::set<uint32_t>> Peeled(const std::vector<Values>& all) {
  std::vector<std::set<uint32_t>> levels;
  std::set<uint32_t> left;
  for (uint32_t i = 0; i < all.size(); ++i) left.insert(i);
  while (!left.empty()) {
    std::set<uint32_t> level;
    for (const uint32_t i : left) {
      if (std::none_of(left.begin(), left.end(),
                       [&](uint32_t j) { return Dominates(all[j], all[i]); })) {
        level.insert(i);
      }
    }
    for (const uint32_t i : level) left.erase(i);
    levels.push_back(std::move(level));
  }
  return levels;
}

TEST(Dominates, IsNowhereWorseAndSomewhereBetter) {
  EXPECT_TRUE(Dominates({1, 2}, {1, 3}));
  EXPECT_TRUE(Dominates({0, 2}, {1, 3}));
  EXPECT_FALSE(Dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(Dominates({0, 4}, {1, 3}));
}

std::set<uint32_t> TrialsOf(const std::vector<ParetoLevels::Member>& level) {
  std::set<uint32_t> trials;
  for (const auto& member : level) trials.insert(member.trial);
  return trials;
}

TEST(ParetoLevels, AreThoseOfPeelingLayerByLayer) {
  for (uint64_t which = 0; which < 30; ++which) {
    SCOPED_TRACE("seed " + std::to_string(kLevelSeed) + ", " + std::to_string(which));
    const auto all = RandomValues(60, 2 + which % 3, 12, which);
    ParetoLevels levels(60, 1000);
    for (uint32_t i = 0; i < all.size(); ++i) levels.Add({i, all[i]});
    const auto expected = Peeled(all);
    ASSERT_EQ(levels.levels().size(), expected.size());
    for (size_t l = 0; l < expected.size(); ++l) {
      EXPECT_EQ(TrialsOf(levels.levels()[l]), expected[l]) << l;
    }
  }
}

TEST(ParetoLevels, DropWhatIsFarBehindAndKeepTheFrontRight) {
  for (uint64_t which = 0; which < 30; ++which) {
    SCOPED_TRACE("seed " + std::to_string(kLevelSeed) + ", " + std::to_string(which));
    const auto all = RandomValues(300, 2 + which % 3, 30, which);
    ParetoLevels levels(40, 1000);
    for (uint32_t i = 0; i < all.size(); ++i) levels.Add({i, all[i]});
    EXPECT_EQ(TrialsOf(levels.levels().front()), Peeled(all).front());
    size_t members = 0;
    for (const auto& level : levels.levels()) {
      EXPECT_LT(members, 40u) << "a level too many";
      members += level.size();
    }
  }
}

TEST(ParetoLevels, ThinOutALevelThatIsTooWideAndKeepItsEnds) {
  ParetoLevels levels(25, 64);
  for (uint32_t i = 0; i < 1000; ++i) {
    const double x = i * 389 % 1000 / 1000.0;
    levels.Add({i, {x, 1 - x}});
  }
  ASSERT_EQ(levels.levels().size(), 1u);
  const auto& level = levels.levels().front();
  EXPECT_LE(level.size(), 64u);
  EXPECT_GE(level.size(), 32u);
  const auto [least, most] =
      std::minmax_element(level.begin(), level.end(),
                          [](const auto& a, const auto& b) { return a.values[0] < b.values[0]; });
  EXPECT_EQ(least->values[0], 0);
  EXPECT_EQ(most->values[0], 0.999);
}

TEST(ParetoLevels, TakeEqualAndHugeValues) {
  constexpr double kMax = std::numeric_limits<double>::max();
  ParetoLevels levels(5, 8);
  for (uint32_t i = 0; i < 100; ++i) levels.Add({i, {1, 1, 1}});
  for (uint32_t i = 0; i < 100; ++i)
    levels.Add({100 + i, {i % 2 ? kMax : -kMax, i % 3 ? 1 : kMax, 1}});
  for (const auto& level : levels.levels()) EXPECT_LE(level.size(), 8u);
  EXPECT_FALSE(levels.levels().empty());
}

}  // namespace
}  // namespace caviar::sampling
