// An attempt's measurements in the order of their steps.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_CURVE_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_CURVE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "caviar/v1/study.pb.h"
#include "worker/training/command/attempt_log.h"
#include "worker/training/command/metric_lines.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Hands readings to the observer. Steps do not fall, and each metric comes once a step; what does
// not keep that is left out, and the log says so once of each kind. A reading without a step
// belongs to the current one, unless that has one of its metrics already: then to the next.
//
// Thread safe; its lock puts readings in order, and the observer does not wait.
class Curve {
 public:
  // `resumed_step`: the last one of the attempt that this one goes on from; 0: it starts anew.
  // `objective`: nullptr where nobody asks for BestOf, so that nothing is kept for that.
  Curve(int64_t resumed_step, const v1::Objective* objective, training::AttemptObserver& observer,
        AttemptLog& log);

  // Says what of it was left out and why, a line; "": nothing was.
  std::string Take(const Reading& reading);

  // The last one measured, at the beginning `resumed_step`.
  int64_t last_step() const;
  // Of these steps the one with the best finite value of the objective's metric; nullopt: none has
  // one.
  std::optional<int64_t> BestOf(const std::set<int64_t>& steps) const;

 private:
  // Says it in the log too, once of each `kind`.
  std::string LeaveOut(absl::string_view kind, std::string why);
  void Rank(const v1::Measurement& measurement) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t StepOf(const Reading& reading) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const v1::Objective* const objective_;
  training::AttemptObserver& observer_;
  AttemptLog& log_;
  mutable absl::Mutex mutex_;
  int64_t last_step_ ABSL_GUARDED_BY(mutex_);
  // At last_step_. Where nothing was measured in this attempt, all of last_step_ is taken.
  std::set<std::string> measured_ ABSL_GUARDED_BY(mutex_);
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int64_t, double> losses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_CURVE_H_
