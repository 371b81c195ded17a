// Coordinators that are wrong on purpose are caught, each by the promise that it breaks.
#include "tests/server/coordinator/simulation/wrong.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/simulation/checker.h"
#include "tests/server/coordinator/simulation/simulation.h"

namespace caviar::coordinator::simulation {
namespace {

constexpr uint64_t kMostSeeds = 40;

Plan PlanFor(Wrong wrong, uint64_t seed) {
  Plan plan = MakePlan(seed);
  // Its store keeps its own books, which no kill in the middle of a commit may cut.
  if (wrong == Wrong::kAnswersBeforeCommit) plan.fail = plan.stall = 0;
  if (wrong == Wrong::kAnswersBeforeCommit) plan.kill_in_commits = false;
  if (wrong == Wrong::kWallClockForLeases) plan.jumps = true;
  return plan;
}

// Which seed shows it first; how often each rule was broken until then.
void ExpectCaught(Wrong wrong, const std::string& rule) {
  std::map<std::string, int> broken;
  for (uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    for (const Violation& one : Check(Simulate(PlanFor(wrong, seed), wrong).history)) {
      ++broken[one.rule];
    }
    if (broken.contains(rule)) {
      ::testing::Test::RecordProperty("seeds", static_cast<int>(seed));
      return;
    }
  }
  std::string others;
  for (const auto& [name, times] : broken) absl::StrAppend(&others, " ", name, " ", times);
  ADD_FAILURE() << "a coordinator of which is wrong: " << NameOf(wrong) << ", did not break "
                << rule << " in " << kMostSeeds << " histories; others:" << others;
}

TEST(Wrong, AnsweringBeforeTheCommitLosesWhatWasAcknowledged) {
  ExpectCaught(Wrong::kAnswersBeforeCommit, kAcknowledgedIsDurable);
}

TEST(Wrong, CheckingNoTokenLetsStaleWorkersWrite) {
  ExpectCaught(Wrong::kChecksNoToken, kOneLease);
}

TEST(Wrong, ReplacingMeasurementsLetsARepeatAct) {
  ExpectCaught(Wrong::kReplacesMeasurements, kOnce);
}

TEST(Wrong, TheWallClockEndsLeasesTooEarly) { ExpectCaught(Wrong::kWallClockForLeases, kOneLease); }

TEST(Wrong, TheWallClockKeepsLeasesTooLong) {
  ExpectCaught(Wrong::kWallClockForLeases, kNoOrphans);
}

TEST(Wrong, TwoTransactionsLeaveTrialsThatRunWithoutAnAttempt) {
  ExpectCaught(Wrong::kTwoTransactions, kNoOrphans);
}

TEST(Wrong, WithoutALogOfRequestsRepeatsActTwice) { ExpectCaught(Wrong::kNoRequestLog, kOnce); }

TEST(Wrong, ForgettingWhoLetGoRefusesARepeat) { ExpectCaught(Wrong::kForgetsWhoLetGo, kOnce); }

// Or what catches the wrong ones catches everything.
TEST(Wrong, NothingIsCaughtWhereNothingIsWrong) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    for (const Violation& one : Check(Simulate(MakePlan(seed)).history)) {
      ADD_FAILURE() << "history " << seed << ": " << one.rule << ": " << one.what;
    }
  }
}

}  // namespace
}  // namespace caviar::coordinator::simulation
