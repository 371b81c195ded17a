#include "server/analysis/replay.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "server/pruning/pruner.h"

namespace caviar::analysis {
namespace {

using pruning::Act;
using pruning::Verdict;

// How far a trial comes under the other pruner.
struct Fate {
  size_t measured = 0;                // values of its curve
  std::optional<Verdict> stopped_by;  // stopped, or paused and not promoted
};

class Replay {
 public:
  Replay(const v1::Study& study, const std::vector<TrialRecord>& trials)
      : goal_(study.objective().goal()), pruner_(pruning::MakePruner(study)), trials_(trials) {
    for (size_t i = 0; i < trials.size(); ++i) indices_[trials[i].number] = i;
    fates_.resize(trials.size());
  }

  std::vector<Fate> Run(bool promote) && {
    if (pruner_ == nullptr) {
      for (size_t i = 0; i < trials_.size(); ++i) fates_[i].measured = trials_[i].curve.size();
    } else if (promote) {
      RunInSlots();
    } else {
      RunAsStored();
    }
    return std::move(fates_);
  }

 private:
  // Shows the trial's next `count` values, and returns the pruner's last word.
  Verdict Measure(size_t trial, size_t count) {
    const TrialRecord& record = trials_[trial];
    for (size_t i = 0; i < count; ++i) {
      const Measured& measured = Curve(trial)[fates_[trial].measured++];
      pruner_->Measure(record.number, measured.step, Loss(goal_, measured.value));
    }
    Verdict last;
    // Nothing is saved where a trial that went to its end stops at its last value.
    const bool at_end = fates_[trial].measured == record.curve.size();
    if (at_end && record.state == v1::Trial::COMPLETED) return last;
    for (Verdict& verdict : pruner_->Decide(record.number)) last = std::move(verdict);
    return last;
  }

  // The values in the order in which they are shown.
  const std::vector<Measured>& Curve(size_t trial) const {
    return ordered_.empty() ? trials_[trial].curve : ordered_[trial];
  }

  void Complete(size_t trial) {
    const TrialRecord& record = trials_[trial];
    if (record.state != v1::Trial::COMPLETED || !record.objective) return;
    pruner_->Complete(record.number, Loss(goal_, *record.objective));
    completed_ = true;
  }

  void RunAsStored() {
    // By time; at the same time a trial's end comes behind its measurements.
    std::vector<std::tuple<int64_t, bool, size_t>> events;  // time, whether it is the end, trial
    for (size_t i = 0; i < trials_.size(); ++i) {
      std::vector<Measured> curve = trials_[i].curve;
      std::stable_sort(curve.begin(), curve.end(),
                       [](const Measured& a, const Measured& b) { return a.time < b.time; });
      for (const Measured& measured : curve) events.emplace_back(measured.time, false, i);
      if (!curve.empty()) {
        events.emplace_back(std::max(trials_[i].end_time, curve.back().time), true, i);
      }
      ordered_.push_back(std::move(curve));
    }
    std::sort(events.begin(), events.end());
    for (size_t i = 0; i < events.size();) {
      // What came in one report is decided about once.
      size_t end = i + 1;
      while (end < events.size() && events[end] == events[i]) ++end;
      const auto& [time, is_end, trial] = events[i];
      if (!fates_[trial].stopped_by) {
        if (is_end) {
          Complete(trial);
        } else if (Verdict verdict = Measure(trial, end - i); verdict.act == Act::kStop) {
          fates_[trial].stopped_by = std::move(verdict);
        }
      }
      i = end;
    }
  }

  void RunInSlots() {
    const size_t slots = CountSlots();
    for (const TrialRecord& trial : trials_) step_times_.push_back(StepTime(trial));
    size_t started = 0;
    while (true) {
      while (running_.size() < slots && Promote(false)) {
      }
      if (running_.size() < slots && started < trials_.size()) {
        Start(started++);
        continue;
      }
      if (!running_.empty()) {
        Advance();
        continue;
      }
      // As the coordinator does it: one configuration at least is trained to its end.
      if (completed_ || !Promote(true)) return;
    }
  }

  void Start(size_t trial) {
    if (!trials_[trial].curve.empty()) running_.emplace(now_ + step_times_[trial], trial);
  }

  bool Promote(bool in_any_case) {
    const auto promotion = pruner_->Promote(in_any_case);
    if (!promotion) return false;
    const size_t trial = indices_.at(promotion->number);
    fates_[trial].stopped_by.reset();
    if (fates_[trial].measured < trials_[trial].curve.size()) {
      running_.emplace(now_ + step_times_[trial], trial);
    }
    return true;
  }

  // The next measurement of all.
  void Advance() {
    const auto next = *running_.begin();
    running_.erase(running_.begin());
    now_ = next.first;
    const size_t trial = next.second;
    Verdict verdict = Measure(trial, 1);
    if (verdict.act == Act::kPause) {
      pruner_->Pause(trials_[trial].number);
      fates_[trial].stopped_by = std::move(verdict);
    } else if (fates_[trial].measured < trials_[trial].curve.size()) {
      running_.emplace(now_ + step_times_[trial], trial);
    } else {
      Complete(trial);
    }
  }

  // Between two of its measurements, in microseconds: the median, which waits in between hardly
  // move.
  static double StepTime(const TrialRecord& record) {
    std::vector<double> times;
    int64_t before = record.start_time;
    for (const Measured& measured : record.curve) {
      if (before > 0) times.push_back(static_cast<double>(measured.time - before));
      before = measured.time;
    }
    if (times.empty()) return 1;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return std::max(1.0, *middle);
  }

  // How many trials ran at the same time at most.
  size_t CountSlots() const {
    std::vector<std::pair<int64_t, int>> changes;
    for (const TrialRecord& trial : trials_) {
      if (trial.curve.empty()) continue;
      const int64_t start = trial.start_time > 0 ? trial.start_time : trial.curve.front().time;
      changes.emplace_back(start, 1);
      changes.emplace_back(std::max(trial.end_time, trial.curve.back().time), -1);
    }
    std::sort(changes.begin(), changes.end());
    int busy = 0, most = 1;
    for (const auto& [time, change] : changes) most = std::max(most, busy += change);
    return static_cast<size_t>(most);
  }

  const v1::Objective::Goal goal_;
  const std::unique_ptr<pruning::Pruner> pruner_;
  const std::vector<TrialRecord>& trials_;
  std::map<int32_t, size_t> indices_;  // by number
  std::vector<Fate> fates_;
  std::vector<std::vector<Measured>> ordered_;  // curves by time
  bool completed_ = false;                      // whether some trial is
  // Of RunInSlots: when each running trial measures next.
  std::set<std::pair<double, size_t>> running_;
  std::vector<double> step_times_;  // by trial
  double now_ = 0;
};

int64_t StepsOf(const v1::Study& study, const std::vector<Measured>& curve, size_t measured) {
  if (study.pruner().algorithm() == v1::Pruner::WILCOXON) return static_cast<int64_t>(measured);
  int64_t last = 0;
  for (size_t i = 0; i < measured; ++i) last = std::max(last, curve[i].step);
  return last;
}

bool IsCutShort(v1::Trial::State state) {
  return state != v1::Trial::COMPLETED && state != v1::Trial::FAILED &&
         state != v1::Trial::INFEASIBLE;
}

}  // namespace

v1::ReplayPrunerResponse ReplayPruner(const v1::Study& study,
                                      const std::vector<TrialRecord>& trials) {
  const bool promote = study.pruner().mode() == v1::Pruner::PROMOTE;
  const std::vector<Fate> fates = Replay(study, trials).Run(promote);
  v1::ReplayPrunerResponse response;
  *response.mutable_pruner() = study.pruner();
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::vector<Measured>& curve = trials[i].curve;
    if (curve.empty()) continue;
    response.set_trials(response.trials() + 1);
    response.set_steps(response.steps() + StepsOf(study, curve, curve.size()));
    response.set_steps_needed(response.steps_needed() + StepsOf(study, curve, fates[i].measured));
    if (fates[i].stopped_by) {
      response.set_stopped(response.stopped() + 1);
    } else if (IsCutShort(trials[i].state)) {
      response.set_cut_short(response.cut_short() + 1);
    }
  }
  for (const size_t i : BestFirst(trials, study.objective().goal())) {
    const auto& stopped_by = fates[i].stopped_by;
    if (!response.has_best()) {
      response.set_best(trials[i].number);
      response.set_best_objective(*trials[i].objective);
      if (stopped_by) {
        response.set_best_stopped_at(stopped_by->step);
        response.set_best_stopped_reason(stopped_by->reason);
      }
    }
    if (stopped_by) continue;
    response.set_best_then(trials[i].number);
    response.set_best_objective_then(*trials[i].objective);
    break;
  }
  return response;
}

}  // namespace caviar::analysis
