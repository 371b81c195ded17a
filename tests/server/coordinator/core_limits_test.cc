// The coordinator's own limits: what is refused at each, what says so, and what goes on all the
// same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Whether it is refused for good, with the limit, its flag and its value.
void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& flag,
                   int64_t most) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(flag), HasSubstr(absl::StrCat("at most ", most, " "))));
  const auto detail = error::Detail(status);
  EXPECT_FALSE(detail && error::RetryDelayOf(*detail)) << "waiting does not help";
}

class CoreLimitsTest : public AskTest {
 protected:
  void StartWith(const Limits& limits) {
    house_.limits = limits;
    house_.Restart();
  }
  absl::StatusOr<v1::Study> TryCreate(const v1::Study& study) {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    *request.mutable_study() = study;
    return house_.Call(&Core::CreateStudy, request);
  }
  absl::StatusOr<v1::UpdateStudyResponse> TryUpdate(const v1::Study& study) {
    v1::UpdateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study(study.name());
    *request.mutable_definition() = study;
    return house_.Call(&Core::UpdateStudy, request);
  }
  absl::StatusOr<v1::Trial> Add(const std::string& study, int metrics = 0) {
    v1::AddTrialRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study(study);
    (*request.mutable_parameters())["learning_rate"].set_double_value(0.01);
    for (int i = 0; i < metrics; ++i) {
      const std::string name = i == 0 ? "validation_accuracy" : absl::StrCat("m", i);
      (*request.mutable_completed()->mutable_metrics())[name] = 0.5;
    }
    return house_.Call(&Core::AddTrial, request);
  }
  absl::Status ReportAll(const v1::FencingToken& token, int64_t step,
                         const std::vector<std::string>& metrics) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = token;
    auto& measurement = *request.add_measurements();
    measurement.set_step(step);
    for (const std::string& metric : metrics) (*measurement.mutable_metrics())[metric] = 0.5;
    return house_.Call(&Core::Report, request).status();
  }
  v1::FencingToken Begin(const std::string& worker) {
    return house_.Acquire(worker).trial().token();
  }
  static v1::Study WithParameters(int count) {
    v1::Study study = ExternalStudy("s");
    for (int i = study.parameters_size(); i < count; ++i) {
      *study.add_parameters() = study.parameters(0);
      study.mutable_parameters(i)->set_name(absl::StrCat("p", i));
    }
    return study;
  }
};

TEST_F(CoreLimitsTest, StudiesAreCountedWithoutDeletedOnes) {
  StartWith({.studies = 2});
  Create(NetworkStudy("a"));
  Create(NetworkStudy("b"));
  ExpectRefused(TryCreate(NetworkStudy("c")).status(), absl::StatusCode::kResourceExhausted,
                "--max-studies", 2);
  EXPECT_TRUE(absl::IsAlreadyExists(TryCreate(NetworkStudy("a")).status()));
  v1::DeleteStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("a");
  ASSERT_TRUE(house_.Call(&Core::DeleteStudy, request).ok());
  EXPECT_TRUE(TryCreate(NetworkStudy("c")).ok());
  ExpectRefused(TryCreate(NetworkStudy("d")).status(), absl::StatusCode::kResourceExhausted,
                "--max-studies", 2);
  StartWith({.studies = 3});
  EXPECT_TRUE(TryCreate(NetworkStudy("d")).ok());
}

TEST_F(CoreLimitsTest, AStudyHasSoManyParametersAndNoMore) {
  StartWith({.parameters = 3});
  ExpectRefused(TryCreate(WithParameters(4)).status(), absl::StatusCode::kInvalidArgument,
                "--max-parameters", 3);
  EXPECT_TRUE(TryCreate(WithParameters(3)).ok());
  StartWith({.parameters = 4});
  v1::Study more = WithParameters(4);
  more.set_name("more");
  EXPECT_TRUE(TryCreate(more).ok());
}

TEST_F(CoreLimitsTest, AStudyNamesSoManyMetricsAndNoMore) {
  v1::Study study = NetworkStudy("s");
  study.mutable_trainer()->mutable_command()->add_run("train");
  for (const char* name : {"a", "b", "c"}) study.add_metrics(name);
  StartWith({.metrics = 2});
  ExpectRefused(TryCreate(study).status(), absl::StatusCode::kInvalidArgument, "--max-metrics", 2);
  StartWith({.metrics = 3});
  EXPECT_TRUE(TryCreate(study).ok());
}

TEST_F(CoreLimitsTest, AStudyAsksForNoMoreTrialsThanItMayHave) {
  StartWith({.trials = 6});
  v1::Study study = NetworkStudy("s", 7);
  ExpectRefused(TryCreate(study).status(), absl::StatusCode::kInvalidArgument, "--max-trials", 6);
  study.mutable_limits()->set_max_trials(3);
  study.set_repeats(3);
  ExpectRefused(TryCreate(study).status(), absl::StatusCode::kInvalidArgument, "--max-trials", 6);
  study.set_repeats(2);
  EXPECT_TRUE(TryCreate(study).ok());
  study.mutable_limits()->set_max_trials(4);
  ExpectRefused(TryUpdate(study).status(), absl::StatusCode::kInvalidArgument, "--max-trials", 6);
  StartWith({.trials = 8});
  EXPECT_TRUE(TryUpdate(study).ok());
}

TEST_F(CoreLimitsTest, AStudyWithAllTheTrialsThereMayBeStopsAndGoesOnWithRoomForMore) {
  StartWith({.trials = 2});
  Create(NetworkStudy("s", 0));
  const std::string worker = house_.Register("w");
  const v1::FencingToken tokens[] = {Begin(worker), Begin(worker)};
  EXPECT_FALSE(house_.Acquire(worker).has_trial());
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE) << "its trials go on";
  ExpectRefused(Add("s").status(), absl::StatusCode::kResourceExhausted, "--max-trials", 2);
  for (const v1::FencingToken& token : tokens) {
    ASSERT_TRUE(Report(token, 1, 0.5).ok());
    ASSERT_TRUE(Complete(token).ok());
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  EXPECT_THAT(house_.study("s").row.message,
              AllOf(HasSubstr("has 2 trials"), HasSubstr("--max-trials"), HasSubstr("resume s")));
  ExpectRefused(house_.Resume("s").status(), absl::StatusCode::kResourceExhausted, "--max-trials",
                2);
  StartWith({.trials = 3});
  ASSERT_TRUE(house_.Resume("s").ok());
  EXPECT_TRUE(house_.Acquire(worker).has_trial());
}

TEST_F(CoreLimitsTest, WhoAsksLearnsThatThereAreAllTheTrialsThereMayBe) {
  StartWith({.trials = 1});
  Create(ExternalStudy("s", 0));
  EXPECT_TRUE(Ask("s").ok());
  const absl::Status refused = Ask("s").status();
  EXPECT_TRUE(error::HasReason(refused, error::kNoTrial)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--max-trials"));
}

TEST_F(CoreLimitsTest, ATrialReportsSoManyValuesAndNoMore) {
  StartWith({.measurements = 3});
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const v1::FencingToken token = Begin(worker);
  ASSERT_TRUE(ReportAll(token, 1, {"a", "b"}).ok());
  ExpectRefused(ReportAll(token, 2, {"a", "b"}), absl::StatusCode::kResourceExhausted,
                "--max-measurements", 3);
  EXPECT_EQ(house_.trial("s", 0).row.last_step, 1) << "nothing of it is there";
  EXPECT_TRUE(ReportAll(token, 2, {"a"}).ok());
  EXPECT_TRUE(ReportAll(token, 2, {"a"}).ok()) << "a repeat";
  EXPECT_TRUE(ReportAll(token, 1, {"a", "b"}).ok()) << "a repeat";
  // As many are there after a restart, which has to count them.
  StartWith({.measurements = 3});
  EXPECT_TRUE(ReportAll(token, 1, {"a", "b"}).ok()) << "a repeat";
  ExpectRefused(ReportAll(token, 1, {"c"}), absl::StatusCode::kResourceExhausted,
                "--max-measurements", 3);
  StartWith({.measurements = 4});
  EXPECT_TRUE(ReportAll(token, 1, {"c"}).ok());
}

TEST_F(CoreLimitsTest, TheValuesOfAllAttemptsAreOneTrials) {
  StartWith({.measurements = 3});
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  ASSERT_TRUE(ReportAll(Begin(worker), 1, {"a", "b"}).ok());
  house_.Advance(absl::Minutes(3));  // its lease is over
  const v1::FencingToken token = Begin(worker);
  ASSERT_EQ(house_.trial("s", 0).attempt->number, 2);
  EXPECT_TRUE(ReportAll(token, 1, {"a"}).ok());
  ExpectRefused(ReportAll(token, 1, {"b"}), absl::StatusCode::kResourceExhausted,
                "--max-measurements", 3);
}

TEST_F(CoreLimitsTest, ATrialReportsSoManyDifferentMetricsAndNoMore) {
  StartWith({.metrics = 2});
  Create(NetworkStudy("s"));
  const v1::FencingToken token = Begin(house_.Register("w"));
  ASSERT_TRUE(ReportAll(token, 1, {"a", "b"}).ok());
  ASSERT_TRUE(ReportAll(token, 2, {"a", "b"}).ok());
  ExpectRefused(ReportAll(token, 3, {"a", "c"}), absl::StatusCode::kResourceExhausted,
                "--max-metrics", 2);
  ExpectRefused(Add("s", 3).status(), absl::StatusCode::kResourceExhausted, "--max-metrics", 2);
  EXPECT_EQ(house_.study("s").trials.size(), 1) << "nothing of it is there";
  StartWith({.metrics = 3});
  EXPECT_TRUE(ReportAll(token, 3, {"a", "c"}).ok());
  EXPECT_TRUE(Add("s", 3).ok());
}

TEST_F(CoreLimitsTest, WhatIsStoredAlreadyIsReadAndGoesOnWhereLimitsWereLowered) {
  v1::Study study = WithParameters(4);
  study.mutable_limits()->set_max_trials(5);
  Create(study);
  v1::Study running = NetworkStudy("t", 5);
  Create(running);
  const std::string worker = house_.Register("w");
  const v1::FencingToken first = Begin(worker), second = Begin(worker);
  ASSERT_TRUE(ReportAll(first, 1, {"validation_accuracy", "b", "c"}).ok());
  StartWith({.studies = 1, .trials = 1, .parameters = 1, .metrics = 1, .measurements = 1});
  ASSERT_FALSE(house_.fatal) << *house_.fatal;
  EXPECT_TRUE(ReportAll(first, 1, {"validation_accuracy", "b", "c"}).ok()) << "a repeat";
  ASSERT_TRUE(Complete(first).ok());
  ASSERT_TRUE(Report(second, 1, 0.5).ok());
  study.mutable_limits()->set_max_trials(4);
  EXPECT_TRUE(TryUpdate(study).ok()) << "it asks for less";
  running.mutable_limits()->set_parallel(1);
  EXPECT_TRUE(TryUpdate(running).ok()) << "it asks for no more";
  EXPECT_EQ(house_.study("t").row.state, v1::Study::ACTIVE);
  ASSERT_TRUE(Complete(second).ok());
  EXPECT_EQ(house_.study("t").row.state, v1::Study::STOPPED);
  EXPECT_EQ(house_.study("t").counts.completed(), 2);
}

TEST_F(CoreLimitsTest, AnIdleStudyThatHasTooManyTrialsSaysSo) {
  Create(NetworkStudy("s", 0));
  const v1::FencingToken token = Begin(house_.Register("w"));
  ASSERT_TRUE(Report(token, 1, 0.5).ok());
  ASSERT_TRUE(Complete(token).ok());
  StartWith({.trials = 1});
  house_.Advance(absl::Seconds(1));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  EXPECT_THAT(house_.study("s").row.message, HasSubstr("--max-trials"));
}

}  // namespace
}  // namespace caviar::coordinator
