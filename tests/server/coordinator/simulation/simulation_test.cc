// The promises hold over random histories. CAVIAR_SEED=n runs history n alone; CAVIAR_LONG=1 runs
// ten thousand of them and more.
#include "tests/server/coordinator/simulation/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(CAVIAR_SANITIZE_THREAD)
constexpr int kHistories = 60;
constexpr int kCutEvery = 20;
constexpr int kCrowd = 150;
#else
constexpr int kHistories = 1500;
constexpr int kCutEvery = 1;
constexpr int kCrowd = 1500;
#endif
constexpr int kLongHistories = 10'000;

int64_t FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  int64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : 0;
}

std::string Explain(const Outcome& outcome) {
  std::string text;
  for (const std::string& fault : outcome.faults) absl::StrAppend(&text, "\n  ", fault);
  for (const Violation& one : Check(outcome.history)) {
    absl::StrAppend(&text, "\n  ", one.rule, ": ", one.what);
  }
  return text;
}

void ExpectRight(const Plan& plan) {
  EXPECT_EQ(Explain(Simulate(plan)), "")
      << "history " << plan.seed << "; again: CAVIAR_SEED=" << plan.seed
      << " caviar_simulation_test --gtest_filter="
      << ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() << "."
      << ::testing::UnitTest::GetInstance()->current_test_info()->name();
}

TEST(Simulation, PromisesHoldOverRandomHistories) {
  if (const int64_t seed = FromEnvironment("CAVIAR_SEED"); seed > 0) {
    return ExpectRight(MakePlan(static_cast<uint64_t>(seed)));
  }
  const int histories = FromEnvironment("CAVIAR_LONG") > 0 ? kLongHistories : kHistories;
  for (int seed = 1; seed <= histories && !HasFailure(); ++seed) {
    ExpectRight(MakePlan(static_cast<uint64_t>(seed)));
  }
}

// Before it: nothing of it is there. After it: all of it is, and nobody was told.
TEST(Simulation, PromisesHoldWhereverACommitIsCut) {
  for (const uint64_t seed : {2, 5, 22}) {
    Plan plan = MakeCalmPlan(seed);
    const auto commits = static_cast<int>(Simulate(plan).history.commits.size());
    for (int commit = 1; commit <= commits && !HasFailure(); commit += kCutEvery) {
      for (const bool after : {false, true}) {
        plan.kill_at = commit;
        plan.kill_after = after;
        EXPECT_EQ(Explain(Simulate(plan)), "") << "killed " << (after ? "after" : "before")
                                               << " commit " << commit << " of history " << seed;
      }
    }
  }
}

TEST(Simulation, PromisesHoldForACrowdOfWorkers) {
  const bool is_long = FromEnvironment("CAVIAR_LONG") > 0;
  const int workers = is_long ? 3000 : kCrowd;
  if (const int64_t seed = FromEnvironment("CAVIAR_SEED"); seed > 0) {
    return ExpectRight(MakeCrowd(static_cast<uint64_t>(seed), workers));
  }
  for (int seed = 1; seed <= (is_long ? 5 : 1) && !HasFailure(); ++seed) {
    ExpectRight(MakeCrowd(static_cast<uint64_t>(seed), workers));
  }
}

TEST(Simulation, TheSameSeedGivesTheSameHistory) {
  for (uint64_t seed = 100; seed < 105; ++seed) {
    EXPECT_EQ(Digest(Simulate(MakePlan(seed)).history), Digest(Simulate(MakePlan(seed)).history))
        << "history " << seed;
  }
}

}  // namespace
}  // namespace caviar::coordinator::simulation
