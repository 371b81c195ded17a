// What the coordinator's own limits leave room for.
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "server/coordinator/core.h"

namespace caviar::coordinator {

bool Core::MayGrow(const StudyState& study) const {
  return study.trials.size() < static_cast<size_t>(options_.limits.trials);
}

absl::Status Core::TooManyTrials(const StudyState& study) const {
  return absl::ResourceExhaustedError(
      absl::StrCat("study '", study.row.definition.name(), "' has ",
                   vocabulary::Counted(static_cast<int64_t>(study.trials.size()), "trial"),
                   ", and ", AtMost(options_.limits.trials, "--max-trials")));
}

bool Core::IsFull(const StudyState& study) const {
  return !MayGrow(study) && study.running.empty() && study.waiting.empty() &&
         !MayGoOnByPromotion(study);
}

absl::StatusOr<ReportedValues*> Core::Reported(TrialState& trial) {
  if (trial.reported) return &*trial.reported;
  const bool is_first = trial.attempt->number == 1 && !trial.row.last_step;
  const auto stored =
      is_first ? std::map<std::string, int64_t>() : deps_.store.CountValues(trial.row.id);
  if (!stored.ok()) return stored.status();
  ReportedValues reported;
  for (const auto& [metric, count] : *stored) {
    reported.count += count;
    reported.metrics.insert(metric);
  }
  return &trial.reported.emplace(std::move(reported));
}

absl::Status Core::CheckReported(const StudyState& study, const TrialState& trial,
                                 const ReportedValues& before, const ReportedValues& more) const {
  const Limits& limits = options_.limits;
  const auto too_many = [&](int64_t count, const char* what, int64_t most, const char* flag) {
    return absl::ResourceExhaustedError(absl::StrCat("trial ", trial.row.number, " of study '",
                                                     study.row.definition.name(), "' would have ",
                                                     count, what, AtMost(most, flag)));
  };
  const int64_t count = before.count + more.count;
  if (more.count > 0 && count > limits.measurements) {
    return too_many(count, " values of metrics, and ", limits.measurements, "--max-measurements");
  }
  const auto metrics = static_cast<int64_t>(before.metrics.size() + more.metrics.size());
  if (!more.metrics.empty() && metrics > limits.metrics) {
    return too_many(metrics, " different metrics, and ", limits.metrics, "--max-metrics");
  }
  return absl::OkStatus();
}

absl::Status Core::CheckResult(const StudyState& study,
                               const google::protobuf::Map<std::string, double>& metrics) const {
  TrialState trial;
  trial.row.number = static_cast<int32_t>(study.trials.size());
  ReportedValues result;
  for (const auto& [metric, value] : metrics) {
    result.metrics.insert(metric);
    ++result.count;
  }
  return CheckReported(study, trial, {}, result);
}

absl::StatusOr<storage::StoredValues> Core::TakeIn(
    const StudyState& study, TrialState& trial,
    const google::protobuf::RepeatedPtrField<v1::Measurement>& all) {
  const auto before = Reported(trial);
  if (!before.ok()) return before.status();
  const int32_t attempt = trial.attempt->number;
  ReportedValues more;
  std::vector<storage::MeasurementRow> repeated;
  for (const v1::Measurement& measurement : all) {
    const int64_t step = measurement.step();
    const bool may_be_known = trial.row.last_step && step <= *trial.row.last_step;
    for (const auto& [metric, value] : measurement.metrics()) {
      if (!(*before)->metrics.contains(metric)) more.metrics.insert(metric);
      if (!may_be_known) {
        ++more.count;
      } else if (!new_values_.contains(std::tuple(trial.row.id, attempt, step, metric))) {
        repeated.push_back({trial.row.id, attempt, metric, step, value, 0});
      }
    }
  }
  const auto stored = repeated.empty() ? storage::StoredValues() : deps_.store.FindStored(repeated);
  if (!stored.ok()) return stored.status();
  more.count += static_cast<int64_t>(repeated.size()) - stored->values;
  const absl::Status checked = CheckReported(study, trial, **before, more);
  if (!checked.ok()) return checked;
  (*before)->count += more.count;
  (*before)->metrics.merge(more.metrics);
  return *stored;
}

}  // namespace caviar::coordinator
