// Configurations that are evaluated several times.
#include "server/coordinator/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RepeatsTest : public AskTest {
 protected:
  static v1::Study RepeatedStudy(int repeats, int max_trials = 4) {
    v1::Study study = ExternalStudy("s", max_trials);
    study.set_repeats(repeats);
    return study;
  }

  v1::AskTrialResponse MustAsk() {
    const auto asked = Ask("s");
    EXPECT_TRUE(asked.ok()) << asked.status();
    return asked.value_or(v1::AskTrialResponse());
  }
  void Tell(const v1::AskTrialResponse& asked, double value) {
    const auto told = house_.Call(&Core::Tell, TellRequest(asked, value));
    EXPECT_TRUE(told.ok()) << told.status();
  }
  void TellBad(const v1::AskTrialResponse& asked, bool infeasible) {
    v1::TellTrialRequest request = TellRequest(asked, 0);
    if (infeasible) {
      request.mutable_infeasible();
    } else {
      request.mutable_failed();
    }
    EXPECT_TRUE(house_.Call(&Core::Tell, request).ok());
  }
  // Asks for and tells the trials of the next configuration, one after the other.
  void TryConfiguration(const std::vector<double>& values) {
    for (const double value : values) Tell(MustAsk(), value);
  }
  v1::Study End() { return house_.Stop("s", /*end=*/true).value_or(v1::Study()); }

  v1::AddTrialRequest AddRequest(double rate) {
    v1::AddTrialRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    (*request.mutable_parameters())["learning_rate"].set_double_value(rate);
    return request;
  }
  absl::StatusOr<v1::Trial> Told(double rate, double value) {
    v1::AddTrialRequest request = AddRequest(rate);
    (*request.mutable_completed()->mutable_metrics())["accuracy"] = value;
    return house_.Call(&Core::AddTrial, request);
  }

  // All that is derived from rows, to the last bit.
  std::string Derived() {
    const StudyState& study = house_.study("s");
    std::string text = absl::StrCat("best ", study.best.value_or(-1), " pending ");
    for (const int32_t index : study.pending) absl::StrAppend(&text, index, ",");
    absl::StrAppend(&text, " to_repeat ");
    for (const int32_t index : study.to_repeat) absl::StrAppend(&text, index, ",");
    for (size_t i = 0; i < study.history.size(); ++i) {
      const sampling::Observation& one = study.history[i];
      absl::StrAppend(&text, "\n", one.number, " ", one.state, " ",
                      std::bit_cast<uint64_t>(one.value), " ",
                      std::bit_cast<uint64_t>(one.variance.value_or(-1)));
      for (const double excess : one.excesses) {
        absl::StrAppend(&text, " ", std::bit_cast<uint64_t>(excess));
      }
    }
    return text;
  }
  void ExpectTheSameAfterARestart() {
    const std::string before = Derived();
    house_.Restart();
    EXPECT_EQ(Derived(), before);
  }
};

TEST_F(RepeatsTest, EachConfigurationIsHandedOutSoOftenOneTrialAfterTheOther) {
  Create(RepeatedStudy(3, 2));
  std::vector<v1::Trial> trials;
  for (int i = 0; i < 6; ++i) trials.push_back(MustAsk().trial());
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(trials[i].number(), i);
    EXPECT_EQ(trials[i].repeat_of(), i / 3 * 3);
    EXPECT_EQ(trials[i].origin(), i % 3 == 0 ? v1::Trial::SAMPLER : v1::Trial::REPEAT);
    EXPECT_EQ(trials[i].parameters().at("learning_rate").double_value(),
              trials[i / 3 * 3].parameters().at("learning_rate").double_value());
  }
  EXPECT_NE(trials[0].parameters().at("learning_rate").double_value(),
            trials[3].parameters().at("learning_rate").double_value());
  EXPECT_THAT(std::string(Ask("s").status().message()),
              HasSubstr("handed out all of its 2 configurations"));
}

TEST_F(RepeatsTest, ConfigurationsAreThoseOfAStudyWithoutRepeats) {
  Create(RepeatedStudy(2, 3));
  v1::Study single = ExternalStudy("single", 3);
  Create(single);
  for (int i = 0; i < 3; ++i) {
    const double once = Ask("single")->trial().parameters().at("learning_rate").double_value();
    EXPECT_EQ(MustAsk().trial().parameters().at("learning_rate").double_value(), once);
    EXPECT_EQ(MustAsk().trial().parameters().at("learning_rate").double_value(), once);
  }
}

TEST_F(RepeatsTest, TheSamplerSeesTheirMeanOnceAllAreFinal) {
  Create(RepeatedStudy(3));
  std::vector<v1::AskTrialResponse> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(MustAsk());
  Tell(asked[2], 0.1);
  Tell(asked[0], 0.2);
  EXPECT_TRUE(house_.study("s").history.empty());
  EXPECT_THAT(house_.study("s").pending, ElementsAre(0));
  EXPECT_FALSE(house_.study("s").best);
  Tell(asked[1], 0.6);
  ASSERT_EQ(house_.study("s").history.size(), 1u);
  const sampling::Observation& seen = house_.study("s").history[0];
  EXPECT_EQ(seen.number, 0);
  EXPECT_EQ(seen.state, v1::Trial::COMPLETED);
  EXPECT_DOUBLE_EQ(seen.value, -0.3) << "it is maximized";
  // Squared deviations .01 + .04 + .09, over two, over three.
  EXPECT_NEAR(seen.variance.value_or(0), 0.07 / 3, 1e-16);
  EXPECT_EQ(house_.study("s").best, 0);
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, FailedOnesAreLeftOutOfTheMeanAndAnInfeasibleOneDecides) {
  Create(RepeatedStudy(2));
  TellBad(MustAsk(), false);
  Tell(MustAsk(), 0.4);
  TellBad(MustAsk(), true);
  Tell(MustAsk(), 0.9);
  TellBad(MustAsk(), false);
  TellBad(MustAsk(), false);
  const sampling::History& history = house_.study("s").history;
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[0].state, v1::Trial::COMPLETED);
  EXPECT_EQ(history[0].value, -0.4);
  EXPECT_FALSE(history[0].variance) << "one value has no spread";
  EXPECT_EQ(history[1].state, v1::Trial::INFEASIBLE);
  EXPECT_EQ(history[2].state, v1::Trial::FAILED);
  EXPECT_EQ(house_.study("s").best, 0) << "although its first trial failed";
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, TheBestMeanWinsAmongThoseWithTheMostCompletedRepeats) {
  Create(RepeatedStudy(2));
  TellBad(MustAsk(), false);
  Tell(MustAsk(), 0.99);
  EXPECT_EQ(house_.study("s").best, 0);
  TryConfiguration({0.5, 0.7});
  EXPECT_EQ(house_.study("s").best, 2) << "one lucky repeat wins nothing";
  TryConfiguration({0.9, 0.1});
  EXPECT_EQ(house_.study("s").best, 2) << "nor does the best single trial";
  TryConfiguration({0.6, 0.8});
  EXPECT_EQ(house_.study("s").best, 6);
  EXPECT_THAT(house_.store.ListBestTrials(1, house_.study("s").row.definition, 9, false).value(),
              ElementsAre(testing::Field(&storage::TrialReading::trial,
                                         testing::Field(&storage::TrialRow::number, 6)),
                          testing::Field(&storage::TrialReading::trial,
                                         testing::Field(&storage::TrialRow::number, 2)),
                          testing::Field(&storage::TrialReading::trial,
                                         testing::Field(&storage::TrialRow::number, 4)),
                          testing::Field(&storage::TrialReading::trial,
                                         testing::Field(&storage::TrialRow::number, 0))));
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, ARestartGoesOnWithTheRepeatThatIsMissing) {
  Create(RepeatedStudy(3));
  TryConfiguration({0.1, 0.2, 0.3});
  TryConfiguration({0.5, 0.5});
  ExpectTheSameAfterARestart();
  const v1::AskTrialResponse asked = MustAsk();
  EXPECT_EQ(asked.trial().number(), 5);
  EXPECT_EQ(asked.trial().repeat_of(), 3);
  Tell(asked, 0.5);
  EXPECT_EQ(house_.study("s").best, 3);
  ASSERT_EQ(house_.study("s").history.size(), 2u);
  EXPECT_EQ(house_.study("s").history[1].variance, 0.0);
}

TEST_F(RepeatsTest, ConfigurationsAreFinalInTheOrderOfTheirLastTrials) {
  Create(RepeatedStudy(2));
  std::vector<v1::AskTrialResponse> asked;
  for (int i = 0; i < 6; ++i) asked.push_back(MustAsk());
  for (const int number : {0, 5, 4, 3, 1, 2}) Tell(asked[number], 0.1 * number);
  const sampling::History& history = house_.study("s").history;
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[0].number, 2);
  EXPECT_EQ(history[1].number, 0);
  EXPECT_EQ(history[2].number, 1);
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, MaxTrialsAndNoGainCountConfigurations) {
  v1::Study study = RepeatedStudy(2, 10);
  study.mutable_limits()->mutable_no_gain()->set_trials(2);
  Create(study);
  TryConfiguration({0.5, 0.5});
  TryConfiguration({0.6, 0.6});
  TryConfiguration({0.1, 0.1});
  TryConfiguration({0.9});
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  Tell(MustAsk(), 0.1);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::NO_GAIN);
  EXPECT_EQ(house_.study("s").row.message,
            "none of the 2 configurations that ended after trial 2 and its repeats was better "
            "(limits.no_gain)");
}

TEST_F(RepeatsTest, TheMeanHasToReachTheTarget) {
  v1::Study study = RepeatedStudy(2);
  study.mutable_objective()->set_target(0.8);
  Create(study);
  TryConfiguration({0.9, 0.6});
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  TryConfiguration({0.9});
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE) << "its second trial is to come";
  Tell(MustAsk(), 0.75);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::TARGET);
}

TEST_F(RepeatsTest, MaxFailedCountsTrials) {
  v1::Study study = RepeatedStudy(3);
  study.mutable_limits()->set_max_failed(2);
  Create(study);
  TellBad(MustAsk(), false);
  TellBad(MustAsk(), false);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_FAILED);
}

TEST_F(RepeatsTest, AFiniteSpaceIsExhaustedOnceAllIsRepeated) {
  v1::Study study = RepeatedStudy(2, 0);
  study.clear_parameters();
  study.add_parameters()->set_name("flag");
  study.mutable_parameters(0)->set_type(v1::Parameter::BOOL);
  Create(study);
  TryConfiguration({0.1, 0.2});
  TryConfiguration({0.3});
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  Tell(MustAsk(), 0.4);
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::EXHAUSTED);
  EXPECT_EQ(house_.study("s").row.message, "all 2 configurations were tried");
  EXPECT_EQ(house_.study("s").trials.size(), 4u);
}

TEST_F(RepeatsTest, KnownTrialsAreRepeatedToo) {
  v1::Study study = RepeatedStudy(2);
  for (const double rate : {0.01, 0.02}) {
    (*study.add_trials()->mutable_parameters())["learning_rate"].set_double_value(rate);
  }
  Create(study);
  for (const double rate : {0.01, 0.01, 0.02, 0.02}) {
    EXPECT_EQ(MustAsk().trial().parameters().at("learning_rate").double_value(), rate);
  }
  EXPECT_EQ(MustAsk().trial().origin(), v1::Trial::SAMPLER);
}

TEST_F(RepeatsTest, AConstraintIsKeptWhereEachRepeatKeepsIt) {
  v1::Study study = RepeatedStudy(2);
  study.add_constraints()->set_metric("latency");
  study.mutable_constraints(0)->set_max(10);
  Create(study);
  const auto tell = [this](double value, double latency) {
    v1::TellTrialRequest request = TellRequest(MustAsk(), value);
    (*request.mutable_completed()->mutable_metrics())["latency"] = latency;
    EXPECT_TRUE(house_.Call(&Core::Tell, request).ok());
  };
  tell(0.9, 7);
  tell(0.9, 11);
  EXPECT_FALSE(house_.study("s").best) << "the second one breaks it";
  tell(0.5, 9);
  tell(0.5, 6);
  tell(0.6, NAN);
  tell(0.6, 8);
  EXPECT_EQ(house_.study("s").best, 2);
  EXPECT_EQ(house_.trial("s", 0).row.repeats->feasible, false);
  EXPECT_EQ(house_.trial("s", 2).row.repeats->feasible, true);
  EXPECT_EQ(house_.trial("s", 4).row.repeats->feasible, false);
  const sampling::History& history = house_.study("s").history;
  ASSERT_EQ(history.size(), 3u);
  EXPECT_THAT(history[0].excesses, ElementsAre(1)) << "of the worse one";
  EXPECT_THAT(history[1].excesses, ElementsAre(-1));
  EXPECT_THAT(history[2].excesses, ElementsAre(1)) << "as far as any was from the bound";
  EXPECT_EQ(house_.store.GetStudy("s")->best->number, 2);
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, AToldResultIsOneTrialAndTheOthersAreRun) {
  Create(RepeatedStudy(3, 2));
  const auto first = Told(0.01, 0.3);
  EXPECT_EQ(first->repeat_of(), 0);
  EXPECT_EQ(first->origin(), v1::Trial::ADDED);
  EXPECT_TRUE(house_.study("s").history.empty());
  const v1::AskTrialResponse asked = MustAsk();
  EXPECT_EQ(asked.trial().repeat_of(), 0);
  EXPECT_EQ(asked.trial().origin(), v1::Trial::REPEAT);
  const auto second = Told(0.01, 0.6);
  EXPECT_EQ(second->repeat_of(), 0) << "told of a configuration that lacks a repeat";
  EXPECT_EQ(second->origin(), v1::Trial::ADDED);
  Tell(asked, 0.9);
  ASSERT_EQ(house_.study("s").history.size(), 1u);
  EXPECT_DOUBLE_EQ(house_.study("s").history[0].value, -0.6);
  EXPECT_EQ(Told(0.01, 0.1)->repeat_of(), 3) << "it has all, this is another configuration";
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, AFullStudyTakesResultsOfItsConfigurationsOnly) {
  Create(RepeatedStudy(2, 1));
  ASSERT_TRUE(Told(0.01, 0.3).ok());
  const absl::Status full = Told(0.02, 0.3).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition) << full;
  EXPECT_THAT(std::string(full.message()),
              HasSubstr("has 1 configuration, and limits.max_trials is 1"));
  ASSERT_TRUE(Told(0.01, 0.5).ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_TRIALS);
  EXPECT_EQ(house_.study("s").best, 0);
}

TEST_F(RepeatsTest, AQueuedConfigurationIsRepeated) {
  Create(RepeatedStudy(2));
  v1::AddTrialRequest request = AddRequest(0.01);
  ASSERT_TRUE(house_.Call(&Core::AddTrial, request).ok());
  for (int i = 0; i < 2; ++i) {
    const v1::Trial trial = MustAsk().trial();
    EXPECT_EQ(trial.repeat_of(), 0);
    EXPECT_EQ(trial.origin(), i == 0 ? v1::Trial::ADDED : v1::Trial::REPEAT);
  }
  EXPECT_EQ(MustAsk().trial().origin(), v1::Trial::SAMPLER);
}

// More than one batch writes.
TEST_F(RepeatsTest, TheEndSettlesAllThatLacksRepeatsAlsoOverARestart) {
  Create(RepeatedStudy(2, 1000));
  for (int i = 0; i < 450; ++i) ASSERT_TRUE(Told(0.001 + 1e-5 * i, 0.001 * i).ok());
  End();
  house_.Restart();
  house_.changed.clear();
  house_.Advance(absl::Minutes(5));
  EXPECT_TRUE(house_.core().state().ending.empty());
  EXPECT_TRUE(house_.changed.contains("s")) << "watchers wait for it";
  EXPECT_EQ(house_.study("s").best, 449) << "the best of those with one repeat";
  EXPECT_EQ(house_.store.GetStudy("s")->best->number, 449);
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, WhatTheEndCutsShortCountsByWhatItHasAndTeachesNothing) {
  Create(RepeatedStudy(3));
  TryConfiguration({0.4, 0.6});
  const v1::Study ended = End();
  EXPECT_EQ(ended.best_trial(), 0);
  EXPECT_EQ(ended.best_objective(), 0.5);
  EXPECT_NEAR(ended.best_standard_error(), 0.1, 1e-15);
  EXPECT_TRUE(house_.study("s").history.empty());
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, ATrialThatTheEndCancelsIsLeftOut) {
  Create(RepeatedStudy(2));
  TryConfiguration({0.2, 0.2});
  const v1::AskTrialResponse done = MustAsk();
  MustAsk();
  Tell(done, 0.9);
  EXPECT_EQ(End().best_trial(), 0) << "a complete one comes first";
  EXPECT_EQ(house_.trial("s", 2).row.repeats->state, v1::Trial::COMPLETED);
  EXPECT_EQ(house_.trial("s", 3).row.state, v1::Trial::CANCELLED);
  ExpectTheSameAfterARestart();
}

TEST_F(RepeatsTest, MeansOfTheLargestNumbersAreFinite) {
  Create(RepeatedStudy(2, 2));
  constexpr double kMost = std::numeric_limits<double>::max();
  TryConfiguration({kMost, kMost});
  TryConfiguration({kMost, -kMost});
  const sampling::History& history = house_.study("s").history;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].value, -kMost);
  EXPECT_EQ(history[1].value, 0);
  EXPECT_TRUE(std::isfinite(history[1].variance.value_or(INFINITY)));
  EXPECT_FALSE(house_.fatal);
}

TEST_F(RepeatsTest, OneRepeatIsNone) {
  Create(RepeatedStudy(1));
  EXPECT_FALSE(MustAsk().trial().has_repeat_of());
  EXPECT_FALSE(house_.trial("s", 0).row.repeat_of);
}

class RepeatsEvaluationTest : public CoreTest {};

TEST_F(RepeatsEvaluationTest, TheTestIsOfTheBestRepeatOfTheBestConfiguration) {
  v1::Study study = NetworkStudy("s", 1);
  study.set_repeats(3);
  auto& idx = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  Create(study);
  const std::string worker = house_.Register("w");
  for (const double value : {0.5, 0.7, 0.6}) {
    const auto work = house_.Acquire(worker);
    storage::ArtifactRow row;
    row.step = row.size = 1;
    row.file = absl::StrCat("artifacts/1/", work.trial().trial().number(), "/1-weights-1.bin");
    ASSERT_TRUE(Report(work.trial().token(), 1, value).ok());
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(work.trial().token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [](const auto& response) { ASSERT_TRUE(response.ok()) << response.status(); });
    ASSERT_TRUE(Complete(work.trial().token()).ok());
  }
  EXPECT_EQ(house_.study("s").best, 0);
  house_.Restart();
  EXPECT_EQ(house_.study("s").evaluated, 1);
  const auto work = house_.Acquire(worker);
  ASSERT_TRUE(work.has_evaluation()) << work.ShortDebugString();
  EXPECT_EQ(work.evaluation().trial().number(), 1);
  const auto reading = house_.store.GetStudy("s");
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->evaluated, 1);
  EXPECT_EQ(reading->best->number, 0);
}

}  // namespace
}  // namespace caviar::coordinator
