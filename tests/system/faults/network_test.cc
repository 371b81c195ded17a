// Workers whose network loses packets, is narrow, or is cut for longer than a lease stands.
#include <gtest/gtest.h>

#include "tests/system/faults/fault_fixture.h"
#include "tests/system/faults/namespace.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

class NetworkTest : public FaultTest {
 protected:
  void SetUp() override {
    if (const std::string why = WhyNoNamespaces(); !why.empty()) GTEST_SKIP() << why;
    network_ = std::make_unique<Network>(cluster_.directory());
    cluster_.MoveTo(Network::coordinator_address(), network_->hub().command());
  }
  void StartCoordinatorInHub(const std::string& lease_ttl) {
    cluster_.StartCoordinator(lease_ttl,
                              {.command = network_->hub().command(), .arguments = {"--insecure"}});
  }
  std::unique_ptr<Process> StartWorkerIn(const Namespace& network, const std::string& name) {
    return cluster_.StartWorker(name, 1, {.command = network.command()});
  }

  std::unique_ptr<Network> network_;
};

TEST_F(NetworkTest, LostAndLatePacketsChangeNoResult) {
  constexpr int kTrials = 4, kEpochs = 20, kLoss = 20;
  WriteIdxPair(cluster_.dataset_directory() + "/train", 600, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 40, 8, 8, 4, 2);
  Namespace& a = network_->AddWorker();
  Namespace& b = network_->AddWorker();
  // Renewals come late then: trials are parted from workers that still train them.
  StartCoordinatorInHub("1s");
  cluster_.CreateStudy(NetworkStudyFile("lossy", kTrials, kEpochs, ", max_attempts: 100"));
  {
    Drop(a, Direction::kBoth, kLoss);
    Narrow(b, 1'000'000);
    const auto first = StartWorkerIn(a, "first");
    const auto second = StartWorkerIn(b, "second");
    WaitForEnd("lossy");
  }
  Heal(a);
  const auto third = StartWorkerIn(a, "third");
  cluster_.CreateStudy(NetworkStudyFile("clean", kTrials, kEpochs));
  WaitForEnd("clean");
  for (int number = 0; number < kTrials; ++number) {
    EXPECT_EQ(Trial("lossy", number).at("state"), "COMPLETED");
    EXPECT_EQ(Curve("lossy", number), Curve("clean", number));
    EXPECT_TRUE(Weights("lossy", number) == Weights("clean", number)) << "not the same weights";
  }
}

TEST_F(NetworkTest, AWorkerThatWasCutOffGoesOnOrGivesUpWhatAnotherTookOver) {
  Namespace& far = network_->AddWorker();
  Namespace& near = network_->AddWorker();
  StartCoordinatorInHub("2s");
  CreateEndlessStudy("s", 1);
  const auto first = StartWorkerIn(far, "first");
  ASSERT_TRUE(WaitForStep("s", 0, 1));

  // Nobody else is there: the same attempt goes on when the network heals.
  for (const Direction direction : {Direction::kOut, Direction::kIn}) {
    Drop(far, direction, 100);
    ASSERT_TRUE(WaitForState("s", 0, "WAITING"));
    const int64_t step = LastStep("s", 0);
    Heal(far);
    ASSERT_TRUE(WaitForStep("s", 0, step + 2));
    const json trial = Trial("s", 0);
    EXPECT_EQ(trial.at("attempts").size(), 1u) << trial.at("attempts");
    EXPECT_EQ(trial.at("lost_leases"), 0);
    ExpectNoGap("s", 0);
  }

  // Somebody is: what the first one made since then counts for nothing.
  Drop(far, Direction::kBoth, 100);
  ASSERT_TRUE(WaitForState("s", 0, "WAITING"));
  const auto second = StartWorkerIn(near, "second");
  ASSERT_TRUE(WaitForWorker("s", 0, "second"));
  Heal(far);
  EXPECT_TRUE(WaitForLog(*first, "dropped, the lease is lost"));
  ASSERT_TRUE(WaitForStep("s", 0, LastStep("s", 0) + 2));
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("worker"), "second");
  EXPECT_EQ(trial.at("attempts").size(), 2u) << trial.at("attempts");
  ExpectNoGap("s", 0);
  EndStudy("s");
}

}  // namespace
}  // namespace caviar::system_test
