#include "caviar/v1/sha256.h"

#include <gtest/gtest.h>

namespace caviar::vocabulary {
namespace {

// FIPS 180-4's example "abc".
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, IsAsPublished) { EXPECT_EQ(Sha256("abc"), kAbc); }

TEST(Sha256, IsTheSameByPieces) {
  Sha256Sum sum;
  sum.Add("a");
  sum.Add("");
  sum.Add("bc");
  EXPECT_EQ(sum.Finish(), kAbc);
}

}  // namespace
}  // namespace caviar::vocabulary
