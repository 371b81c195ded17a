#include "worker/training/trainer_choice.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace caviar::training {

absl::StatusOr<Trainer*> TrainerChoice::TrainerOf(const v1::Study& study) const {
  switch (study.trainer().kind_case()) {
    case v1::Trainer::kBatchNormNetwork:
      return &batch_norm_network_;
    case v1::Trainer::kCommand:
      if (command_ != nullptr) return command_;
      return absl::FailedPreconditionError(absl::StrCat(
          "the trainer of study \"", study.name(),
          "\" is a program, and this worker runs none; start it with --allow-commands"));
    case v1::Trainer::kExternal:
    case v1::Trainer::KIND_NOT_SET:
      break;
  }
  return absl::UnimplementedError(
      absl::StrCat("this worker (release " CAVIAR_VERSION ") does not know the trainer of study \"",
                   study.name(), "\"; start one of the coordinator's release"));
}

Outcome TrainerChoice::Train(const AttemptWork& work, AttemptObserver& observer) {
  const absl::StatusOr<Trainer*> trainer = TrainerOf(work.study);
  if (trainer.ok()) return (*trainer)->Train(work, observer);
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  outcome.message = std::string(trainer.status().message());
  return outcome;
}

absl::StatusOr<TestResult> TrainerChoice::Evaluate(const v1::Study& study, const v1::Trial& trial,
                                                   const std::string& weights) {
  const absl::StatusOr<Trainer*> trainer = TrainerOf(study);
  if (!trainer.ok()) return trainer.status();
  return (*trainer)->Evaluate(study, trial, weights);
}

std::string TrainerChoice::NumericsFingerprint() const {
  return batch_norm_network_.NumericsFingerprint();
}

}  // namespace caviar::training
