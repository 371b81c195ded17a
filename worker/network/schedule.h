// How the learning rate changes over a training.
#ifndef CAVIAR_WORKER_NETWORK_SCHEDULE_H_
#define CAVIAR_WORKER_NETWORK_SCHEDULE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"

namespace caviar::network {

// A pure function of the number of the update. The formulas stand beside the parameters
// learning_rate_schedule and warmup_epochs.
class Schedule {
 public:
  // `parameters` as for ToSettings; a training of `epochs` >= 1 of `updates_per_epoch` >= 1
  // updates. INVALID_ARGUMENT: the schedule is not known here.
  static absl::StatusOr<Schedule> Create(const v1::BatchNormNetworkParameters& parameters,
                                         int epochs, int updates_per_epoch);

  // Of update `update`, counted from 0 over all epochs.
  double LearningRate(int64_t update) const;

 private:
  enum class Kind { kConstant, kInverseTime, kExponential, kStep, kCosine, kOneCycle };

  Schedule() = default;
  double Scheduled(int64_t update) const;
  double OneCycle(int64_t update) const;

  Kind kind_ = Kind::kConstant;
  double rate_ = 0;
  double decay_ = 0;
  double step_factor_ = 1;
  int64_t step_epochs_ = 1;
  double rise_ = 0;
  double warmup_updates_ = 0;
  int64_t epochs_ = 1;
  int64_t updates_per_epoch_ = 1;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_SCHEDULE_H_
