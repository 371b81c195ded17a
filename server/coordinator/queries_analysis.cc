// Reads that compute: what a study's trials say (server/analysis).
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "server/analysis/importance.h"
#include "server/analysis/lint.h"
#include "server/analysis/replay.h"
#include "server/coordinator/pruner_validation.h"
#include "server/coordinator/queries.h"
#include "server/coordinator/study_validation.h"
#include "server/pruning/pruner.h"

namespace caviar::coordinator {
namespace {

using analysis::TrialRecord;

// What one answer may hold in memory: some 100 MB each.
constexpr size_t kMaxTrials = 100'000;
constexpr size_t kMaxMeasurements = 4'000'000;
constexpr int kPage = 1000;
// Of one page of them: how many rows that are of no use here are in memory beside.
constexpr int64_t kRowsAtOnce = 100'000;

const v1::Objective& FirstObjective(const v1::Study& study) {
  return study.objectives().empty() ? study.objective() : study.objectives(0);
}

TrialRecord ToRecord(const storage::TrialReading& reading, const std::string& metric) {
  TrialRecord record;
  const storage::TrialRow& row = reading.trial;
  record.number = row.number;
  record.state = row.state;
  record.parameters = row.parameters;
  record.objective = row.objective;
  record.objective_step = row.objective_step;
  record.feasible = row.feasible.value_or(true);
  record.message = row.message;
  record.start_time = row.start_time;
  record.end_time = row.end_time;
  for (const storage::MeasurementRow& measured : reading.measurements) {
    if (measured.metric != metric) continue;
    record.curve.push_back({measured.step, measured.value, measured.time});
  }
  for (const storage::PrunerDecisionRow& decided : reading.pruner_decisions) {
    record.decisions.push_back({decided.step, decided.decision});
  }
  return record;
}

// The first trial of a configuration that is repeated stands for all.
void TakeRepeats(const storage::RepeatsRow& repeats, TrialRecord& record) {
  const bool final = repeats.state != v1::Trial::STATE_UNSPECIFIED;
  record.state = final ? repeats.state : v1::Trial::RUNNING;
  record.objective.reset();
  if (repeats.state == v1::Trial::COMPLETED) record.objective = repeats.mean;
  record.feasible = repeats.feasible.value_or(true);
}

absl::Status TooMany(const std::string& study, absl::string_view what, size_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat("study '", study, "' has more than ", limit, " ",
                                                   what, ", which is more than one answer reads"));
}

// All trials of a study, one of each configuration, with the curves of this metric where `curves`.
absl::StatusOr<std::vector<TrialRecord>> ReadTrials(storage::Reader& reader,
                                                    const storage::StudyReading& study,
                                                    const std::string& metric, bool curves) {
  std::vector<TrialRecord> records;
  size_t measurements = 0;
  storage::TrialQuery query;
  query.study_id = study.study.id;
  query.limit = kPage;
  while (true) {
    const auto page = reader.ReadTrialPage(query, curves, kRowsAtOnce);
    if (!page.ok()) return page.status();
    query.offset += static_cast<int32_t>(page->trials.size());
    for (const storage::TrialReading& trial : page->trials) {
      const storage::TrialRow& row = trial.trial;
      if (row.repeat_of.value_or(row.number) != row.number) continue;
      records.push_back(ToRecord(trial, metric));
      if (row.repeats) TakeRepeats(*row.repeats, records.back());
      measurements += records.back().curve.size();
    }
    const std::string& name = study.study.definition.name();
    if (records.size() > kMaxTrials) return TooMany(name, "trials", kMaxTrials);
    if (measurements > kMaxMeasurements) return TooMany(name, "measurements", kMaxMeasurements);
    if (!page->more) return records;
  }
}

// The objective that a request names by its metric; the first where it names none.
absl::StatusOr<v1::Objective> FindObjective(const v1::Study& study, const std::string& metric) {
  const v1::Objective& first = FirstObjective(study);
  if (metric.empty() || metric == first.metric()) return first;
  std::vector<std::string> known = {first.metric()};
  for (const v1::Objective& objective : study.objectives()) {
    if (objective.metric() == metric) return objective;
    if (objective.metric() != first.metric()) known.push_back(objective.metric());
  }
  return error::InvalidField("metric",
                             absl::StrCat(vocabulary::Quoted(metric), " is no objective of study '",
                                          study.name(), "': ", absl::StrJoin(known, ", ")));
}

// Of several objectives each trial's row has the first; the others are measured at the same step.
void TakeOutcome(TrialRecord& record) {
  if (!record.objective_step) return;
  record.objective.reset();
  for (const analysis::Measured& measured : record.curve) {
    if (measured.step == *record.objective_step && std::isfinite(measured.value)) {
      record.objective = measured.value;
    }
  }
}

// The study under another pruner. INVALID_ARGUMENT: it cannot have this one.
absl::StatusOr<v1::Study> WithPruner(v1::Study study, const v1::Pruner& pruner,
                                     const std::vector<TrialRecord>& trials) {
  if (!study.objectives().empty() || study.repeats() > 1) {
    return error::InvalidField("pruner",
                               absl::StrCat("study '", study.name(), "' has ",
                                            study.repeats() > 1 ? "repeats" : "several objectives",
                                            ", and such a study takes no pruner"));
  }
  const int64_t own_max_step = study.pruner().max_step();
  *study.mutable_pruner() = pruner;
  v1::Pruner& other = *study.mutable_pruner();
  const bool rungs =
      other.algorithm() == v1::Pruner::ASHA || other.algorithm() == v1::Pruner::HYPERBAND;
  if (rungs && !study.trainer().has_batch_norm_network() && !other.has_max_step()) {
    int64_t longest = own_max_step;
    for (const TrialRecord& trial : trials) {
      if (own_max_step == 0 && !trial.curve.empty()) {
        longest = std::max(longest, trial.curve.back().step);
      }
    }
    if (longest > 0) other.set_max_step(longest);
  }
  Violations violations;
  CheckPruner(study, violations);
  if (!violations.all().empty()) return error::InvalidFields(std::move(violations.all()));
  pruning::FillDefaults(study);
  return study;
}

}  // namespace

absl::StatusOr<v1::GetImportanceResponse> Queries::GetImportance(
    const v1::GetImportanceRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const v1::Study& definition = study->study.definition;
  const auto objective = FindObjective(definition, request.metric());
  if (!objective.ok()) return objective.status();
  const bool other = objective->metric() != FirstObjective(definition).metric();
  auto trials = ReadTrials(reader_, *study, objective->metric(), other);
  if (!trials.ok()) return trials.status();
  if (other) {
    for (TrialRecord& trial : *trials) TakeOutcome(trial);
  }
  return analysis::ComputeImportance(definition, objective->goal(), *trials);
}

absl::StatusOr<v1::LintStudyResponse> Queries::LintStudy(const v1::LintStudyRequest& request) {
  if (request.has_definition()) {
    v1::Study definition = request.definition();
    auto violations = ValidateStudy(definition);
    if (!violations.empty()) return error::InvalidFields(std::move(violations));
    FillDefaults(definition);
    return analysis::Lint(definition, {});
  }
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const v1::Study& definition = study->study.definition;
  const auto trials =
      ReadTrials(reader_, *study, FirstObjective(definition).metric(), /*curves=*/true);
  if (!trials.ok()) return trials.status();
  return analysis::Lint(definition, *trials);
}

absl::StatusOr<v1::ReplayPrunerResponse> Queries::ReplayPruner(
    const v1::ReplayPrunerRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const v1::Study& definition = study->study.definition;
  const auto trials =
      ReadTrials(reader_, *study, FirstObjective(definition).metric(), /*curves=*/true);
  if (!trials.ok()) return trials.status();
  const auto other = WithPruner(definition, request.pruner(), *trials);
  if (!other.ok()) return other.status();
  return analysis::ReplayPruner(*other, *trials);
}

absl::StatusOr<v1::VerifyStudyResponse> Queries::VerifyStudy(const v1::VerifyStudyRequest& request,
                                                             const OnVerified& on_verified) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  return coordinator::VerifyStudy(reader_, *study, on_verified);
}

}  // namespace caviar::coordinator
