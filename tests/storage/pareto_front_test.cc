#include "storage/pareto_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace caviar::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kAll = 1000;

TEST(ParetoFront, IsOfTheCandidatesThatNothingBeatsInEveryRespect) {
  EXPECT_THAT(ParetoFront({}, kAll), IsEmpty());
  EXPECT_THAT(ParetoFront({{7, {1, 1}}}, kAll), ElementsAre(7));
  EXPECT_THAT(ParetoFront({{0, {3, 1}}, {1, {1, 3}}, {2, {2, 2}}, {3, {3, 3}}}, kAll),
              ElementsAre(1, 2, 0));
}

TEST(ParetoFront, WhatIsWorseInOneAndBetterInNoneIsNotOnIt) {
  EXPECT_THAT(ParetoFront({{0, {1, 2}}, {1, {1, 1}}, {2, {2, 1}}}, kAll), ElementsAre(1));
}

TEST(ParetoFront, EqualCandidatesAreAllOnItByNumber) {
  EXPECT_THAT(ParetoFront({{5, {1, 1}}, {3, {1, 1}}, {4, {0, 2}}, {6, {0, 2}}}, kAll),
              ElementsAre(4, 6, 3, 5));
  EXPECT_THAT(ParetoFront({{1, {0.0, 1}}, {0, {-0.0, 1}}}, kAll), ElementsAre(0, 1));
}

TEST(ParetoFront, GivesItsBeginningWhereLessIsWanted) {
  const std::vector<Candidate> candidates = {{0, {3, 1}}, {1, {1, 3}}, {2, {2, 2}}};
  EXPECT_THAT(ParetoFront(candidates, 2), ElementsAre(1, 2));
  EXPECT_THAT(ParetoFront(candidates, 0), IsEmpty());
}

// What the definition says, pair by pair.
bool IsBeaten(const Candidate& one, const std::vector<Candidate>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
    bool better = false, worse = false;
    for (size_t i = 0; i < one.losses.size(); ++i) {
      better = better || other.losses[i] < one.losses[i];
      worse = worse || other.losses[i] > one.losses[i];
    }
    return better && !worse;
  });
}

TEST(ParetoFront, IsWhatTheDefinitionSaysForTwoToFourObjectives) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const size_t objectives = 2 + seed % 3;
    std::vector<Candidate> all;
    for (int32_t number = 0; number < 60; ++number) {
      Candidate candidate{number, {}};
      // Few values, so that many are equal.
      for (size_t i = 0; i < objectives; ++i) candidate.losses.push_back(random() % 8);
      all.push_back(candidate);
    }
    std::vector<int32_t> expected;
    for (const Candidate& one : all) {
      if (!IsBeaten(one, all)) expected.push_back(one.number);
    }
    std::vector<int32_t> front = ParetoFront(all, kAll);
    EXPECT_TRUE(std::is_sorted(front.begin(), front.end(), [&](int32_t a, int32_t b) {
      return all[static_cast<size_t>(a)].losses[0] < all[static_cast<size_t>(b)].losses[0];
    }));
    std::sort(front.begin(), front.end());
    EXPECT_EQ(front, expected);
  }
}

}  // namespace
}  // namespace caviar::storage
