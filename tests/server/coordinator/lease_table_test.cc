#include "server/coordinator/lease_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

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

TEST(LeaseTable, ARenewalThatOvertookAnotherTakesNothingFromIt) {
  LeaseTable table;
  table.Insert({1, 1}, Of("a"), absl::ZeroDuration());
  table.Renew("a", {{1, 1}}, absl::Seconds(30));
  table.Renew("a", {{1, 1}}, absl::Seconds(29));
  EXPECT_TRUE(table.TakeExpired(absl::Seconds(89), 10).empty());
  EXPECT_EQ(table.TakeExpired(absl::Seconds(90), 10).size(), 1u);
}

TEST(LeaseTable, TakesThoseAndOnlyThoseWhoseDeadlineIsOver) {
  for (unsigned seed = 1; seed <= 200 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    LeaseTable table;
    std::map<int64_t, std::pair<absl::Duration, absl::Duration>> model;  // deadline, duration
    absl::Duration now;
    int64_t granted = 0;
    for (int turn = 0; turn < 400; ++turn) {
      now += absl::Seconds(random() % 4);
      const int64_t some = granted == 0 ? 0 : 1 + static_cast<int64_t>(random()) % granted;
      const auto known = model.find(some);
      const unsigned act = random() % 20;
      if (act < 8) {
        Lease lease = Of(random() % 2 == 0 ? "a" : "");
        lease.duration = absl::Seconds(5 + random() % 40);
        model[++granted] = {now + lease.duration, lease.duration};
        table.Insert({1, granted}, lease, now);
      } else if (act < 14) {
        EXPECT_EQ(table.RenewOne({1, some}, now), known != model.end());
        if (known != model.end()) known->second.first = now + known->second.second;
      } else if (act < 16) {
        table.Remove({1, some});
        model.erase(some);
      } else if (act == 16 && random() % 10 == 0) {
        table.FreshTtl(now);
        for (auto& [counter, times] : model) times.first = now + times.second;
      } else if (act > 16) {
        std::vector<int64_t> expected, taken;
        for (const auto& [counter, times] : model) {
          if (times.first <= now && expected.size() < 3) expected.push_back(counter);
        }
        for (const auto& [token, lease] : table.TakeExpired(now, 3)) taken.push_back(token.counter);
        EXPECT_EQ(taken, expected) << "at " << now;
        for (const int64_t counter : expected) model.erase(counter);
      }
    }
    EXPECT_EQ(table.size(), static_cast<int64_t>(model.size()));
  }
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
