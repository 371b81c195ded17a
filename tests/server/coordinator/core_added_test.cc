// Configurations that a person queues, and results that were never asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

class AddTest : public AskTest {
 protected:
  v1::AddTrialRequest Request(double rate) {
    v1::AddTrialRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    (*request.mutable_parameters())["learning_rate"].set_double_value(rate);
    return request;
  }
  v1::AddTrialRequest Told(double rate, double value) {
    v1::AddTrialRequest request = Request(rate);
    (*request.mutable_completed()->mutable_metrics())["accuracy"] = value;
    return request;
  }
  absl::StatusOr<v1::Trial> Add(const v1::AddTrialRequest& request) {
    return house_.Call(&Core::AddTrial, request);
  }
  double RateOf(const v1::Trial& trial) {
    return trial.parameters().at("learning_rate").double_value();
  }
};

TEST_F(AddTest, AQueuedConfigurationIsHandedOutNext) {
  Create(ExternalStudy("s"));
  ASSERT_EQ(Ask("s")->trial().number(), 0);
  const auto added = Add(Request(0.01));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->number(), 1);
  EXPECT_EQ(added->state(), v1::Trial::WAITING);
  EXPECT_EQ(added->origin(), v1::Trial::ADDED);
  const auto asked = Ask("s");
  EXPECT_EQ(asked->trial().number(), 1);
  EXPECT_EQ(RateOf(asked->trial()), 0.01);
  EXPECT_EQ(Ask("s")->trial().origin(), v1::Trial::SAMPLER);
}

TEST_F(AddTest, ACallerThatWaitsGetsItAtOnce) {
  Create(NetworkStudy("s", 0));
  const std::string worker = house_.Register("w");
  ASSERT_TRUE(house_.Stop("s").ok());
  const auto added = Add(Request(0.01));
  ASSERT_TRUE(added.ok()) << added.status() << ": a stopped study takes it";
  EXPECT_FALSE(house_.Acquire(worker).has_trial()) << "and hands it out when it goes on";
  ASSERT_TRUE(house_.Resume("s").ok());
  EXPECT_EQ(RateOf(house_.Acquire(worker).trial().trial()), 0.01);
}

TEST_F(AddTest, TheSamplerSeesItAsPendingAndNothingElseChanges) {
  v1::Study study = ExternalStudy("s", 0);
  study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  Create(study);
  ASSERT_TRUE(Ask("s").ok());
  const double ready =
      house_.study("s").ready.at(1).configuration.at("learning_rate").double_value();
  ASSERT_TRUE(Add(Request(ready)).ok());
  ASSERT_TRUE(Ask("s").ok());
  const auto after = Ask("s");
  EXPECT_EQ(after->trial().number(), 2);
  EXPECT_NE(RateOf(after->trial()), ready) << "it is pending, so it is not suggested again";
}

TEST_F(AddTest, AToldResultIsATrialLikeOthers) {
  v1::Study study = ExternalStudy("s", 4);
  study.mutable_pruner()->set_algorithm(v1::Pruner::ASHA);
  study.mutable_pruner()->set_max_step(27);
  Create(study);
  const auto told = Add(Told(0.01, 0.9));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->state(), v1::Trial::COMPLETED);
  EXPECT_EQ(told->objective(), 0.9);
  EXPECT_EQ(told->objective_step(), 0);
  EXPECT_EQ(told->worker(), "(told)");
  EXPECT_EQ(house_.study("s").best, 0);
  EXPECT_EQ(house_.study("s").history.size(), 1u);
  EXPECT_FALSE(house_.study("s").pruner->RungValues(0).empty()) << "it counts at every rung";
  EXPECT_EQ(house_.leases().size(), 0);

  const auto rungs = house_.study("s").pruner->RungValues(0);
  house_.Restart();
  ASSERT_FALSE(house_.fatal);
  EXPECT_EQ(house_.study("s").best, 0);
  EXPECT_EQ(house_.trial("s", 0).row.origin, v1::Trial::ADDED);
  EXPECT_EQ(house_.study("s").pruner->RungValues(0), rungs);
  const auto stored = house_.store.GetTrial(1, 0, true);
  ASSERT_EQ(stored->measurements.size(), 1u);
  EXPECT_EQ(stored->measurements[0].value, 0.9);
}

TEST_F(AddTest, AToldResultMayReachTheTargetOrTheLastTrial) {
  v1::Study study = ExternalStudy("s", 2);
  study.mutable_objective()->set_target(0.8);
  Create(study);
  ASSERT_TRUE(Add(Told(0.01, 0.7)).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  ASSERT_TRUE(Add(Told(0.02, 0.85)).ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::TARGET);
}

TEST_F(AddTest, WhatIsNotFiniteIsInfeasible) {
  Create(ExternalStudy("s"));
  const auto told = Add(Told(0.01, std::nan("")));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->state(), v1::Trial::INFEASIBLE);
  EXPECT_FALSE(house_.study("s").best);
}

TEST_F(AddTest, ARepeatAddsNothing) {
  Create(ExternalStudy("s"));
  for (const v1::AddTrialRequest& request : {Request(0.01), Told(0.02, 0.5)}) {
    const auto first = Add(request);
    const size_t trials = house_.study("s").trials.size();
    house_.Restart();
    const auto again = Add(request);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
    EXPECT_EQ(house_.study("s").trials.size(), trials);
  }
}

TEST_F(AddTest, AFailedCommitAddsNothing) {
  Create(ExternalStudy("s"));
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  for (const v1::AddTrialRequest& request : {Request(0.01), Told(0.02, 0.5)}) {
    EXPECT_EQ(Add(request).status().code(), absl::StatusCode::kUnavailable);
  }
  house_.store.SetBeforeApply(nullptr);
  EXPECT_TRUE(house_.study("s").trials.empty());
  EXPECT_EQ(Add(Told(0.02, 0.5))->number(), 0);
}

TEST_F(AddTest, AConfigurationThatWasTriedIsTakenAndSaid) {
  Create(ExternalStudy("s"));
  ASSERT_TRUE(Add(Told(0.01, 0.5)).ok());
  EXPECT_EQ(Add(Request(0.01))->message(), "the same configuration as trial 0");
  EXPECT_EQ(Add(Told(0.01, 0.6))->message(), "the same configuration as trial 0");
  EXPECT_EQ(Add(Request(0.02))->message(), "");
}

TEST_F(AddTest, WhatIsWrongIsNamedAndNothingIsAdded) {
  Create(ExternalStudy("s"));
  const auto violation = [&](const v1::AddTrialRequest& request) -> std::string {
    const auto status = Add(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const auto detail = error::Detail(status);
    if (!detail || detail->field_violations_size() != 1) return "";
    return detail->field_violations(0).field() + ": " + detail->field_violations(0).description();
  };
  v1::AddTrialRequest missing = Request(1);
  missing.clear_parameters();
  EXPECT_EQ(violation(missing), "parameters.learning_rate: is missing");
  EXPECT_THAT(violation(Request(1)), HasSubstr("is not a value it can take"));
  v1::AddTrialRequest unknown = Request(0.01);
  (*unknown.mutable_parameters())["units"].set_int_value(3);
  EXPECT_THAT(violation(unknown), HasSubstr("the study has no parameter of this name"));
  v1::AddTrialRequest other = Request(0.01);
  (*other.mutable_completed()->mutable_metrics())["loss"] = 1;
  EXPECT_THAT(violation(other), HasSubstr("lack the study's objective 'accuracy'"));
  EXPECT_TRUE(house_.study("s").trials.empty());
  missing.set_study("t");
  EXPECT_EQ(Add(missing).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AddTest, WhatBreaksALinearConstraintIsRefused) {
  v1::Study study = ExternalStudy("s");
  auto& constraint = *study.add_linear_constraints();
  (*constraint.mutable_coefficients())["learning_rate"] = 1;
  constraint.set_max(0.05);
  Create(study);
  EXPECT_TRUE(Add(Request(0.04)).ok());
  EXPECT_EQ(Add(Request(0.06)).status().code(), absl::StatusCode::kInvalidArgument);

  study.set_name("t");
  study.mutable_parameters(0)->mutable_default_()->set_double_value(0.06);
  v1::CreateStudyRequest request;
  request.set_validate_only(true);
  *request.mutable_study() = study;
  EXPECT_EQ(house_.Call(&Core::CreateStudy, request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.mutable_study()->mutable_parameters(0)->mutable_default_()->set_double_value(0.04);
  EXPECT_TRUE(house_.Call(&Core::CreateStudy, request).ok());
}

TEST_F(AddTest, MissingParametersTakeTheirDefaults) {
  v1::Study study = ExternalStudy("s");
  auto& units = *study.add_parameters();
  units.set_name("units");
  units.set_type(v1::Parameter::INT);
  units.set_min(1);
  units.set_max(9);
  units.mutable_default_()->set_int_value(4);
  Create(study);
  EXPECT_EQ(Add(Request(0.01))->parameters().at("units").int_value(), 4);
}

TEST_F(AddTest, AStudyThatHasAllItsTrialsTakesNoMore) {
  Create(ExternalStudy("s", 1));
  ASSERT_TRUE(Add(Request(0.01)).ok());
  const auto full = Add(Request(0.02)).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(full.message()), HasSubstr("has 1 trial, and limits.max_trials is 1"));
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*Ask("s"), 0.5)).ok());
  const auto ended = Add(Told(0.02, 0.5)).status();
  EXPECT_EQ(ended.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(ended.message()), HasSubstr("has ended (MAX_TRIALS)"));
}

TEST_F(AddTest, AnExhaustedStudyTakesThemUntilItEnds) {
  v1::Study study = ExternalStudy("s", 0);
  study.mutable_parameters(0)->Clear();
  study.mutable_parameters(0)->set_name("flag");
  study.mutable_parameters(0)->set_type(v1::Parameter::BOOL);
  Create(study);
  const auto one = Ask("s"), other = Ask("s");
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(Ask("s").ok()) << "no configuration is left";
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*one, 0.5)).ok());
  v1::AddTrialRequest again = Request(0);
  again.clear_parameters();
  (*again.mutable_parameters())["flag"].set_bool_value(true);
  ASSERT_TRUE(Add(again).ok());
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*other, 0.5)).ok());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*Ask("s"), 0.6)).ok());
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::EXHAUSTED);
}

class KnownTest : public AddTest {
 protected:
  static v1::Study Study(bool with_default) {
    v1::Study study = ExternalStudy("s", 6);
    for (const double rate : {0.02, 0.03}) {
      (*study.add_trials()->mutable_parameters())["learning_rate"].set_double_value(rate);
    }
    if (with_default) study.mutable_parameters(0)->mutable_default_()->set_double_value(0.05);
    return study;
  }
};

TEST_F(KnownTest, TheDefaultsComeFirstThenTheStudysTrialsThenTheSampler) {
  Create(Study(true));
  std::vector<v1::Trial::Origin> origins;
  std::vector<double> rates;
  for (int i = 0; i < 4; ++i) {
    const auto asked = Ask("s");
    origins.push_back(asked->trial().origin());
    rates.push_back(RateOf(asked->trial()));
  }
  EXPECT_THAT(origins, ::testing::ElementsAre(v1::Trial::DEFAULT, v1::Trial::KNOWN,
                                              v1::Trial::KNOWN, v1::Trial::SAMPLER));
  rates.pop_back();
  EXPECT_THAT(rates, ::testing::ElementsAre(0.05, 0.02, 0.03));
}

TEST_F(KnownTest, DefaultsAmongTheStudysTrialsAreNotTriedTwice) {
  v1::Study study = Study(true);
  study.mutable_parameters(0)->mutable_default_()->set_double_value(0.03);
  Create(study);
  EXPECT_EQ(RateOf(Ask("s")->trial()), 0.02);
  EXPECT_EQ(RateOf(Ask("s")->trial()), 0.03);
  EXPECT_EQ(Ask("s")->trial().origin(), v1::Trial::SAMPLER);
}

TEST_F(KnownTest, AnAddedOneDelaysTheKnownOnesAndReplacesNone) {
  Create(Study(true));
  EXPECT_EQ(Ask("s")->trial().origin(), v1::Trial::DEFAULT);
  ASSERT_TRUE(Add(Request(0.07)).ok());
  EXPECT_EQ(RateOf(Ask("s")->trial()), 0.07);
  EXPECT_EQ(RateOf(Ask("s")->trial()), 0.02);
  house_.Restart();
  EXPECT_EQ(RateOf(Ask("s")->trial()), 0.03) << "also after a restart";
  const auto sampled = Ask("s");
  EXPECT_EQ(sampled->trial().origin(), v1::Trial::SAMPLER);
  EXPECT_EQ(sampled->trial().number(), 4);
}

}  // namespace
}  // namespace caviar::coordinator
