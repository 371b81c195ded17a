// Rows to store, and what rows are as text, so that tests can compare them to the last bit.
#ifndef CAVIAR_TESTS_STORAGE_SAMPLE_ROWS_H_
#define CAVIAR_TESTS_STORAGE_SAMPLE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.h"

namespace caviar::storage {

StudyRow SampleStudy(int64_t id, const std::string& name);
// Maximizes accuracy and minimizes latency.
StudyRow SampleStudyOfTwoObjectives(int64_t id, const std::string& name);
TrialRow SampleTrial(int64_t id, int64_t study_id, int32_t number,
                     v1::Trial::State state = v1::Trial::WAITING);
TrialRow CompletedTrial(int64_t id, int64_t study_id, int32_t number,
                        std::optional<double> objective);
// COMPLETED, with an outcome.
TrialRow MeasuredTrial(int64_t id, int64_t study_id, int32_t number, double accuracy,
                       double latency, std::optional<bool> feasible = std::nullopt);
AttemptRow SampleAttempt(int64_t trial_id, int32_t number, int64_t token_counter);
MeasurementRow SampleMeasurement(int64_t trial_id, int32_t attempt, const std::string& metric,
                                 int64_t step, double value);
ArtifactRow SampleArtifact(int64_t trial_id, int32_t attempt, int64_t step,
                           v1::Artifact::Kind kind = v1::Artifact::WEIGHTS);
PrunerDecisionRow SampleDecision(
    int64_t trial_id, int64_t step,
    v1::PrunerDecision::Decision decision = v1::PrunerDecision::CONTINUE);
EvaluationRow SampleEvaluation(int64_t study_id, int64_t trial_id);
WarmStartTrialRow SampleWarmStartTrial(int64_t study_id, int32_t source, int32_t number);

// Every field of the row. NaNs are equal; -0.0 and 0.0 are not.
std::string Text(const StudyRow& row);
std::string Text(const TrialRow& row);
std::string Text(const AttemptRow& row);
std::string Text(const MeasurementRow& row);
std::string Text(const ArtifactRow& row);
std::string Text(const PrunerDecisionRow& row);
std::string Text(const EvaluationRow& row);
std::string Text(const WorkerRow& row);
std::string Text(const RequestRow& row);
std::string Text(const CountersRow& row);
std::string Text(const WarmStartTrialRow& row);
std::string Text(const StudyActivationRow& row);
std::string Text(const StudyReading& reading);
std::string Text(const TrialReading& reading);
// All but the epoch, a line a row.
std::string Text(const Snapshot& snapshot);

template <typename Row>
std::string Text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += Text(row) + "\n";
  return text;
}

// Numbers of the trials, in order.
std::vector<int32_t> Numbers(const std::vector<TrialReading>& readings);

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_SAMPLE_ROWS_H_
