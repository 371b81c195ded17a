#include "server/sampling/history.h"

#include <gtest/gtest.h>

namespace caviar::sampling {
namespace {

Observation Numbered(int number) {
  Observation observation;
  observation.number = number;
  return observation;
}

void ExpectCountsUp(const History& history, int size) {
  ASSERT_EQ(history.size(), static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) ASSERT_EQ(history[static_cast<size_t>(i)].number, i);
}

TEST(History, KeepsTheOrderOfAdding) {
  History history;
  EXPECT_TRUE(history.empty());
  for (int i = 0; i < 1000; ++i) history.Add(Numbered(i));
  ExpectCountsUp(history, 1000);
}

TEST(History, ACopyDoesNotSeeWhatIsAddedLater) {
  // Around the sizes at which a chunk is full.
  for (const int size : {0, 1, 63, 64, 65, 127, 128, 200}) {
    History history;
    for (int i = 0; i < size; ++i) history.Add(Numbered(i));
    const History copy = history;
    for (int i = size; i < size + 130; ++i) history.Add(Numbered(i));
    ExpectCountsUp(copy, size);
    ExpectCountsUp(history, size + 130);
  }
}

TEST(History, CopiesGoTheirOwnWays) {
  History one;
  for (int i = 0; i < 70; ++i) one.Add(Numbered(i));
  History other = one;
  one.Add(Numbered(-1));
  other.Add(Numbered(-2));
  const History third = other;
  other.Add(Numbered(-3));
  EXPECT_EQ(one[70].number, -1);
  EXPECT_EQ(other[70].number, -2);
  EXPECT_EQ(other[71].number, -3);
  EXPECT_EQ(third.size(), 71u);
  EXPECT_EQ(one.size(), 71u);
  EXPECT_EQ(one[69].number, 69);
}

TEST(History, ACopyOutlivesItsOriginal) {
  History copy;
  {
    History history;
    for (int i = 0; i < 100; ++i) history.Add(Numbered(i));
    copy = history;
    history.Add(Numbered(7));
  }
  ExpectCountsUp(copy, 100);
  copy.Add(Numbered(100));
  ExpectCountsUp(copy, 101);
}

}  // namespace
}  // namespace caviar::sampling
