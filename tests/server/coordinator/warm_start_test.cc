// What a new study learns from earlier ones.
#include "server/coordinator/warm_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/coordinator/repeats.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Value Real(double number) {
  v1::Value value;
  value.set_double_value(number);
  return value;
}
v1::Value Whole(int64_t number) {
  v1::Value value;
  value.set_int_value(number);
  return value;
}
v1::Value Word(const std::string& word) {
  v1::Value value;
  value.set_string_value(word);
  return value;
}

// An external study with the parameter learning_rate that learns.
v1::Study Learner(const std::string& name = "new") {
  v1::Study study = ExternalStudy(name);
  study.mutable_sampler()->set_algorithm(v1::Sampler::TPE);
  study.add_warm_start("old");
  return study;
}

v1::Parameter& AddNumber(v1::Study& study, const std::string& name, double min, double max,
                         v1::Parameter::Type type = v1::Parameter::DOUBLE) {
  v1::Parameter& parameter = *study.add_parameters();
  parameter.set_name(name);
  parameter.set_type(type);
  parameter.set_min(min);
  parameter.set_max(max);
  return parameter;
}

// A study in memory whose trials are put down as they are said to be.
class Earlier {
 public:
  explicit Earlier(v1::Study definition = ExternalStudy("old")) {
    study_.row.definition = std::move(definition);
  }

  // COMPLETED where there is an objective, else FAILED.
  void Add(search_space::Configuration parameters, std::optional<double> objective,
           storage::Outcome outcome = {}) {
    TrialState trial;
    trial.row.number = static_cast<int32_t>(study_.trials.size());
    trial.row.state = objective ? v1::Trial::COMPLETED : v1::Trial::FAILED;
    trial.row.parameters = std::move(parameters);
    trial.row.objective = objective;
    trial.row.outcome = std::move(outcome);
    trial.row.final_order = trial.row.number + 1;
    PlaceTrial(study_, std::move(trial));
    Observe(study_, static_cast<int32_t>(study_.configurations.size()) - 1);
  }

  const StudyState& study() const { return study_; }

 private:
  StudyState study_;
};

class CopyTrialsTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<storage::WarmStartTrialRow>> Copy(v1::Study study) {
    learner_ = std::move(study);
    const auto space =
        search_space::SearchSpace::Create(learner_.parameters(), learner_.linear_constraints());
    EXPECT_TRUE(space.ok()) << space.status();
    std::vector<const StudyState*> all;
    for (const Earlier& one : earlier_) all.push_back(&one.study());
    return CopyTrials(learner_, *space, all);
  }
  std::vector<int32_t> Numbers(v1::Study study) {
    const auto rows = Copy(std::move(study));
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<int32_t> numbers;
    for (const auto& row : rows.value_or(std::vector<storage::WarmStartTrialRow>())) {
      numbers.push_back(row.number);
    }
    return numbers;
  }
  std::string Refusal(v1::Study study) {
    const absl::Status status = Copy(std::move(study)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  std::vector<Earlier> earlier_ = std::vector<Earlier>(1);
  v1::Study learner_;
};

TEST_F(CopyTrialsTest, CompletedTrialsAreStandardizedAmongThemselves) {
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, 0.5);
  earlier_[0].Add({{"learning_rate", Real(0.02)}}, std::nullopt);
  earlier_[0].Add({{"learning_rate", Real(0.03)}}, 0.9);
  const auto rows = Copy(Learner());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].number, 0);
  EXPECT_DOUBLE_EQ((*rows)[0].value, 1);
  EXPECT_EQ((*rows)[1].number, 2);
  EXPECT_DOUBLE_EQ((*rows)[1].value, -1) << "lower is better, though it is maximized";
  EXPECT_EQ((*rows)[1].parameters.at("learning_rate").double_value(), 0.03);
  EXPECT_THAT(learner_.warm_start_trials(), ElementsAre(2));
  EXPECT_THAT(learner_.warm_start_completed(), ElementsAre(2));
}

TEST_F(CopyTrialsTest, EqualValuesAndASingleOneBecomeZero) {
  earlier_.resize(2);
  for (const double rate : {0.01, 0.02}) earlier_[0].Add({{"learning_rate", Real(rate)}}, 0.5);
  earlier_[1].Add({{"learning_rate", Real(0.03)}}, std::numeric_limits<double>::max());
  const auto rows = Copy(Learner());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 3u);
  for (const auto& row : *rows) EXPECT_EQ(row.value, 0);
  EXPECT_EQ((*rows)[2].source, 1);
  EXPECT_THAT(learner_.warm_start_trials(), ElementsAre(2, 1));
}

TEST_F(CopyTrialsTest, TheLargestNumbersStayFinite) {
  constexpr double kMost = std::numeric_limits<double>::max();
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, kMost);
  earlier_[0].Add({{"learning_rate", Real(0.02)}}, -kMost);
  const auto rows = Copy(Learner());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[0].value, -1);
  EXPECT_EQ((*rows)[1].value, 1);
}

TEST_F(CopyTrialsTest, WhatIsOutsideTheNewRangeIsLeftOut) {
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, 0.5);
  earlier_[0].Add({{"learning_rate", Real(0.2)}}, 0.9);
  EXPECT_THAT(Numbers(Learner()), ElementsAre(0));
  EXPECT_THAT(learner_.warm_start_trials(), ElementsAre(1));
  EXPECT_THAT(learner_.warm_start_completed(), ElementsAre(2));
}

TEST_F(CopyTrialsTest, NumbersBecomeWhatTheNewSpaceTakesThemFor) {
  v1::Study study = Learner();
  AddNumber(study, "units", 1, 100, v1::Parameter::INT);
  AddNumber(study, "decay", 0, 10);
  earlier_[0].Add({{"learning_rate", Real(0.01)}, {"units", Real(64)}, {"decay", Whole(1)}}, 0.5);
  earlier_[0].Add({{"learning_rate", Real(0.01)}, {"units", Real(64.5)}, {"decay", Whole(1)}}, 0.5);
  const auto rows = Copy(study);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1u) << "half a unit is none";
  EXPECT_EQ((*rows)[0].parameters.at("units").int_value(), 64);
  EXPECT_EQ((*rows)[0].parameters.at("decay").double_value(), 1);
}

TEST_F(CopyTrialsTest, AMissingParameterTakesItsDefaultOrItsFixedValue) {
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, 0.5);
  v1::Study study = Learner();
  AddNumber(study, "decay", 0, 1);
  EXPECT_THAT(Refusal(study),
              HasSubstr("warm_start[0]: no trial of study 'old' is one of this study's space; the "
                        "first that was looked at: parameters.decay: is missing"));
  *study.mutable_parameters(1)->mutable_default_() = Real(0.25);
  auto rows = Copy(study);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[0].parameters.at("decay").double_value(), 0.25);
  study.mutable_parameters(1)->Clear();
  study.mutable_parameters(1)->set_name("decay");
  *study.mutable_parameters(1)->mutable_value() = Real(0.5);
  rows = Copy(study);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[0].parameters.at("decay").double_value(), 0.5);
}

TEST_F(CopyTrialsTest, OnlyWhatWasTriedWithTheFixedValueIsTaken) {
  v1::Study study = Learner();
  study.add_parameters()->set_name("decay");
  *study.mutable_parameters(1)->mutable_value() = Real(0.5);
  earlier_[0].Add({{"learning_rate", Real(0.01)}, {"decay", Real(0.1)}}, 0.5);
  earlier_[0].Add({{"learning_rate", Real(0.01)}, {"decay", Real(0.5)}}, 0.6);
  EXPECT_THAT(Numbers(study), ElementsAre(1));
}

TEST_F(CopyTrialsTest, WhatTheNewSpaceLacksOrHasInactiveIsForgotten) {
  v1::Study study = Learner();
  v1::Parameter& optimizer = *study.add_parameters();
  optimizer.set_name("optimizer");
  optimizer.set_type(v1::Parameter::CATEGORICAL);
  *optimizer.add_values() = Word("sgd");
  *optimizer.add_values() = Word("adam");
  v1::Parameter& momentum = AddNumber(study, "momentum", 0, 1);
  momentum.add_when()->set_parameter("optimizer");
  *momentum.mutable_when(0)->add_values() = Word("sgd");
  v1::Parameter& nesterov = *study.add_parameters();
  nesterov.set_name("nesterov");
  nesterov.set_type(v1::Parameter::BOOL);
  nesterov.mutable_default_()->set_bool_value(true);
  nesterov.add_when()->set_parameter("optimizer");
  *nesterov.mutable_when(0)->add_values() = Word("sgd");
  // Active where nesterov is: with the optimizer both go.
  v1::Parameter& delay = AddNumber(study, "delay", 0, 1);
  *delay.mutable_default_() = Real(0);
  delay.add_when()->set_parameter("nesterov");
  delay.mutable_when(0)->add_values()->set_bool_value(true);
  const auto trial = [](const std::string& optimizer) {
    return search_space::Configuration{{"learning_rate", Real(0.01)},
                                       {"optimizer", Word(optimizer)},
                                       {"momentum", Real(0.9)},
                                       {"forgotten", Whole(7)}};
  };
  earlier_[0].Add(trial("adam"), 0.5);
  earlier_[0].Add(trial("sgd"), 0.6);
  earlier_[0].Add(trial("rmsprop"), 0.7);
  const auto rows = Copy(study);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].parameters.size(), 2u);
  EXPECT_FALSE((*rows)[0].parameters.contains("momentum"));
  EXPECT_EQ((*rows)[1].parameters.size(), 5u);
  EXPECT_TRUE((*rows)[1].parameters.at("nesterov").bool_value());
}

TEST_F(CopyTrialsTest, AnotherMetricOrGoalIsRefusedAndBothAreNamed) {
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, 0.5);
  v1::Study study = Learner();
  study.mutable_objective()->set_metric("loss");
  EXPECT_EQ(Refusal(study),
            "warm_start[0]: study 'old' has the objective maximize accuracy, this one has maximize "
            "loss; only a study with the same one can be learned from");
  study = Learner();
  study.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
  EXPECT_THAT(Refusal(study), HasSubstr("this one has minimize accuracy"));
}

TEST_F(CopyTrialsTest, SeveralObjectivesTeachNothing) {
  v1::Study several = ExternalStudy("old");
  *several.add_objectives() = several.objective();
  several.clear_objective();
  several.add_objectives()->set_metric("latency");
  several.mutable_objectives(1)->set_goal(v1::Objective::MINIMIZE);
  earlier_[0] = Earlier(several);
  EXPECT_THAT(Refusal(Learner()), HasSubstr("study 'old' has several objectives"));
}

TEST_F(CopyTrialsTest, WhatBreaksTheEarlierStudysConstraintsIsLeftOut) {
  v1::Study bounded = ExternalStudy("old");
  bounded.add_constraints()->set_metric("latency");
  bounded.mutable_constraints(0)->set_max(10);
  earlier_[0] = Earlier(bounded);
  earlier_[0].Add({{"learning_rate", Real(0.01)}}, 0.5, {{"latency", 11}});
  earlier_[0].Add({{"learning_rate", Real(0.02)}}, 0.6, {{"latency", 10}});
  EXPECT_THAT(Numbers(Learner()), ElementsAre(1));
  EXPECT_THAT(learner_.warm_start_completed(), ElementsAre(1));
}

TEST_F(CopyTrialsTest, LinearConstraintsBindOnlyWhatIsSuggested) {
  earlier_[0].Add({{"learning_rate", Real(0.01)}, {"decay", Real(0.9)}}, 0.5);
  v1::Study study = Learner();
  AddNumber(study, "decay", 0, 1);
  v1::LinearConstraint& constraint = *study.add_linear_constraints();
  (*constraint.mutable_coefficients())["decay"] = 1;
  constraint.set_max(0.5);
  EXPECT_THAT(Numbers(study), ElementsAre(0));
}

TEST_F(CopyTrialsTest, NothingInCommonAndNothingCompletedAreRefused) {
  EXPECT_THAT(Refusal(Learner()), HasSubstr("study 'old' has no completed trial to learn from"));
  v1::Study study = Learner();
  study.clear_parameters();
  AddNumber(study, "rate", 0, 1);
  EXPECT_THAT(Refusal(study), HasSubstr("study 'old' has no parameter in common with this one"));
}

TEST_F(CopyTrialsTest, OfLongStudiesTheBestAndTheLatestAreTaken) {
  earlier_.resize(2);
  for (int i = 0; i < 1000; ++i) {
    // The best come first.
    earlier_[0].Add({{"learning_rate", Real(1e-4 + 1e-5 * i)}}, 1.0 - 1e-4 * i);
  }
  earlier_[1].Add({{"learning_rate", Real(0.01)}}, 0.5);
  const std::vector<int32_t> numbers = Numbers(Learner());
  ASSERT_EQ(numbers.size(), size_t{kMaxWarmStartTrials / 2 + 1});
  for (int i = 0; i < 240; ++i) {
    EXPECT_EQ(numbers[i], i);
    EXPECT_EQ(numbers[240 + i], 760 + i);
  }
  EXPECT_THAT(learner_.warm_start_trials(), ElementsAre(480, 1));
  EXPECT_THAT(learner_.warm_start_completed(), ElementsAre(1000, 1));
}

// Its rows and what samplers see, through the core.
class WarmStartTest : public AskTest {
 protected:
  absl::StatusOr<v1::Study> TryCreate(v1::Study study, bool validate_only = false) {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    *request.mutable_study() = std::move(study);
    request.set_validate_only(validate_only);
    return house_.Call(&Core::CreateStudy, request);
  }
  void TryTrial(const std::string& study, double value) {
    const auto asked = Ask(study);
    ASSERT_TRUE(asked.ok()) << asked.status();
    ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, value)).ok());
  }
  void MakeOld(int repeats = 1) {
    v1::Study study = ExternalStudy("old", 3);
    study.set_repeats(repeats);
    Create(study);
    for (int i = 0; i < 3 * repeats; ++i) TryTrial("old", 0.1 * (i * i + 1));
  }
  // To the last bit.
  std::string Seen(const std::string& study) {
    const auto& warm = house_.study(study).warm_start;
    if (!warm) return "none";
    std::string text;
    for (const auto& source : *warm) {
      for (const sampling::Observation& one : source) {
        absl::StrAppend(&text, one.number, " ", one.state, " ", std::bit_cast<uint64_t>(one.value),
                        " ", std::bit_cast<uint64_t>(one.variance.value_or(-1)));
        for (const double x : one.point) absl::StrAppend(&text, " ", std::bit_cast<uint64_t>(x));
        absl::StrAppend(&text, "\n");
      }
      absl::StrAppend(&text, "---\n");
    }
    return text;
  }
};

TEST_F(WarmStartTest, TheSamplerSeesTheEarlierStudyAlsoAfterARestartAndItsDeletion) {
  MakeOld();
  const auto created = TryCreate(Learner());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->warm_start_trials(), ElementsAre(3));
  EXPECT_THAT(created->warm_start_completed(), ElementsAre(3));
  const auto& warm = house_.study("new").warm_start;
  ASSERT_TRUE(warm);
  ASSERT_EQ(warm->size(), 1u);
  ASSERT_EQ((*warm)[0].size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*warm)[0][i].point, house_.trial("old", i).point);
  const std::string seen = Seen("new");
  house_.Restart();
  EXPECT_EQ(Seen("new"), seen);
  v1::DeleteStudyRequest erase;
  *erase.mutable_request_id() = house_.NewRequestId();
  erase.set_study("old");
  ASSERT_TRUE(house_.Call(&Core::DeleteStudy, erase).ok());
  house_.Advance(absl::Seconds(10));
  house_.Restart();
  EXPECT_EQ(Seen("new"), seen);
  EXPECT_EQ(Seen("new").find("none"), std::string::npos);
}

TEST_F(WarmStartTest, TheCopiesAreNoTrialsOfTheStudy) {
  MakeOld();
  v1::Study study = Learner();
  study.mutable_limits()->set_max_trials(1);
  ASSERT_TRUE(TryCreate(study).ok());
  EXPECT_TRUE(house_.study("new").trials.empty());
  EXPECT_TRUE(house_.study("new").history.empty());
  EXPECT_FALSE(house_.study("new").best);
  TryTrial("new", 0.01);
  EXPECT_EQ(house_.study("new").best, 0) << "worse than all before it, but the study's own";
  EXPECT_EQ(house_.study("new").row.end_reason, v1::Study::MAX_TRIALS);
}

TEST_F(WarmStartTest, ChainsAreNotFollowed) {
  MakeOld();
  ASSERT_TRUE(TryCreate(Learner("middle")).ok());
  v1::Study last = Learner("last");
  last.set_warm_start(0, "middle");
  EXPECT_THAT(std::string(TryCreate(last).status().message()),
              HasSubstr("'middle' has no completed trial"));
  TryTrial("middle", 0.5);
  const auto created = TryCreate(last);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->warm_start_trials(), ElementsAre(1));
}

TEST_F(WarmStartTest, RepeatsAreOneObservationWithItsError) {
  MakeOld(2);
  const auto created = TryCreate(Learner());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->warm_start_trials(), ElementsAre(3));
  const auto& source = (*house_.study("new").warm_start)[0];
  ASSERT_EQ(source.size(), 3u);
  EXPECT_EQ(source[1].number, 2) << "the first trial's";
  EXPECT_GT(source[1].variance.value_or(0), 0);
  const std::string seen = Seen("new");
  house_.Restart();
  EXPECT_EQ(Seen("new"), seen);
}

TEST_F(WarmStartTest, AStudyThatIsNotThereIsNamed) {
  const absl::Status status = TryCreate(Learner()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("warm_start[0]: there is no study 'old'"));
  EXPECT_TRUE(house_.core().state().studies.empty());
}

TEST_F(WarmStartTest, ADryRunCountsAndStoresNothing) {
  MakeOld();
  const auto checked = TryCreate(Learner(), true);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->warm_start_trials(), ElementsAre(3));
  EXPECT_TRUE(house_.store.Load()->warm_start_trials.empty());
}

TEST_F(WarmStartTest, WhatTheCreatorSaysAboutCountsIsIgnored) {
  v1::Study study = Learner();
  study.clear_warm_start();
  study.add_warm_start_trials(7);
  study.add_warm_start_completed(9);
  const auto created = TryCreate(study);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_TRUE(created->warm_start_trials().empty());
  EXPECT_TRUE(created->warm_start_completed().empty());
  EXPECT_EQ(Seen("new"), "none");
}

}  // namespace
}  // namespace caviar::coordinator
