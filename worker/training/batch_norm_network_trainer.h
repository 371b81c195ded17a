// The built-in trainer: batch-norm networks on the study's data.
#ifndef CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "worker/data/dataset.h"
#include "worker/training/trainer.h"

namespace caviar::training {

// A step is an epoch, counted from 1. After each one it reports
//
//   train_loss           mean cross-entropy over the epoch's examples, each as it was when its
//   train_accuracy       batch came by: while the weights changed, with the batch's statistics
//   validation_loss      after the epoch, with the running statistics
//   validation_accuracy
//   learning_rate        of this epoch
//
// Losses are without the penalty of l2. Everything random depends on the study's seed and the
// trial's number only, so that the same trial gives the same bits again. A loss that is not finite,
// in training or validation, ends the training at once as infeasible; that epoch is not reported.
class BatchNormNetworkTrainer : public Trainer {
 public:
  // Keeps a reference to `datasets`.
  explicit BatchNormNetworkTrainer(data::DatasetCache& datasets) : datasets_(datasets) {}

  Outcome Train(const v1::Study& study, const v1::Trial& trial, AttemptObserver& observer) override;

  // INVALID_ARGUMENT: the weights are no weights file, or of other data. FAILED_PRECONDITION: the
  // study has no test set. Else the data's errors.
  absl::StatusOr<std::map<std::string, double>> Evaluate(const v1::Study& study,
                                                         const v1::Trial& trial,
                                                         const std::string& weights) override;

 private:
  data::DatasetCache& datasets_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_
