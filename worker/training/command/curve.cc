#include "worker/training/command/curve.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/last_step.h"
#include "caviar/v1/objectives.h"

namespace caviar::command {

Curve::Curve(int64_t resumed_step, const v1::Objective* objective,
             training::AttemptObserver& observer, AttemptLog& log)
    : objective_(objective), observer_(observer), log_(log), last_step_(resumed_step) {}

int64_t Curve::StepOf(const Reading& reading) const {
  if (reading.step) return *reading.step;
  const bool is_taken = !begun_ || std::any_of(reading.metrics.begin(), reading.metrics.end(),
                                               [this](const auto& metric) {
                                                 return measured_.count(metric.first) > 0;
                                               });
  return is_taken ? last_step_ + 1 : last_step_;
}

std::string Curve::LeaveOut(absl::string_view kind, std::string why) {
  log_.RemarkOnce(kind, why);
  return why;
}

std::string Curve::Take(const Reading& reading) {
  if (reading.metrics.empty()) return "";
  absl::MutexLock lock(&mutex_);
  v1::Measurement measurement;
  measurement.set_step(StepOf(reading));
  if (measurement.step() > vocabulary::kLastStep) {
    return LeaveOut("last step",
                    absl::StrCat(reading.metrics.begin()->first, " came after step ", last_step_,
                                 " and was left out: that is the last step there is"));
  }
  // At the beginning step 0 may be measured, but no step of the attempt before.
  const bool is_new = measurement.step() > last_step_ || (!begun_ && last_step_ == 0);
  if (!is_new && (measurement.step() < last_step_ || !begun_)) {
    return LeaveOut("fallen step",
                    absl::StrCat("step ", measurement.step(), " came after step ", last_step_,
                                 " and was left out: steps have to grow"));
  }
  if (is_new) measured_.clear();
  std::vector<std::string> repeated;
  for (const auto& [name, value] : reading.metrics) {
    if (measured_.insert(name).second) {
      (*measurement.mutable_metrics())[name] = value;
    } else {
      repeated.push_back(name);
    }
  }
  begun_ = true;
  last_step_ = measurement.step();
  if (objective_ != nullptr) Rank(measurement);
  if (!measurement.metrics().empty()) observer_.OnMeasurement(measurement);
  if (repeated.empty()) return "";
  return LeaveOut("repeated step",
                  absl::StrCat(absl::StrJoin(repeated, ", "), " came again at step ",
                               measurement.step(), " and was left out"));
}

void Curve::Rank(const v1::Measurement& measurement) {
  const auto value = measurement.metrics().find(objective_->metric());
  if (value != measurement.metrics().end() && std::isfinite(value->second)) {
    losses_[measurement.step()] = vocabulary::Loss(*objective_, value->second);
  }
}

int64_t Curve::last_step() const {
  absl::MutexLock lock(&mutex_);
  return last_step_;
}

std::optional<int64_t> Curve::BestOf(const std::set<int64_t>& steps) const {
  absl::MutexLock lock(&mutex_);
  auto best = losses_.end();
  for (const int64_t step : steps) {
    const auto at = losses_.find(step);
    if (at != losses_.end() && (best == losses_.end() || at->second < best->second)) best = at;
  }
  if (best == losses_.end()) return std::nullopt;
  return best->first;
}

}  // namespace caviar::command
