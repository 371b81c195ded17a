#include "server/analysis/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "made_studies.h"
#include "server/pruning/pruner.h"

namespace caviar::analysis {
namespace {

using ::testing::HasSubstr;

v1::Study Under(const std::string& pruner) {
  v1::Study study = MakeStudy("pruner { " + pruner + " }");
  pruning::FillDefaults(study);
  return study;
}

// Trial `number` has the loss `number + 1 / step` at each step, and one after the other is trained.
std::vector<TrialRecord> Ranked(const std::vector<int>& losses, int steps, int64_t apart) {
  std::vector<TrialRecord> trials;
  for (size_t i = 0; i < losses.size(); ++i) {
    std::vector<double> values;
    for (int step = 1; step <= steps; ++step) values.push_back(losses[i] + 1.0 / step);
    const auto number = static_cast<int32_t>(i);
    TrialRecord trial = Completed(number, {}, values.back());
    trial.curve = Curve(values, number * apart);
    trial.start_time = number * apart * 1'000'000 + 1;
    trial.end_time = trial.curve.back().time + 5;
    trials.push_back(std::move(trial));
  }
  return trials;
}

TEST(ReplayPruner, WithoutAPrunerAllGoOn) {
  const auto response = ReplayPruner(Under("algorithm: NONE"), Ranked({2, 1, 3}, 9, 100));
  EXPECT_EQ(response.trials(), 3);
  EXPECT_EQ(response.stopped(), 0);
  EXPECT_EQ(response.steps(), 27);
  EXPECT_EQ(response.steps_needed(), 27);
  EXPECT_EQ(response.best(), 1);
  EXPECT_EQ(response.best_then(), 1);
  EXPECT_FALSE(response.has_best_stopped_at());
}

// One after the other, best first: the third is the first that has enough to be compared with.
TEST(ReplayPruner, StopsWhatAshaStops) {
  const v1::Study study = Under("algorithm: ASHA grace: 1 eta: 3 max_step: 9");
  const auto response = ReplayPruner(study, Ranked({0, 1, 2, 3, 4, 5}, 9, 100));
  EXPECT_EQ(response.trials(), 6);
  // At step 1 the third is not the best of 3; the fourth is not among the best 2 of 4, and so on.
  EXPECT_EQ(response.stopped(), 4);
  EXPECT_EQ(response.steps(), 54);
  EXPECT_EQ(response.steps_needed(), 2 * 9 + 4 * 1);
  EXPECT_EQ(response.best(), 0);
  EXPECT_FALSE(response.has_best_stopped_at());
  EXPECT_EQ(response.pruner().eta(), 3);
}

TEST(ReplayPruner, SaysWhetherTheWinnerWouldHaveLived) {
  std::vector<TrialRecord> trials = Ranked({0, 1, 2}, 9, 100);
  // It begins worst and ends best.
  trials[2].curve[0].value = 50;
  trials[2].objective = -7;
  trials[2].curve[8].value = -7;
  const auto response = ReplayPruner(Under("algorithm: ASHA grace: 1 eta: 3 max_step: 9"), trials);
  EXPECT_EQ(response.best(), 2);
  EXPECT_EQ(response.best_objective(), -7);
  EXPECT_EQ(response.best_stopped_at(), 1);
  EXPECT_EQ(response.best_stopped_reason(), "step 1: 50 is not among the best 1 of 3");
  EXPECT_EQ(response.best_then(), 0);
}

// Who comes first is judged first: two slots at the same time.
TEST(ReplayPruner, DecidesInTheOrderOfTheStoredTimes) {
  std::vector<TrialRecord> trials = Ranked({2, 1, 0}, 9, 0);
  for (TrialRecord& trial : trials) {
    for (Measured& measured : trial.curve) measured.time += 2 - trial.number;
    trial.end_time += 10;
  }
  // Trial 2 is the best and comes first at each step; then 1, then 0, which is the third and worst.
  const auto response = ReplayPruner(Under("algorithm: ASHA grace: 1 eta: 3 max_step: 9"), trials);
  EXPECT_EQ(response.stopped(), 1);
  EXPECT_EQ(response.steps_needed(), 9 + 9 + 1);
}

TEST(ReplayPruner, CountsWhatItCannotKnow) {
  std::vector<TrialRecord> trials = Ranked({0, 1, 2, 3}, 9, 100);
  for (const size_t cut : {1u, 3u}) {
    trials[cut].state = v1::Trial::PRUNED;
    trials[cut].objective.reset();
    trials[cut].curve.resize(4);
  }
  trials.push_back({});  // without measurements
  const auto none = ReplayPruner(Under("algorithm: NONE"), trials);
  EXPECT_EQ(none.trials(), 4);
  EXPECT_EQ(none.cut_short(), 2);
  EXPECT_EQ(none.steps(), 26);
  // It would have ended the fourth at step 1, so that nothing is unknown about that.
  const auto asha = ReplayPruner(Under("algorithm: ASHA grace: 1 eta: 3 max_step: 9"), trials);
  EXPECT_EQ(asha.cut_short(), 1);
  EXPECT_EQ(asha.stopped(), 2);
}

TEST(ReplayPruner, MedianNeedsCompletedTrialsFirst) {
  const v1::Study study = Under("algorithm: MEDIAN grace: 1 warm_up: 2");
  EXPECT_EQ(ReplayPruner(study, Ranked({0, 1, 2, 3}, 9, 100)).stopped(), 2);
  // All at once: none is completed before the others are at their ends.
  EXPECT_EQ(ReplayPruner(study, Ranked({0, 1, 2, 3}, 9, 0)).stopped(), 0);
}

TEST(ReplayPruner, OfInstancesCountsMeasurements) {
  std::vector<TrialRecord> trials = Ranked({0, 5}, 12, 100);
  for (TrialRecord& trial : trials) {
    for (Measured& measured : trial.curve) measured.step += 1000;
  }
  const auto response = ReplayPruner(Under("algorithm: WILCOXON"), trials);
  EXPECT_EQ(response.steps(), 24);
  EXPECT_EQ(response.stopped(), 1);
  EXPECT_EQ(response.steps_needed(), 12 + 4);
}

TEST(ReplayPruner, PromotesTheBestOnOneSlot) {
  const v1::Study study = Under("algorithm: ASHA mode: PROMOTE grace: 1 eta: 3 max_step: 9");
  const auto response = ReplayPruner(study, Ranked({0, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 100));
  // Each pauses at step 1; of three the best goes on to step 3; of three there one to the end.
  EXPECT_EQ(response.stopped(), 8);
  EXPECT_EQ(response.best_then(), 0);
  EXPECT_EQ(response.steps_needed(), 9 + 2 * 3 + 6 * 1);
  EXPECT_FALSE(response.has_best_stopped_at());
}

TEST(ReplayPruner, PromotesOneInAnyCase) {
  const v1::Study study = Under("algorithm: ASHA mode: PROMOTE grace: 1 eta: 3 max_step: 9");
  const auto response = ReplayPruner(study, Ranked({1, 0}, 9, 0));
  EXPECT_EQ(response.stopped(), 1);
  EXPECT_EQ(response.steps_needed(), 9 + 1);
  EXPECT_EQ(response.best_then(), 1);
}

TEST(ReplayPruner, TakesAnything) {
  std::vector<TrialRecord> trials = Ranked({3, 1, 2, 0, 5, 4, 9, 7, 8}, 12, 2);
  trials[1].curve[2].value = std::nan("");
  trials[2].curve[2].value = -HUGE_VAL;
  trials[3].state = v1::Trial::RUNNING;
  trials[4].state = v1::Trial::PAUSED;
  trials[5].curve.clear();
  trials[6].start_time = 0;
  trials[6].end_time = 0;
  for (const char* pruner :
       {"algorithm: MEDIAN warm_up: 1", "algorithm: ASHA max_step: 12",
        "algorithm: ASHA mode: PROMOTE grace: 1 eta: 2 max_step: 12",
        "algorithm: HYPERBAND max_step: 12",
        "algorithm: HYPERBAND mode: PROMOTE grace: 1 eta: 2 max_step: 12", "algorithm: WILCOXON"}) {
    const auto response = ReplayPruner(Under(pruner), trials);
    EXPECT_EQ(response.trials(), 8) << pruner;
    EXPECT_LE(response.steps_needed(), response.steps()) << pruner;
    EXPECT_LE(response.stopped() + response.cut_short(), 8) << pruner;
  }
  EXPECT_EQ(ReplayPruner(Under("algorithm: ASHA max_step: 12"), {}).trials(), 0);
}

// A study that ran under the pruner: `slots` at once, steps of random length.
std::vector<TrialRecord> RunUnder(const v1::Study& study, int count, int slots, uint32_t seed) {
  std::mt19937 random(seed);
  const auto pruner = pruning::MakePruner(study);
  std::vector<TrialRecord> trials(static_cast<size_t>(count));
  std::vector<std::pair<int64_t, size_t>> running;
  size_t next = 0;
  // No two trials do anything at the same time.
  const auto later = [&](int64_t now, size_t trial) {
    return (now / 1000 + 1 + random() % 100) * 1000 + static_cast<int64_t>(trial);
  };
  const auto start = [&](int64_t now) {
    if (next == trials.size()) return;
    trials[next].number = static_cast<int32_t>(next);
    trials[next].start_time = now;
    running.emplace_back(later(now, next), next);
    ++next;
  };
  for (int i = 0; i < slots; ++i) start(1);
  while (!running.empty()) {
    const auto at = std::min_element(running.begin(), running.end());
    const int64_t now = at->first;
    const size_t index = at->second;
    running.erase(at);
    TrialRecord& trial = trials[index];
    const auto step = static_cast<int64_t>(trial.curve.size()) + 1;
    const double value = static_cast<double>(random() % 1000) / static_cast<double>(step);
    trial.curve.push_back({step, value, now});
    pruner->Measure(trial.number, step, value);
    const auto verdicts = pruner->Decide(trial.number);
    trial.end_time = now;
    if (!verdicts.empty() && verdicts.back().act == pruning::Act::kStop) {
      trial.state = v1::Trial::PRUNED;
      start(now);
    } else if (step == 27) {
      trial.state = v1::Trial::COMPLETED;
      trial.objective = value;
      pruner->Complete(trial.number, value);
      start(now);
    } else {
      running.emplace_back(later(now, index), index);
    }
  }
  return trials;
}

TEST(ReplayPruner, OfAStudysOwnPrunerEndsWhatWasEnded) {
  constexpr uint32_t kSeed = 11;
  for (const char* pruner :
       {"algorithm: ASHA max_step: 27", "algorithm: MEDIAN", "algorithm: HYPERBAND max_step: 27"}) {
    const v1::Study study = Under(pruner);
    const auto trials = RunUnder(study, 60, 4, kSeed);
    int32_t pruned = 0;
    for (const TrialRecord& trial : trials) pruned += trial.state == v1::Trial::PRUNED;
    EXPECT_GT(pruned, 10) << pruner;
    const auto response = ReplayPruner(study, trials);
    EXPECT_EQ(response.stopped(), pruned) << pruner << ", seed " << kSeed;
    EXPECT_EQ(response.cut_short(), 0) << pruner;
    EXPECT_EQ(response.steps_needed(), response.steps()) << pruner;
    EXPECT_EQ(response.best_then(), response.best()) << pruner;
  }
}

}  // namespace
}  // namespace caviar::analysis
