#include "worker/network/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "tests/worker/network/examples.h"
#include "worker/network/initialization.h"

namespace caviar::network {
namespace {

TEST(CounterRandom, IsAPureFunctionOfKeyAndCounter) {
  const CounterRandom a(1, 2, 3, Purpose::kOrder), b(1, 2, 3, Purpose::kOrder);
  EXPECT_EQ(a.Bits(7), b.Bits(7));
  EXPECT_EQ(a.Normal(7), b.Normal(7));
}

TEST(CounterRandom, GivesEveryKeyAStreamOfItsOwn) {
  std::set<uint64_t> seen;
  int drawn = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (uint64_t trial = 0; trial < 5; ++trial) {
      for (uint64_t stage = 0; stage < 5; ++stage) {
        for (const Purpose purpose : {Purpose::kInitialization, Purpose::kOrder}) {
          const CounterRandom random(seed, trial, stage, purpose);
          for (uint64_t i = 0; i < 20; ++i, ++drawn) seen.insert(random.Bits(i));
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(drawn));
}

TEST(CounterRandom, DrawsNormalNumbers) {
  const CounterRandom random(5, 0, 0, Purpose::kInitialization);
  constexpr int kCount = 100000;
  double sum = 0, squares = 0;
  int within_one = 0;
  for (uint64_t i = 0; i < kCount; ++i) {
    const double x = random.Normal(i);
    sum += x;
    squares += x * x;
    within_one += std::abs(x) < 1 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(within_one / static_cast<double>(kCount), 0.6827, 0.005);
}

TEST(CounterRandom, InvertsTheDistributionFunction) {
  const CounterRandom random(9, 0, 0, Purpose::kInitialization);
  std::vector<double> sorted(100'001);
  for (size_t i = 0; i < sorted.size(); ++i) sorted[i] = random.Normal(i);
  std::sort(sorted.begin(), sorted.end());
  for (const double p : {1e-4, 1e-3, 0.02, 0.03, 0.25, 0.5, 0.9, 0.97, 0.98, 0.9999}) {
    const double x = sorted[static_cast<size_t>(p * 100'000)];
    EXPECT_NEAR(std::erfc(-x / std::sqrt(2)) / 2, p, 5 * std::sqrt(p * (1 - p) / 100'000));
  }
}

TEST(CounterRandom, DrawsManyNormalNumbersAsItDrawsOne) {
  const CounterRandom random(5, 1, 2, Purpose::kInitialization);
  for (const int64_t count : {0, 1, 511, 512, 513, 5000}) {
    std::vector<float> many(static_cast<size_t>(count));
    random.Normals(count, 0.3, many.data());
    for (size_t i = 0; i < many.size(); ++i) {
      ASSERT_EQ(many[i], static_cast<float>(0.3 * random.Normal(i))) << i << " of " << count;
    }
  }
}

TEST(CounterRandom, DrawsBelowItsBoundEvenly) {
  const CounterRandom random(6, 0, 0, Purpose::kOrder);
  int counts[6] = {};
  for (uint64_t i = 0; i < 60000; ++i) ++counts[random.Below(i, 6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
}

TEST(Permute, GivesAPermutationThatItsKeyDecides) {
  std::vector<int32_t> a(1000), b(1000), c(1000);
  Permute(CounterRandom(1, 2, 3, Purpose::kOrder), a);
  Permute(CounterRandom(1, 2, 3, Purpose::kOrder), b);
  Permute(CounterRandom(1, 2, 4, Purpose::kOrder), c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  std::sort(a.begin(), a.end());
  for (int32_t i = 0; i < 1000; ++i) EXPECT_EQ(a[static_cast<size_t>(i)], i);
}

TEST(Permute, TakesNothingAndOne) {
  std::vector<int32_t> none, one(1, 9);
  Permute(CounterRandom(1, 2, 3, Purpose::kOrder), none);
  Permute(CounterRandom(1, 2, 3, Purpose::kOrder), one);
  EXPECT_EQ(one, std::vector<int32_t>{0});
}

TEST(InitialState, HasTheVariancesOfHeAndXavier) {
  Architecture architecture = SmallArchitecture({200, 50});
  architecture.inputs = 400;
  const Layout layout = MakeLayout(architecture);
  for (const Initialization kind : {Initialization::kHe, Initialization::kXavier}) {
    const NetworkState state = InitialState(architecture, kind, 3, 4);
    EXPECT_EQ(state.updates, 0);
    for (const LayerLayout& layer : layout.layers) {
      const int count = layer.units * layer.inputs;
      double squares = 0;
      for (int i = 0; i < count; ++i) {
        const double w = state.parameters[static_cast<size_t>(layer.weights + i)];
        squares += w * w;
      }
      const double expected =
          kind == Initialization::kHe ? 2.0 / layer.inputs : 2.0 / (layer.inputs + layer.units);
      EXPECT_NEAR(squares / count / expected, 1, 6 * std::sqrt(2.0 / count));
      if (layer.gamma >= 0) {
        EXPECT_EQ(state.parameters[static_cast<size_t>(layer.gamma)], 1);
        EXPECT_EQ(state.parameters[static_cast<size_t>(layer.beta)], 0);
      }
    }
  }
}

}  // namespace
}  // namespace caviar::network
