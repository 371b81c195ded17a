// The trainer of all studies: each goes to the one of its kind.
#ifndef CAVIAR_WORKER_TRAINING_TRAINER_CHOICE_H_
#define CAVIAR_WORKER_TRAINING_TRAINER_CHOICE_H_

#include <string>

#include "worker/training/trainer.h"

namespace caviar::training {

// Studies of a kind that this worker does not run fail, and say what to do. Thread safe.
class TrainerChoice final : public Trainer {
 public:
  // Both outlive it. `command` is nullptr where the worker runs no programs.
  TrainerChoice(Trainer& batch_norm_network, Trainer* command)
      : batch_norm_network_(batch_norm_network), command_(command) {}

  Outcome Train(const AttemptWork& work, AttemptObserver& observer) override;
  absl::StatusOr<TestResult> Evaluate(const v1::Study& study, const v1::Trial& trial,
                                      const std::string& weights) override;
  // That of the built-in trainer: of what programs compute with nothing is known.
  std::string NumericsFingerprint() const override;

 private:
  absl::StatusOr<Trainer*> TrainerOf(const v1::Study& study) const;

  Trainer& batch_norm_network_;
  Trainer* const command_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_TRAINER_CHOICE_H_
