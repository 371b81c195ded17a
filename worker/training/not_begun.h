// How a training ends that could not begin.
#ifndef CAVIAR_WORKER_TRAINING_NOT_BEGUN_H_
#define CAVIAR_WORKER_TRAINING_NOT_BEGUN_H_

#include <string>

#include "absl/status/status.h"
#include "worker/training/trainer.h"

namespace caviar::training {

// Because of `status`. UNAVAILABLE and RESOURCE_EXHAUSTED, what a machine says that lacks room,
// files or processes, are the worker's trouble; all else is the study's fault and fails the trial.
inline Outcome NotBegun(const absl::Status& status) {
  const bool trouble = absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  Outcome outcome;
  outcome.kind = trouble ? Outcome::Kind::kWorkerTrouble : Outcome::Kind::kFailed;
  outcome.message = std::string(status.message());
  return outcome;
}

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_NOT_BEGUN_H_
