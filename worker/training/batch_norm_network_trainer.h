// The built-in trainer: batch-norm networks on the study's data.
#ifndef CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_

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
//   gradient_norm        mean over the epoch's examples of their update's, before clipping
//   learning_rate        of the epoch's last update
//   samples_per_second   training examples over the time of the epoch's updates
//
// Losses are without the penalty of l2, label smoothing and class weights. Everything random
// depends on the study's seed and the trial's number only, so that the same trial gives the same
// bits again (but for samples_per_second, which is measured). A loss that is not finite, in
// training or validation, ends the training at once as infeasible; that epoch is not reported.
//
// A checkpoint is handed in after every checkpoint_every epochs, and where the observer asks for
// one, after any update: a training that goes on from it gives the same bits as one that never
// stopped.
class BatchNormNetworkTrainer : public Trainer {
 public:
  // Keeps a reference to `datasets`.
  explicit BatchNormNetworkTrainer(data::DatasetCache& datasets) : datasets_(datasets) {}

  Outcome Train(const AttemptWork& work, AttemptObserver& observer) override;

  // INVALID_ARGUMENT: the weights are no weights file, or of other data. FAILED_PRECONDITION: the
  // study has no test set. Else the data's errors.
  absl::StatusOr<TestResult> Evaluate(const v1::Study& study, const v1::Trial& trial,
                                      const std::string& weights) override;

  std::string NumericsFingerprint() const override;

 private:
  data::DatasetCache& datasets_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_BATCH_NORM_NETWORK_TRAINER_H_
