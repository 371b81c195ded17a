// Trials that end early, pause and go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class PruningTest : public CoreTest {
 protected:
  static v1::Study PrunedStudy(v1::Pruner::Mode mode, int max_trials) {
    v1::Study study = NetworkStudy("s", max_trials);
    study.mutable_trainer()->mutable_batch_norm_network()->set_epochs(9);
    study.mutable_pruner()->set_algorithm(v1::Pruner::ASHA);
    study.mutable_pruner()->set_mode(mode);
    study.mutable_pruner()->set_grace(1);
    return study;
  }

  v1::TrialWork Begin() {
    const auto work = house_.Acquire(house_.Register("w"));
    EXPECT_TRUE(work.has_trial());
    return work.trial();
  }

  v1::Directive Say(const v1::TrialWork& work, int64_t step, double value) {
    const auto answer = Report(work.token(), step, value);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->directive() : v1::DIRECTIVE_UNSPECIFIED;
  }

  void HandInCheckpoint(const v1::TrialWork& work, int64_t step) {
    storage::ArtifactRow row;
    row.kind = v1::Artifact::CHECKPOINT;
    row.step = step;
    row.size = 10;
    row.file = absl::StrCat("artifacts/1/", work.trial().number(), "/", work.attempt(), "-", step);
    house_.files.insert(row.file);
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(work.token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [](const absl::StatusOr<v1::UploadChunkResponse>& response) {
          EXPECT_TRUE(response.ok()) << response.status();
        });
    house_.Settle();
  }

  void GiveBack(const v1::TrialWork& work) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = work.token();
    EXPECT_TRUE(house_.Call(&Core::GiveBack, request).ok());
  }

  // Trains trial after trial up to its first rung, where it pauses.
  void PauseAt(double value) {
    const v1::TrialWork work = Begin();
    EXPECT_EQ(Say(work, 1, value), v1::DIRECTIVE_PAUSE);
    HandInCheckpoint(work, 1);
    GiveBack(work);
    EXPECT_EQ(house_.trial("s", work.trial().number()).row.state, v1::Trial::PAUSED);
  }

  std::vector<std::string> Reasons(int number) {
    std::vector<std::string> reasons;
    const storage::TrialReading reading = house_.store.GetTrial(1, number, true).value();
    for (const storage::PrunerDecisionRow& row : reading.pruner_decisions) {
      reasons.push_back(row.reason);
    }
    return reasons;
  }
};

TEST_F(PruningTest, EndsATrialThatIsNotAmongTheBest) {
  Create(PrunedStudy(v1::Pruner::STOP, 4));
  const v1::TrialWork good = Begin(), fair = Begin(), bad = Begin();
  EXPECT_EQ(Say(good, 1, 0.9), v1::DIRECTIVE_CONTINUE);
  EXPECT_EQ(Say(fair, 1, 0.8), v1::DIRECTIVE_CONTINUE);
  EXPECT_EQ(Say(bad, 1, 0.7), v1::DIRECTIVE_STOP);
  const TrialState& ended = house_.trial("s", 2);
  EXPECT_EQ(ended.row.state, v1::Trial::PRUNED);
  EXPECT_EQ(ended.row.message, "step 1: 0.7 is not among the best 1 of 3");
  EXPECT_EQ(ended.attempt->outcome, v1::Attempt::PRUNED);
  EXPECT_THAT(Reasons(2), ElementsAre("step 1: 0.7 is not among the best 1 of 3"));
  EXPECT_THAT(Reasons(0), ElementsAre("step 1: only 1 values to compare, fewer than eta 3"));

  // What the worker says afterwards.
  v1::FinishWorkRequest stopped;
  *stopped.mutable_token() = bad.token();
  stopped.mutable_stopped();
  const auto answer = house_.Call(&Core::Finish, stopped);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->state(), v1::Trial::PRUNED);
  EXPECT_TRUE(error::HasReason(Report(bad.token(), 2, 0.95).status(), error::kLeaseLost));
}

TEST_F(PruningTest, ComparesValuesOfEveryRungOnce) {
  Create(PrunedStudy(v1::Pruner::STOP, 4));
  const v1::TrialWork work = Begin();
  for (int64_t step = 1; step <= 5; ++step) Say(work, step, 0.5);
  EXPECT_THAT(Reasons(0), SizeIs(2)) << "at steps 1 and 3";
  EXPECT_THAT(house_.study("s").pruner->RungValues(0), ElementsAre(-0.5, -0.5));
}

TEST_F(PruningTest, PausedTrialsGoOnFromTheirCheckpointsBestFirst) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 6));
  for (const double value : {0.5, 0.6}) PauseAt(value);
  const v1::TrialWork good = Begin();
  EXPECT_EQ(Say(good, 1, 0.7), v1::DIRECTIVE_CONTINUE) << "the best of three";
  for (const double value : {0.2, 0.1}) PauseAt(value);
  const v1::TrialWork bad = Begin();
  EXPECT_EQ(bad.trial().number(), 5);
  EXPECT_EQ(Say(bad, 1, 0.05), v1::DIRECTIVE_PAUSE);
  HandInCheckpoint(bad, 1);
  GiveBack(bad);
  // Two of six go on: trial 2 does, and now trial 1.
  const v1::TrialWork promoted = Begin();
  EXPECT_EQ(promoted.trial().number(), 1);
  EXPECT_EQ(promoted.checkpoint().step(), 1);
  EXPECT_EQ(promoted.attempt(), 2);
  EXPECT_THAT(Reasons(1), ElementsAre(HasSubstr("waits for its promotion"),
                                      "step 1: 0.6 is among the best 2 of 6"));
  EXPECT_FALSE(house_.Acquire(house_.Register("idle")).has_trial()) << "max_trials is 6";

  ASSERT_TRUE(Complete(good.token()).ok());
  ASSERT_TRUE(Report(promoted.token(), 2, 0.65).ok());
  ASSERT_TRUE(Complete(promoted.token()).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_TRIALS);
  EXPECT_EQ(house_.study("s").counts.pruned(), 4) << "what is paused at the end";
}

TEST_F(PruningTest, APromotingStudyTrainsOneToItsEndEvenIfNoRungIsFull) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 2));
  PauseAt(0.6);
  PauseAt(0.5);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  const v1::TrialWork work = Begin();
  EXPECT_EQ(work.trial().number(), 0);
  EXPECT_THAT(Reasons(0).back(), HasSubstr("none was trained to its end"));
  EXPECT_EQ(Say(work, 3, 0.7), v1::DIRECTIVE_PAUSE);
  HandInCheckpoint(work, 3);
  GiveBack(work);
  const v1::TrialWork again = Begin();
  EXPECT_EQ(again.trial().number(), 0);
  EXPECT_EQ(Say(again, 9, 0.8), v1::DIRECTIVE_CONTINUE);
  ASSERT_TRUE(Complete(again.token()).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  EXPECT_EQ(house_.study("s").best, 0);
}

TEST_F(PruningTest, ADryRunPromotesNothing) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 100));
  PauseAt(0.6);
  PauseAt(0.5);
  const int64_t commit = house_.core().state().commit;
  v1::UpdateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  request.set_validate_only(true);
  *request.mutable_definition() = house_.study("s").row.definition;
  request.mutable_definition()->mutable_limits()->set_max_trials(2);
  const auto update = house_.Call(&Core::UpdateStudy, request);
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(update->ends(), "") << "a paused one would go on";
  EXPECT_EQ(house_.core().state().commit, commit);
  EXPECT_EQ(house_.study("s").counts.paused(), 2);
  request.set_validate_only(false);
  *request.mutable_request_id() = house_.NewRequestId();
  ASSERT_TRUE(house_.Call(&Core::UpdateStudy, request).ok());
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(PruningTest, AnUpdateThatReplacesThePrunerKnowsThatPausedTrialsGoOn) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 100));
  PauseAt(0.6);
  PauseAt(0.5);
  const v1::TrialWork best = Begin();
  Say(best, 1, 0.9);
  ASSERT_TRUE(Complete(best.token()).ok());
  v1::UpdateStudyRequest request;
  *request.mutable_definition() = house_.study("s").row.definition;
  request.set_study("s");
  request.mutable_definition()->mutable_limits()->set_max_trials(3);
  request.mutable_definition()->mutable_pruner()->set_eta(4);
  for (const bool dry : {true, false}) {
    SCOPED_TRACE(dry ? "dry" : "in earnest");
    request.set_validate_only(dry);
    *request.mutable_request_id() = house_.NewRequestId();
    const auto update = house_.Call(&Core::UpdateStudy, request);
    ASSERT_TRUE(update.ok()) << update.status();
    EXPECT_EQ(update->ends(), "");
    EXPECT_EQ(house_.study("s").counts.paused(), dry ? 2 : 1);
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
}

TEST_F(PruningTest, ATrialWhoseWorkerDiedBeforeItPausedPausesAtItsNextWord) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 3));
  const v1::TrialWork first = Begin();
  EXPECT_EQ(Say(first, 1, 0.5), v1::DIRECTIVE_PAUSE);
  house_.Advance(absl::Minutes(3));
  for (const bool restart : {false, true}) {
    SCOPED_TRACE(restart);
    if (restart) house_.Restart();
    const v1::TrialWork again = Begin();
    EXPECT_EQ(again.trial().number(), 0);
    EXPECT_FALSE(again.has_checkpoint());
    EXPECT_EQ(Say(again, 1, 0.5), v1::DIRECTIVE_PAUSE);
    GiveBack(again);
    EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING) << "there is no checkpoint";
  }
}

TEST_F(PruningTest, ATrialWhoseCheckpointNeverComesGoesOn) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 3));
  for (int i = 0; i < 3; ++i) {
    const v1::TrialWork work = Begin();
    EXPECT_EQ(work.trial().number(), 0);
    EXPECT_EQ(Say(work, 1, 0.5), v1::DIRECTIVE_PAUSE) << i;
    GiveBack(work);
  }
  for (const bool restart : {false, true}) {
    if (restart) {
      house_.Restart();
      house_.Advance(absl::Minutes(3));
    }
    EXPECT_EQ(Say(Begin(), 1, 0.5), v1::DIRECTIVE_CONTINUE) << restart;
  }
  EXPECT_THAT(Reasons(0).front(), HasSubstr("no checkpoint came"));
}

TEST_F(PruningTest, APlaceInALowerRungIsGivenUp) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 10));
  const v1::TrialWork fast = Begin();
  EXPECT_EQ(Say(fast, 1, 0.9), v1::DIRECTIVE_PAUSE);
  // It trains faster than the word comes.
  EXPECT_EQ(Say(fast, 3, 0.1), v1::DIRECTIVE_PAUSE);
  HandInCheckpoint(fast, 3);
  GiveBack(fast);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::PAUSED);
  for (const double value : {0.5, 0.4}) PauseAt(value);
  EXPECT_EQ(Begin().trial().number(), 3) << "rung 3 has one value: nobody goes on from there";
}

TEST_F(PruningTest, ATrialThatPausesOnlyInItsSecondAttemptIsPromotedAlsoAfterARestart) {
  for (const bool restart : {false, true}) {
    SCOPED_TRACE(restart);
    v1::Study study = PrunedStudy(v1::Pruner::PROMOTE, 3);
    study.set_name(restart ? "restarted" : "s");
    Create(study);
    const v1::TrialWork best = Begin(), b = Begin(), c = Begin();
    EXPECT_EQ(Say(best, 1, 0.9), v1::DIRECTIVE_PAUSE);
    for (const auto& [work, value] : {std::pair(b, 0.5), std::pair(c, 0.4)}) {
      EXPECT_EQ(Say(work, 1, value), v1::DIRECTIVE_PAUSE);
      HandInCheckpoint(work, 1);
      GiveBack(work);
    }
    house_.Advance(absl::Minutes(3));
    const v1::TrialWork again = Begin();
    EXPECT_EQ(again.trial().number(), 0);
    if (restart) house_.Restart();
    EXPECT_EQ(Say(again, 1, 0.9), v1::DIRECTIVE_PAUSE);
    HandInCheckpoint(again, 1);
    GiveBack(again);
    const v1::TrialWork next = Begin();
    EXPECT_EQ(next.trial().number(), 0) << "the best of three goes on";
    ASSERT_TRUE(Complete(next.token()).ok());
  }
}

TEST_F(PruningTest, ARepeatedReportGetsTheSameAnswer) {
  Create(PrunedStudy(v1::Pruner::STOP, 4));
  const v1::TrialWork good = Begin(), fair = Begin(), bad = Begin();
  Say(good, 1, 0.9);
  Say(fair, 1, 0.8);
  EXPECT_EQ(Say(bad, 1, 0.7), v1::DIRECTIVE_STOP);
  EXPECT_EQ(Say(bad, 1, 0.7), v1::DIRECTIVE_STOP);
}

TEST_F(PruningTest, WhatAnAbandonedAttemptMeasuredDoesNotCount) {
  Create(PrunedStudy(v1::Pruner::STOP, 4));
  Say(Begin(), 1, 0.9);
  house_.Advance(absl::Minutes(3));
  const v1::TrialWork second = Begin();
  EXPECT_EQ(second.trial().number(), 0);
  Say(second, 1, 0.1);
  EXPECT_THAT(house_.study("s").pruner->RungValues(0), ElementsAre(-0.1));
  house_.Restart();
  EXPECT_THAT(house_.study("s").pruner->RungValues(0), ElementsAre(-0.1));
}

TEST_F(PruningTest, ASuggestionNamesTheCommitWhoseResultsItKnows) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  study.mutable_limits()->set_parallel(1);
  Create(study);
  const v1::TrialWork first = Begin();
  Say(first, 1, 0.5);
  ASSERT_TRUE(Complete(first.token()).ok());
  const int64_t completed_at = house_.core().state().commit;
  Begin();
  EXPECT_EQ(house_.trial("s", 1).row.suggestion_commit, completed_at);
}

TEST_F(PruningTest, TheTrialThatReachesMaxStepsWithItsLastEpochCounts) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_limits()->set_max_steps(3);
  Create(study);
  const v1::TrialWork first = Begin();
  for (int64_t step = 1; step <= 3; ++step) Say(first, step, 0.5);
  EXPECT_FALSE(house_.Acquire(house_.Register("idle")).has_trial());
  EXPECT_TRUE(Complete(first.token()).ok());
  EXPECT_EQ(house_.study("s").best, 0);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_STEPS);
}

TEST_F(PruningTest, GoesOnAfterARestartAsBefore) {
  Create(PrunedStudy(v1::Pruner::PROMOTE, 7));
  for (const double value : {0.5, 0.6}) PauseAt(value);
  const v1::TrialWork good = Begin();
  Say(good, 1, 0.7);
  for (const double value : {0.2, 0.1, 0.05}) PauseAt(value);
  const auto history = [&] {
    std::vector<std::pair<int32_t, std::vector<double>>> seen;
    for (size_t i = 0; i < house_.study("s").history.size(); ++i) {
      seen.emplace_back(house_.study("s").history[i].number, house_.study("s").history[i].rungs);
    }
    return seen;
  };
  ASSERT_TRUE(Complete(good.token()).ok());
  const auto before = history();
  house_.Restart();
  EXPECT_EQ(history(), before);
  EXPECT_EQ(Begin().trial().number(), 1) << "promoted, before a new one";
  EXPECT_EQ(Begin().trial().number(), 6);
  EXPECT_FALSE(house_.fatal);
}

TEST_F(PruningTest, TheTrialsThatAStudyNamesComeFirst) {
  v1::Study study = NetworkStudy("s", 3);
  (*study.add_trials()->mutable_parameters())["learning_rate"].set_double_value(0.05);
  (*study.add_trials()->mutable_parameters())["learning_rate"].set_double_value(0.0123);
  Create(study);
  const auto rate = [](const v1::TrialWork& work) {
    return work.trial().parameters().at("learning_rate").double_value();
  };
  EXPECT_EQ(rate(Begin()), 0.05);
  house_.Restart();
  EXPECT_EQ(rate(Begin()), 0.0123);
  const double sampled = rate(Begin());
  EXPECT_NE(sampled, 0.05);
  EXPECT_NE(sampled, 0.0123);
}

TEST_F(PruningTest, LimitsMayBeSteps) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_limits()->set_max_steps(5);
  Create(study);
  const v1::TrialWork first = Begin(), second = Begin();
  Say(first, 3, 0.5);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  Say(second, 3, 0.5);
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED) << "6 steps are more than 5";
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_STEPS);
}

TEST_F(PruningTest, AStudyEndsThatGainsNothingAnyMore) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_limits()->mutable_no_gain()->set_trials(2);
  Create(study);
  for (const double value : {0.5, 0.6, 0.6, 0.55}) {
    ASSERT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    const v1::TrialWork work = Begin();
    Say(work, 1, value);
    ASSERT_TRUE(Complete(work.token()).ok());
  }
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::NO_GAIN);
  EXPECT_EQ(house_.study("s").row.message,
            "none of the 2 trials that ended after trial 1 was better (limits.no_gain)");
}

TEST_F(PruningTest, AFiniteSpaceIsTriedOnceAndEndsTheStudy) {
  v1::Study study = NetworkStudy("s", 0);
  auto& rate = *study.mutable_parameters(0);
  rate.clear_min();
  rate.clear_max();
  rate.clear_scale();
  rate.set_type(v1::Parameter::CATEGORICAL);
  for (const double value : {0.1, 0.01, 0.001}) rate.add_values()->set_double_value(value);
  Create(study);
  std::set<double> tried;
  for (int i = 0; i < 3; ++i) {
    const v1::TrialWork work = Begin();
    tried.insert(work.trial().parameters().at("learning_rate").double_value());
    EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    Say(work, 1, 0.5);
    ASSERT_TRUE(Complete(work.token()).ok());
  }
  EXPECT_THAT(tried, SizeIs(3));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::EXHAUSTED);
  EXPECT_EQ(house_.study("s").row.message, "all 3 configurations were tried");
}

}  // namespace
}  // namespace caviar::coordinator
