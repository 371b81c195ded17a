#include "worker/network/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/worker/network/examples.h"
#include "worker/network/denormals.h"
#include "worker/network/initialization.h"

namespace caviar::network {
namespace {

constexpr int kCount = 64;

// Names the level while it lives.
class ForcedLevel {
 public:
  explicit ForcedLevel(const std::string& level) { setenv(kLevelVariable, level.c_str(), 1); }
  ~ForcedLevel() { unsetenv(kLevelVariable); }
};

std::unique_ptr<Network> Make(const Architecture& architecture, const UpdateRule& rule = {}) {
  auto network = CreateNetwork(architecture, rule, kCount);
  EXPECT_TRUE(network.ok()) << network.status();
  (*network)->SetState(InitialState(architecture, Initialization::kHe, 1, 2));
  FillNormal(3, int64_t{architecture.inputs} * kCount, (*network)->inputs());
  FillLabels(4, kCount, architecture.classes, (*network)->labels());
  return *std::move(network);
}

NetworkState Trained(const Architecture& architecture, int updates) {
  const auto network = Make(architecture);
  // Batches of several sizes, as in an epoch.
  for (int i = 0; i < updates; ++i) network->Update(kCount - i % 3, 0.01);
  NetworkState state;
  network->GetState(state);
  return state;
}

bool SameBits(const NetworkState& a, const NetworkState& b) {
  return a.parameters.size() == b.parameters.size() && a.updates == b.updates &&
         std::memcmp(a.parameters.data(), b.parameters.data(), a.parameters.size() * 4) == 0 &&
         std::memcmp(a.statistics.data(), b.statistics.data(), a.statistics.size() * 4) == 0;
}

TEST(Network, GivesTheSameBitsAgain) {
  const Architecture architecture = SmallArchitecture({65, 33});
  EXPECT_TRUE(SameBits(Trained(architecture, 50), Trained(architecture, 50)));
}

TEST(Network, GivesTheSameBitsOnTwoThreadsAtOnce) {
  const Architecture architecture = SmallArchitecture({65, 33});
  const NetworkState alone = Trained(architecture, 50);
  NetworkState first, second;
  std::thread one([&] { first = Trained(architecture, 50); });
  std::thread two([&] { second = Trained(architecture, 50); });
  one.join();
  two.join();
  EXPECT_TRUE(SameBits(alone, first));
  EXPECT_TRUE(SameBits(alone, second));
}

TEST(Network, GoesOnFromATrainingStateBitForBitWhateverTheOptimizer) {
  const Architecture architecture = SmallArchitecture({65, 33});
  for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kNesterov, Optimizer::kRmsprop,
                                    Optimizer::kAdam, Optimizer::kAdamw}) {
    UpdateRule rule;
    rule.optimizer = optimizer;
    rule.dropout = 0.2;
    rule.seed = 5;
    const auto straight = Make(architecture, rule);
    const auto first = Make(architecture, rule);
    const auto second = Make(architecture, rule);
    TrainingState between;
    for (int i = 0; i < 20; ++i) {
      straight->Update(kCount, 0.01);
      (i < 7 ? first : second)->Update(kCount, 0.01);
      if (i == 6) {
        first->GetTrainingState(between);
        second->SetTrainingState(between);
      }
    }
    NetworkState expected, resumed;
    straight->GetState(expected);
    second->GetState(resumed);
    EXPECT_TRUE(SameBits(expected, resumed)) << static_cast<int>(optimizer);

    // Losing the running statistics would be silent: evaluation alone reads them.
    between.network.statistics.assign(between.network.statistics.size(), 0.0f);
    second->SetTrainingState(between);
    for (int i = 7; i < 20; ++i) second->Update(kCount, 0.01);
    second->GetState(resumed);
    EXPECT_EQ(expected.parameters, resumed.parameters);
    EXPECT_NE(straight->Evaluate(kCount).loss, second->Evaluate(kCount).loss);
  }
}

TEST(Network, LearnsItsExamples) {
  for (const BatchNormPosition position :
       {BatchNormPosition::kNone, BatchNormPosition::kBeforeActivation,
        BatchNormPosition::kAfterActivation}) {
    for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kAdam}) {
      UpdateRule rule;
      rule.optimizer = optimizer;
      const auto network = Make(SmallArchitecture({40}, Activation::kRelu, position), rule);
      const double rate = optimizer == Optimizer::kAdam ? 0.01 : 0.2;
      for (int i = 0; i < 200; ++i) network->Update(kCount, rate);
      EXPECT_GE(network->Evaluate(kCount).correct, 60);
      EXPECT_LT(network->Evaluate(kCount).loss, 0.3);
    }
  }
}

TEST(Network, IsNotChangedByEvaluation) {
  const Architecture architecture = SmallArchitecture();
  const auto network = Make(architecture);
  network->Update(kCount, 0.01);
  NetworkState before, after;
  network->GetState(before);
  network->Evaluate(kCount);
  network->Evaluate(3);
  network->GetState(after);
  EXPECT_TRUE(SameBits(before, after));
}

TEST(Network, IsNotChangedByAnUpdateWhoseLossIsNotFinite) {
  const auto network = Make(SmallArchitecture());
  network->Update(kCount, 0.01);
  NetworkState before, after;
  network->GetState(before);
  network->inputs()[5] = std::nanf("");
  EXPECT_FALSE(std::isfinite(network->Update(kCount, 0.01).loss));
  network->GetState(after);
  EXPECT_TRUE(SameBits(before, after));
}

TEST(Network, DivergesVisiblyWithEveryActivation) {
  for (const Activation activation : {Activation::kRelu, Activation::kLeakyRelu}) {
    UpdateRule rule;
    rule.optimizer = Optimizer::kSgd;
    const auto network =
        Make(SmallArchitecture({20, 20}, activation, BatchNormPosition::kNone), rule);
    bool finite = true;
    for (int i = 0; finite && i < 100; ++i) {
      finite = std::isfinite(network->Update(kCount, 1e20).loss);
    }
    EXPECT_FALSE(finite);
  }
}

TEST(Network, CountsTheFirstOfEqualLogits) {
  const Architecture architecture = SmallArchitecture({});
  auto network = *CreateNetwork(architecture, UpdateRule(), kCount);
  for (int i = 0; i < kCount; ++i) network->labels()[i] = i % 2;
  const BatchResult result = network->Evaluate(kCount);
  EXPECT_EQ(result.correct, kCount / 2);
  EXPECT_NEAR(result.loss, std::log(5), 1e-6);
}

TEST(Network, ComputesTheSameAtEveryLevelUpToRounding) {
  std::vector<NetworkState> states;
  for (const std::string& level : SupportedLevels()) {
    const ForcedLevel forced(level);
    ASSERT_EQ(*ChosenLevel(), level);
    states.push_back(Trained(SmallArchitecture({65, 33}), 3));
  }
  for (const NetworkState& state : states) {
    ASSERT_EQ(state.parameters.size(), states[0].parameters.size());
    double difference = 0;
    for (size_t i = 0; i < state.parameters.size(); ++i) {
      difference += std::abs(state.parameters[i] - states[0].parameters[i]);
    }
    EXPECT_LT(difference / static_cast<double>(state.parameters.size()), 1e-3);
  }
}

TEST(Network, TakesTheBestLevelUnlessTold) {
  unsetenv(kLevelVariable);
  EXPECT_EQ(*ChosenLevel(), SupportedLevels().back());
  EXPECT_EQ(SupportedLevels().front(), "baseline");
  const ForcedLevel forced("v9");
  EXPECT_EQ(ChosenLevel().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(ChosenLevel().status().message()),
              testing::AllOf(testing::HasSubstr("v9"), testing::HasSubstr("baseline")));
  EXPECT_FALSE(CreateNetwork(SmallArchitecture(), UpdateRule(), 1).ok());
}

TEST(Network, RefusesSizesThatDoNotFit) {
  Architecture architecture = SmallArchitecture({65536, 65536});
  EXPECT_EQ(CheckSize(architecture, 1).code(), absl::StatusCode::kResourceExhausted);
  architecture.hidden.assign(64, 300);
  architecture.inputs = 784;
  EXPECT_TRUE(CheckSize(architecture, 512).ok());
  EXPECT_EQ(CheckSize(architecture, 65536).code(), absl::StatusCode::kResourceExhausted);
  architecture.hidden.assign(65, 1);
  EXPECT_EQ(CheckSize(architecture, 1).code(), absl::StatusCode::kInvalidArgument);
  architecture.hidden = {0};
  EXPECT_EQ(CheckSize(architecture, 1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckSize(SmallArchitecture(), 0).code(), absl::StatusCode::kInvalidArgument);
}

TEST(Network, EvaluatesASingleExampleAsItDoesInABatch) {
  const auto network = Make(SmallArchitecture());
  for (int i = 0; i < 20; ++i) network->Update(kCount, 0.01);
  network->Evaluate(kCount);
  const std::vector<float> logits(network->logits(), network->logits() + 5);
  network->Evaluate(1);
  for (size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(network->logits()[i], logits[i], 1e-4f);
  }
}

#ifdef __SSE2__
TEST(FlushDenormals, LastsAsLongAsItLives) {
  volatile float tiny = 1e-38f;
  {
    const FlushDenormals flush;
    EXPECT_EQ(tiny * 0.01f, 0.0f);
  }
  EXPECT_GT(tiny * 0.01f, 0.0f);
}
#endif

}  // namespace
}  // namespace caviar::network
