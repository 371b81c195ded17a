#include "server/sampling/tpe_split.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "server/sampling/counter_random.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling::tpe {
namespace {

using search_space::SearchSpace;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

SearchSpace Line() { return SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 })"); }

Observation Completed(int32_t number, std::vector<double> values,
                      std::vector<double> excesses = {}) {
  Observation observation;
  observation.number = number;
  observation.value = values.front();
  observation.more_values.assign(values.begin() + 1, values.end());
  observation.excesses = std::move(excesses);
  observation.point = {0.5};
  return observation;
}

// Numbers of the good trials.
std::vector<int32_t> GoodOf(const History& history) {
  Split split;
  split.Follow(Line(), 1, history);
  const GoodTrials good = split.Good();
  EXPECT_EQ(good.places.size(), good.weights.size());
  std::vector<int32_t> numbers;
  for (const uint32_t place : good.places) numbers.push_back(history[split.taught()[place]].number);
  return numbers;
}

TEST(Split, TakesTheBestTenthAndNoMoreThanTwentyFive) {
  History history;
  for (int i = 0; i < 1000; ++i) {
    history.Add(Completed(i, {double(1000 - i)}));
    if (i == 30) {
      EXPECT_EQ(GoodOf(history), (std::vector<int32_t>{30, 29, 28, 27}));
    }
  }
  const auto good = GoodOf(history);
  ASSERT_EQ(good.size(), 25u);
  EXPECT_EQ(good.front(), 999);
}

TEST(Split, WeighsTheBestMostAndAllOneOnAverage) {
  History history;
  for (int i = 0; i < 40; ++i) history.Add(Completed(i, {double(i)}));
  Split split;
  split.Follow(Line(), 1, history);
  const std::vector<double> weights = split.Good().weights;
  for (size_t i = 1; i < weights.size(); ++i) EXPECT_LT(weights[i], weights[i - 1]);
  EXPECT_DOUBLE_EQ(std::accumulate(weights.begin(), weights.end(), 0.0), 4);
}

TEST(Split, PutsTrialsThatKeepAllConstraintsFirst) {
  History history;
  for (int i = 0; i < 20; ++i) history.Add(Completed(i, {double(i)}, {1.0 + i}));
  EXPECT_EQ(GoodOf(history), (std::vector<int32_t>{0, 1}));
  history.Add(Completed(20, {1000}, {-1}));
  EXPECT_EQ(GoodOf(history), (std::vector<int32_t>{20, 0, 1}));
}

TEST(Split, TakesNoneThatIsBad) {
  History history;
  for (int i = 0; i < 30; ++i) history.Add(Completed(i, {kNan}));
  EXPECT_TRUE(GoodOf(history).empty());
  history.Add(Completed(30, {1}));
  EXPECT_EQ(GoodOf(history), (std::vector<int32_t>{30}));
}

TEST(Split, OfSeveralObjectivesTakesTheFrontAndThenTheNextLevel) {
  History history;
  // Three that none dominates, two levels behind them, and many that are worse.
  for (const auto& values :
       {std::vector{0.0, 1.0}, {0.4, 0.4}, {1.0, 0.0}, {0.5, 0.5}, {0.9, 0.9}}) {
    history.Add(Completed(static_cast<int32_t>(history.size()), values));
  }
  while (history.size() < 50) {
    const auto number = static_cast<int32_t>(history.size());
    history.Add(Completed(number, {2.0 + number, 2.0 + number}));
  }
  const auto good = GoodOf(history);
  ASSERT_EQ(good.size(), 5u);
  EXPECT_EQ(good[0], 1) << "it dominates most of the front's volume";
  EXPECT_EQ(good[3], 3);
  EXPECT_EQ(good[4], 4);
}

TEST(Split, OfAFrontTakesWhatIsSpreadOut) {
  History history;
  // A front of which half of the trials crowd at one place.
  for (int i = 0; i < 100; ++i) {
    const double x = i < 50 ? 0.5 + i * 1e-6 : (i - 50) / 50.0;
    history.Add(Completed(i, {x, (1 - x) * (1 - x)}));
  }
  int crowded = 0;
  for (const int32_t number : GoodOf(history)) crowded += number < 50;
  EXPECT_LE(crowded, 1);
}

TEST(Split, OfSeveralObjectivesFillsUpWithThoseThatBreakLeast) {
  History history;
  for (int i = 0; i < 29; ++i) history.Add(Completed(i, {1.0, double(-i)}, {30.0 - i}));
  history.Add(Completed(29, {5, 5}, {0}));
  EXPECT_EQ(GoodOf(history), (std::vector<int32_t>{29, 28, 27}));
}

TEST(Split, IsTheSameTrialByTrialAndAtOnce) {
  constexpr uint64_t kSeed = 4;
  const SearchSpace space = Line();
  Split warm;
  History history;
  for (int i = 0; i < 400; ++i) {
    const auto draw = [&](uint64_t which) {
      return ToUnit(RandomBits(kSeed, static_cast<uint64_t>(i), which));
    };
    const double x = draw(0);
    Observation observation = Completed(i, {x, 1 - x + (draw(1) < 0.3 ? draw(2) : 0)},
                                        {draw(3) - 0.7, 1e6 * draw(4) - 8e5});
    if (i % 9 == 4) observation.state = v1::Trial::INFEASIBLE;
    if (i % 9 == 7) observation.state = v1::Trial::FAILED;
    history.Add(std::move(observation));
    warm.Follow(space, 1, history);
    Split fresh;
    fresh.Follow(space, 1, history);
    ASSERT_EQ(warm.Good().places, fresh.Good().places) << i << ", seed " << kSeed;
    ASSERT_EQ(warm.Good().weights, fresh.Good().weights) << i << ", seed " << kSeed;
  }
}

}  // namespace
}  // namespace caviar::sampling::tpe
