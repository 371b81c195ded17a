#include "tests/bench/load_store.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "server/sampling/sobol_sampler.h"
#include "server/search_space/search_space.h"
#include "storage/sqlite_store.h"
#include "tests/bench/load_worker.h"

namespace caviar::bench {
namespace {

// Trials in one commit.
constexpr int kGroup = 1000;
// Microseconds that each trial took.
constexpr int64_t kTrialTime = 1'000'000;

void CheckOk(const absl::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

// Appends the rows of a trial that was completed with this value.
void AddTrial(const storage::StudyRow& study, storage::CountersRow& counters, int32_t number,
              search_space::Configuration configuration, double value, storage::Batch& batch) {
  storage::TrialRow trial;
  trial.id = counters.next_trial_id++;
  trial.study_id = study.id;
  trial.number = number;
  trial.state = v1::Trial::COMPLETED;
  trial.parameters = std::move(configuration);
  trial.objective = value;
  trial.objective_step = trial.last_step = 1;
  trial.create_time = trial.start_time = study.create_time + number;
  trial.end_time = trial.start_time + kTrialTime;
  trial.final_order = number + 1;

  storage::AttemptRow attempt;
  attempt.trial_id = trial.id;
  attempt.number = 1;
  attempt.worker = "load";
  attempt.worker_id = "0123456789abcdef0123456789abcdef";
  attempt.token_epoch = 1;
  attempt.token_counter = counters.next_token_counter++;
  attempt.request_client_id = "fedcba9876543210fedcba9876543210";
  attempt.request_sequence = number + 1;
  attempt.outcome = v1::Attempt::COMPLETED;
  attempt.start_time = trial.start_time;
  attempt.end_time = trial.end_time;

  const int64_t id = trial.id;
  batch.push_back(std::move(trial));
  batch.push_back(std::move(attempt));
  for (size_t i = 0; i < 2; ++i) {
    batch.push_back(storage::MeasurementRow{id, 1, StepMetrics()[i], 1, value, study.create_time});
  }
}

}  // namespace

void FillStore(const std::string& data_directory, int trials) {
  auto store = storage::SqliteStore::Open(data_directory);
  CheckOk(store.status());
  auto snapshot = (*store)->Load();
  CheckOk(snapshot.status());
  if (snapshot->studies.size() != 1 || !snapshot->trials.empty()) {
    Fail(data_directory + " has to hold one study, without trials");
  }
  const storage::StudyRow& study = snapshot->studies.front();
  const auto space = search_space::SearchSpace::Create(study.definition.parameters(),
                                                       study.definition.linear_constraints());
  CheckOk(space.status());
  const uint32_t seed = study.definition.sampler().seed();
  const int dimensions = study.definition.parameters_size();
  for (int first = 0; first < trials; first += kGroup) {
    storage::Batch batch;
    for (int number = first; number < std::min(first + kGroup, trials); ++number) {
      const search_space::Point point =
          sampling::SobolPoint(seed, static_cast<uint32_t>(number), dimensions);
      AddTrial(study, snapshot->counters, number, space->ToConfiguration(point),
               1 - 0.5 * (point[0] + point[1]), batch);
    }
    batch.push_back(snapshot->counters);
    CheckOk((*store)->Apply(batch, ++snapshot->commit));
  }
}

}  // namespace caviar::bench
