#include "tests/storage/store_life.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/storage/sample_rows.h"

namespace caviar::storage {
namespace {

constexpr int32_t kTrialsAStudy = 6;

void AddMeasurements(Batch& batch, const AttemptRow& attempt, int64_t first_step) {
  for (int64_t step = first_step; step < first_step + 3; ++step) {
    const double value = 1.0 / static_cast<double>(attempt.trial_id * 100 + step);
    batch.push_back(SampleMeasurement(attempt.trial_id, attempt.number, "accuracy", step, value));
    batch.push_back(SampleMeasurement(attempt.trial_id, attempt.number, "loss", step, -value));
  }
  batch.push_back(SampleDecision(attempt.trial_id, first_step + 2));
}

}  // namespace

absl::StatusOr<std::string> Everything(Store& store) {
  absl::StatusOr<Snapshot> snapshot = store.Load();
  if (!snapshot.ok()) return snapshot.status();
  std::string text = Text(*snapshot);
  for (const AttemptRow& attempt : snapshot->attempts) {
    for (const char* metric : {"accuracy", "loss"}) {
      const auto values = store.ReadMetric(attempt.trial_id, attempt.number, metric);
      if (!values.ok()) return values.status();
      absl::StrAppend(&text, attempt.trial_id, "/", attempt.number, " ", metric);
      for (const auto& [step, value] : *values) absl::StrAppend(&text, " ", step, ":", value);
      text += "\n";
    }
  }
  return text;
}

StoreLife::StoreLife(int64_t commits) : wanted_(commits) {
  after_.push_back(Everything(model_).value());
  for (int64_t study = 1; this->commits() < wanted_; ++study) LiveStudy(study);
}

void StoreLife::Commit(const Batch& batch) {
  if (commits() == wanted_) return;
  const absl::Status status = model_.Apply(batch, commits() + 1);
  ASSERT_TRUE(status.ok()) << status;
  batches_.push_back(batch);
  after_.push_back(Everything(model_).value());
}

void StoreLife::LiveStudy(int64_t id) {
  StudyRow study = SampleStudy(id, absl::StrCat("study-", id));
  RequestRow request;
  request.client_id = "client";
  request.sequence = id;
  request.method = "CreateStudy";
  request.response = study.definition.SerializeAsString();
  request.time = id;
  ++counters_.next_study_id;
  WorkerRow worker;
  worker.id = absl::StrCat("worker-", id);
  worker.name = "node-7";
  worker.slots = 2;
  Commit({worker});
  Commit({study, request, counters_, SampleWarmStartTrial(id, 0, 1), StudyActivationRow{id, 0}});
  const int64_t first_trial = counters_.next_trial_id;
  for (int32_t number = 0; number < kTrialsAStudy; ++number) LiveTrial(id, number);
  study.state = v1::Study::ENDED;
  study.end_reason = v1::Study::MAX_TRIALS;
  EvaluationRow evaluation = SampleEvaluation(id, first_trial);
  evaluation.token_counter = counters_.next_token_counter++;
  Commit({study, evaluation, counters_});
  study.deleted = true;
  Commit({study});
  Commit({EraseWorker{worker.id}, ForgetRequests{id + 1, 10}});
  while (commits() < wanted_ && model_.HasStudyRows(id).value()) Commit({EraseStudyChunk{id}});
}

void StoreLife::LiveTrial(int64_t study_id, int32_t number) {
  TrialRow trial = SampleTrial(counters_.next_trial_id++, study_id, number);
  trial.final_order = 0;
  Commit({trial, counters_});
  // Each third one is lost once.
  const int32_t attempts = number % 3 == 2 ? 2 : 1;
  for (int32_t i = 1; i <= attempts; ++i) {
    AttemptRow attempt = SampleAttempt(trial.id, i, counters_.next_token_counter++);
    attempt.request_sequence = attempt.token_counter;
    trial.state = v1::Trial::RUNNING;
    Commit({counters_, trial, attempt});
    Batch measured;
    AddMeasurements(measured, attempt, 1);
    Commit(measured);
    Commit({SampleArtifact(trial.id, i, 3, v1::Artifact::CHECKPOINT)});
    if (i < attempts) {
      attempt.outcome = v1::Attempt::LEASE_EXPIRED;
      trial.state = v1::Trial::WAITING;
      ++trial.lost_leases;
      Commit({attempt, trial});
      continue;
    }
    Batch finished;
    AddMeasurements(finished, attempt, 4);
    finished.push_back(LateMeasurementRow{trial.id, attempt.token_counter, "loss", 9, 0.5, 1});
    attempt.outcome = v1::Attempt::COMPLETED;
    trial.state = v1::Trial::COMPLETED;
    trial.objective = 0.5 + 0.01 * number;
    trial.objective_step = 6;
    trial.last_step = 6;
    trial.final_order = number + 1;
    finished.push_back(attempt);
    finished.push_back(trial);
    Commit(finished);
  }
}

}  // namespace caviar::storage
