#include "worker/training/batches.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace caviar::training {
namespace {

std::vector<int> Sizes(int rows, int batch_size) {
  const Batches batches(rows, batch_size);
  std::vector<int> sizes;
  for (int i = 0; i < batches.count(); ++i) sizes.push_back(batches.size(i));
  return sizes;
}

TEST(Batches, EndWithTheRest) {
  EXPECT_EQ(Sizes(10, 4), (std::vector<int>{4, 4, 2}));
  EXPECT_EQ(Sizes(8, 4), (std::vector<int>{4, 4}));
  EXPECT_EQ(Sizes(3, 64), (std::vector<int>{3}));
}

TEST(Batches, LetASingleLastExampleJoinTheBatchBefore) {
  EXPECT_EQ(Sizes(9, 4), (std::vector<int>{4, 5}));
  EXPECT_EQ(Sizes(5, 4), (std::vector<int>{5}));
  EXPECT_EQ(Sizes(3, 2), (std::vector<int>{3}));
  EXPECT_EQ(Batches(9, 4).largest(), 5);
}

TEST(Batches, OfOneExampleAreAsAsked) {
  EXPECT_EQ(Sizes(3, 1), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(Sizes(1, 64), (std::vector<int>{1}));
}

TEST(Batches, CoverEveryExampleOnceInOrder) {
  ASSERT_TRUE(rc::check([] {
    const int rows = *rc::gen::inRange(1, 500);
    const int batch_size = *rc::gen::inRange(1, 80);
    const Batches batches(rows, batch_size);
    int next = 0;
    for (int i = 0; i < batches.count(); ++i) {
      RC_ASSERT(batches.start(i) == next);
      RC_ASSERT(batches.size(i) >= 1 && batches.size(i) <= batches.largest());
      RC_ASSERT(batches.size(i) > 1 || batch_size == 1 || rows == 1);
      next += batches.size(i);
    }
    RC_ASSERT(next == rows);
    RC_ASSERT(batches.largest() <= batch_size + 1);
  }));
}

}  // namespace
}  // namespace caviar::training
