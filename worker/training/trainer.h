// Trainers evaluate configurations.
//
// Trainer is what a worker's slot runs; the built-in one trains batch-norm networks
// (batch_norm_network_trainer.h). This room knows networks and data. It must never know leases,
// calls or the coordinator: whoever runs a trainer passes an AttemptObserver.
#ifndef CAVIAR_WORKER_TRAINING_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_TRAINER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/measurement.pb.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::training {

// How a training ended.
struct Outcome {
  enum class Kind {
    kCompleted,   // trained to its end
    kFailed,      // the trainer broke: message says what, where and what to do
    kInfeasible,  // diverged at `step`: the loss was not finite
    kStopped,     // the observer said stop
  };
  Kind kind = Kind::kCompleted;
  std::string message;
  int64_t step = 0;
  // kCompleted: the network at the step whose measurement is the objective, in the format of
  // worker/network; and that step.
  std::string weights;
  int64_t weights_step = 0;
};

// Watches one attempt. Called from the training thread.
class AttemptObserver {
 public:
  virtual ~AttemptObserver() = default;
  // Takes a measurement; never waits for the network. Steps grow.
  virtual void OnMeasurement(const v1::Measurement& measurement) = 0;
  // Asked after every update; true ends the training soon after. Cheap: an atomic read.
  virtual bool StopRequested() const = 0;
};

// Thread safe: a worker's slots share one.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // Trains `trial` of `study` (its definition) and blocks until that is over.
  virtual Outcome Train(const v1::Study& study, const v1::Trial& trial,
                        AttemptObserver& observer) = 0;
  // Metrics of kept weights on the study's test set: test_accuracy, test_loss.
  virtual absl::StatusOr<std::map<std::string, double>> Evaluate(const v1::Study& study,
                                                                 const v1::Trial& trial,
                                                                 const std::string& weights) = 0;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_TRAINER_H_
