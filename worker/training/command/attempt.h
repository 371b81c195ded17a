// One attempt at a trial, from its folder to its outcome.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "worker/training/command/attempt_folder.h"
#include "worker/training/command/attempt_log.h"
#include "worker/training/command/cgroup.h"
#include "worker/training/command/checkpoints.h"
#include "worker/training/command/environment.h"
#include "worker/training/command/metric_lines.h"
#include "worker/training/command/process.h"
#include "worker/training/command/program_run.h"
#include "worker/training/command/program_spec.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Used by one thread, once.
class Attempt {
 public:
  // What it works with; all of it outlives it.
  struct Context {
    const training::AttemptWork& work;
    training::AttemptObserver& observer;
    const AttemptFolder& folder;
    const Environment& worker_environment;
    Cgroups& cgroups;
    std::optional<std::string> gpus;  // CUDA_VISIBLE_DEVICES; nullopt: left alone
    const std::function<void(const ProgramSpec&)>& on_start;  // may be empty
  };
  explicit Attempt(const Context& context);

  // Blocks until the program and all that it started are gone.
  training::Outcome Run();

  AttemptLog& log() { return log_; }

 private:
  absl::StatusOr<std::string> PrepareCode() const;
  // Why no program runs: what `error` says, or that something removed the worker's own folder.
  training::Outcome NotBegun(const absl::Status& error) const;
  absl::StatusOr<ProgramSpec> MakeSpec(const std::string& latest_checkpoint);
  training::Outcome RunFrom(const RestoredCheckpoint& checkpoint);
  training::Outcome Judge(const ProgramRun::Result& result, int64_t last_step,
                          CheckpointWatcher* checkpoints);

  const Context context_;
  const v1::Command& command_;
  AttemptLog log_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_H_
