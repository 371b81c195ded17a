// Reads that compute, against rows that a test puts down. What they compute is tested in
// tests/server/analysis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "google/protobuf/text_format.h"
#include "server/coordinator/queries.h"
#include "storage/memory_store.h"
#include "tests/server/coordinator/harness.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr char kStudy[] = R"(
  name: "s" objective { metric: "loss" goal: MINIMIZE value: LAST } trainer { external {} }
  sampler { algorithm: SOBOL seed: 1 }
  parameters { name: "a" type: DOUBLE min: 0 max: 1 scale: LINEAR }
  parameters { name: "b" type: DOUBLE min: 0 max: 1 scale: LINEAR })";

class QueriesAnalysis : public ::testing::Test {
 protected:
  void Write(storage::Batch batch) {
    const absl::Status written = store_.Apply(batch, ++commit_);
    ASSERT_TRUE(written.ok()) << written;
  }
  static v1::Study Definition(const std::string& more = "") {
    v1::Study study;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kStudy, &study));
    EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(more, &study)) << more;
    return study;
  }
  void AddStudy(const std::string& more = "") {
    storage::StudyRow row;
    row.id = 1;
    row.definition = Definition(more);
    Write({row});
  }
  // `count` completed trials, one after the other, each with nine steps of "loss", which is at last
  // how far `a` is from 0.2, and of "other".
  void AddTrials(int count) {
    for (int number = 0; number < count; ++number) {
      storage::TrialRow row;
      row.id = 10 + number;
      row.study_id = 1;
      row.number = number;
      row.state = v1::Trial::COMPLETED;
      const double a = (number * 37 % count + 0.5) / count;
      row.parameters["a"].set_double_value(a);
      row.parameters["b"].set_double_value((number * 23 % count + 0.5) / count);
      row.objective = std::abs(a - 0.2);
      row.objective_step = 9;
      row.start_time = 100 * number + 1;
      row.end_time = 100 * number + 99;
      storage::AttemptRow attempt;
      attempt.trial_id = row.id;
      attempt.number = 1;
      attempt.token_epoch = 1;
      attempt.token_counter = number + 1;
      storage::Batch batch = {row, attempt};
      for (int step = 1; step <= 9; ++step) {
        const int64_t time = 100 * number + step;
        batch.push_back(
            storage::MeasurementRow{row.id, 1, "loss", step, *row.objective + 9 - step, time});
        batch.push_back(storage::MeasurementRow{row.id, 1, "other", step, -a, time});
      }
      Write(batch);
    }
  }

  absl::StatusOr<v1::GetImportanceResponse> Importance(const std::string& metric = "") {
    v1::GetImportanceRequest request;
    request.set_study("s");
    request.set_metric(metric);
    return queries_.GetImportance(request);
  }
  absl::StatusOr<v1::ReplayPrunerResponse> Replay(const std::string& pruner) {
    v1::ReplayPrunerRequest request;
    request.set_study("s");
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(pruner, request.mutable_pruner()));
    return queries_.ReplayPruner(request);
  }
  static std::string Text(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  VirtualClock clock_;
  storage::MemoryStore store_;
  storage::TemporaryFolder folder_;
  storage::ArtifactStore artifacts_ = *storage::ArtifactStore::Open(folder_.path());
  Queries queries_{store_, artifacts_, clock_};
  int64_t commit_ = 0;
};

TEST_F(QueriesAnalysis, ImportanceReadsAllPages) {
  AddStudy();
  AddTrials(1100);
  const auto importance = Importance();
  ASSERT_TRUE(importance.ok()) << importance.status();
  ASSERT_EQ(importance->parameters_size(), 2);
  EXPECT_EQ(importance->parameters(0).parameter(), "a");
  EXPECT_EQ(importance->parameters(0).trials(), 1100);
}

TEST_F(QueriesAnalysis, OfRepeatsEachConfigurationCountsOnceByItsMean) {
  AddStudy("repeats: 2");
  AddTrials(60);
  for (int32_t number = 0; number < 60; ++number) {
    storage::TrialRow row = store_.GetTrial(1, number, false)->trial;
    row.repeat_of = number - number % 2;
    if (row.repeat_of == number) {
      // Unlike the single trial's objective, the mean depends on b alone; the last one lacks a
      // repeat.
      row.repeats = storage::RepeatsRow{2, row.parameters["b"].double_value(), 0.1, {}, {}};
      if (number < 58) row.repeats->state = v1::Trial::COMPLETED;
    }
    Write({row});
  }
  const auto importance = Importance();
  ASSERT_TRUE(importance.ok()) << importance.status();
  EXPECT_EQ(importance->parameters(0).parameter(), "b");
  EXPECT_EQ(importance->parameters(0).trials(), 29);
}

TEST_F(QueriesAnalysis, ImportanceOfAMetricThatIsNoObjectiveIsRefused) {
  AddStudy();
  AddTrials(20);
  EXPECT_TRUE(Importance("loss").ok());
  EXPECT_EQ(Text(Importance("other").status()),
            "metric: \"other\" is no objective of study 's': loss");
}

TEST_F(QueriesAnalysis, ImportanceOfASecondObjectiveReadsItsMeasurements) {
  AddStudy(
      R"(objectives { metric: "loss" goal: MINIMIZE } objectives { metric: "other" goal: MINIMIZE })");
  AddTrials(200);
  const auto importance = Importance("other");
  ASSERT_TRUE(importance.ok()) << importance.status();
  EXPECT_EQ(importance->parameters(0).parameter(), "a");
  EXPECT_THAT(importance->method(), HasSubstr("200 of them with a result"));
}

TEST_F(QueriesAnalysis, LintOfAStudyReadsItsCurves) {
  AddStudy();
  AddTrials(40);
  v1::LintStudyRequest request;
  request.set_study("s");
  const auto lint = queries_.LintStudy(request);
  ASSERT_TRUE(lint.ok()) << lint.status();
  ASSERT_EQ(lint->findings_size(), 1) << lint->DebugString();
  EXPECT_EQ(lint->findings(0).code(), "still_improving");
}

TEST_F(QueriesAnalysis, LintOfADefinitionChecksItAndFillsItIn) {
  v1::LintStudyRequest request;
  *request.mutable_definition() = Definition(R"(pruner { algorithm: ASHA grace: 4 max_step: 9 })");
  const auto lint = queries_.LintStudy(request);
  ASSERT_TRUE(lint.ok()) << lint.status();
  ASSERT_EQ(lint->findings_size(), 0) << "the default eta is 3: " << lint->DebugString();
  request.mutable_definition()->mutable_pruner()->set_grace(7);
  EXPECT_EQ(queries_.LintStudy(request)->findings(0).code(), "late_rungs");
  request.mutable_definition()->clear_objective();
  EXPECT_THAT(Text(queries_.LintStudy(request).status()), HasSubstr("objective: is missing"));
}

TEST_F(QueriesAnalysis, AReplayFillsInThePruner) {
  AddStudy();
  AddTrials(30);
  const auto replay = Replay("algorithm: ASHA");
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->pruner().ShortDebugString(),
            "algorithm: ASHA mode: STOP grace: 3 eta: 3 max_step: 9");
  EXPECT_EQ(replay->trials(), 30);
  EXPECT_GT(replay->stopped(), 10);
  EXPECT_LT(replay->steps_needed(), replay->steps());
  EXPECT_EQ(replay->steps(), 270);
}

TEST_F(QueriesAnalysis, AReplayUnderAPrunerThatCannotBeIsRefused) {
  AddStudy();
  AddTrials(3);
  EXPECT_THAT(Text(Replay("algorithm: ASHA eta: 1").status()), HasSubstr("pruner.eta: 1"));
  EXPECT_THAT(Text(Replay("algorithm: ASHA grace: 9").status()), HasSubstr("pruner.grace: 9"));
  EXPECT_THAT(Text(Replay("algorithm: ASHA mode: PROMOTE").status()), HasSubstr("pruner.mode"));
  EXPECT_THAT(Text(Replay("algorithm: MEDIAN eta: 3").status()), HasSubstr("pruner.eta"));
}

TEST_F(QueriesAnalysis, AReplayOfAStudyWithRepeatsIsRefused) {
  AddStudy("repeats: 3");
  EXPECT_THAT(Text(Replay("algorithm: ASHA").status()), HasSubstr("has repeats"));
}

TEST_F(QueriesAnalysis, AnUnknownStudyIsNotFound) {
  v1::LintStudyRequest request;
  request.set_study("s");
  EXPECT_TRUE(absl::IsNotFound(queries_.LintStudy(request).status()));
  EXPECT_TRUE(absl::IsNotFound(Importance().status()));
  EXPECT_TRUE(absl::IsNotFound(Replay("algorithm: NONE").status()));
}

}  // namespace
}  // namespace caviar::coordinator
