#include "server/coordinator/lease_table.h"

#include <gtest/gtest.h>

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kTtl = absl::Seconds(60);

Lease Of(const std::string& worker) { return {1, "study", 0, 1, 1, worker, kTtl}; }

TEST(LeaseTable, ALeaseStandsUntilItsDeadline) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  EXPECT_TRUE(table.TakeExpired(kTtl - absl::Nanoseconds(1), 10).empty());
  EXPECT_EQ(table.TakeExpired(kTtl, 10).size(), 1u);
  EXPECT_FALSE(table.Find({1, 1}));
}

TEST(LeaseTable, ARenewalMovesTheDeadline) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  EXPECT_EQ(table.Renew("a", {{1, 1}}, absl::Seconds(59)).held, std::vector<bool>{true});
  EXPECT_TRUE(table.TakeExpired(absl::Seconds(118), 10).empty());
  EXPECT_EQ(table.TakeExpired(absl::Seconds(119), 10).size(), 1u);
}

TEST(LeaseTable, AStaleTokenIsRefused) {
  LeaseTable table;
  table.Insert({2, 7}, Of("a"), absl::ZeroDuration());
  EXPECT_EQ(table.Renew("a", {{1, 7}, {2, 6}, {2, 7}}, absl::Seconds(1)).held,
            (std::vector<bool>{false, false, true}));
}

TEST(LeaseTable, AnotherWorkersLeaseIsNotRenewed) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  EXPECT_EQ(table.Renew("b", {{1, 1}}, absl::Seconds(30)).held, std::vector<bool>{false});
  EXPECT_EQ(table.TakeExpired(kTtl, 10).size(), 1u);
}

TEST(LeaseTable, AGrantThatTwoListsLackWasLost) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  // Sent before the grant came: says nothing.
  EXPECT_TRUE(table.Renew("a", {}, absl::Seconds(1)).lost.empty());
  EXPECT_TRUE(table.Renew("a", {}, absl::Seconds(10)).lost.empty());
  // Two lists in a burst count once.
  EXPECT_TRUE(table.Renew("a", {}, absl::Seconds(11)).lost.empty());
  EXPECT_EQ(table.Renew("a", {}, absl::Seconds(20)).lost, (std::vector<Token>{{1, 1}}));
}

TEST(LeaseTable, ANamedGrantIsNotLost) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  table.Renew("a", {}, absl::Seconds(10));
  table.Renew("a", {{1, 1}}, absl::Seconds(20));
  EXPECT_TRUE(table.Renew("a", {}, absl::Seconds(30)).lost.empty());
}

TEST(LeaseTable, ExpiredLeasesComeInTheOrderOfTheirGrants) {
  LeaseTable table;
  for (int64_t i = 50; i > 0; --i) table.Insert({1, i}, Of("a"), absl::ZeroDuration());
  const auto first = table.TakeExpired(kTtl, 20);
  ASSERT_EQ(first.size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(first[i].first.counter, i + 1);
  EXPECT_EQ(table.size(), 30);
}

TEST(LeaseTable, AfterAStallEveryLeaseStandsForItsFullTimeAgain) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  table.FreshTtl(absl::Seconds(500));
  EXPECT_TRUE(table.TakeExpired(absl::Seconds(559), 10).empty());
  EXPECT_EQ(table.TakeExpired(absl::Seconds(560), 10).size(), 1u);
}

}  // namespace
}  // namespace caviar::coordinator
