#include "worker/data/load_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace caviar::data {
namespace {

using Cache = LoadOnce<int>;

Cache::Result Loaded(int value) { return std::make_shared<const int>(value); }

TEST(LoadOnce, LoadsOnceWhileSomebodyHoldsTheValue) {
  Cache cache(0);
  int loads = 0;
  const auto load = [&] { return Loaded(++loads); };
  const auto first = cache.Get("a", load);
  EXPECT_EQ(*cache.Get("a", load), *first);
  EXPECT_EQ(**cache.Get("b", load), 2);
  EXPECT_EQ(**cache.Get("b", load), 3);
}

TEST(LoadOnce, KeepsTheLastOnesUsed) {
  Cache cache(2);
  int loads = 0;
  const auto load = [&] { return Loaded(++loads); };
  EXPECT_EQ(**cache.Get("a", load), 1);
  EXPECT_EQ(**cache.Get("b", load), 2);
  EXPECT_EQ(**cache.Get("a", load), 1);
  EXPECT_EQ(**cache.Get("c", load), 3);
  EXPECT_EQ(**cache.Get("a", load), 1);
  EXPECT_EQ(**cache.Get("b", load), 4);
}

TEST(LoadOnce, TriesAgainAfterAFailure) {
  Cache cache(1);
  EXPECT_EQ(cache.Get("a", [] { return Cache::Result(absl::NotFoundError("a")); }).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(**cache.Get("a", [] { return Loaded(5); }), 5);
}

TEST(LoadOnce, ManyThreadsAtOnceCauseOneLoad) {
  Cache cache(1);
  std::atomic<int> loads = 0, arrived = 0;
  constexpr int kThreads = 8;
  std::vector<std::shared_ptr<const int>> values(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++arrived;
      values[i] = *cache.Get("a", [&] {
        // Ends when all others have come, or are about to.
        while (arrived < kThreads) std::this_thread::yield();
        return Loaded(++loads);
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads, 1);
  for (const auto& value : values) EXPECT_EQ(value, values[0]);
}

}  // namespace
}  // namespace caviar::data
