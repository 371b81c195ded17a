// Runs the user's own program.
//
// caviar/v1/command.proto says what the program gets and what its exit codes mean. Why the worker
// ended it counts before the exit code.
//
// This room knows processes and files. It must never know leases, calls or the coordinator.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "worker/training/command/budget.h"
#include "worker/training/command/cgroup.h"
#include "worker/training/command/environment.h"
#include "worker/training/command/program_spec.h"
#include "worker/training/trainer.h"

namespace caviar::command {

struct CommandTrainerOptions {
  // Exists, is the worker's own, absolute, with a short path (at most 80 bytes): attempts' folders
  // lie below it.
  std::string work_directory;
  // What its programs may have together. GPUs are named as CUDA_VISIBLE_DEVICES has them: "0", or
  // "GPU-8932f937-...". Where there are any, a program sees those that it was given and no others.
  Budget::Offer offer = {};
  // false: attempts get no cgroups, as where none can be made.
  bool use_cgroups = true;
  // Called before an attempt's program starts, by the attempt's thread, with all that it gets;
  // empty: nobody wants to know.
  std::function<void(const ProgramSpec& program)> on_start = nullptr;
};

// Thread safe. The main function of a program that has one calls RunSupervisor first
// (supervisor.h), and RemoveLeftovers before it makes one.
//
// Where the system lets this process make cgroups, each attempt has its own: all of it is killed at
// once, and the kernel holds it to resources.memory. Elsewhere its supervisor looks every quarter
// of a second what the program and all that it started take, and kills them past the limit; what
// grows faster may take more for that long.
class CommandTrainer final : public training::Trainer {
 public:
  explicit CommandTrainer(CommandTrainerOptions options);

  // As the interface says; blocks while other attempts hold what it needs.
  training::Outcome Train(const training::AttemptWork& work,
                          training::AttemptObserver& observer) override;
  // UNIMPLEMENTED: a program meets no test set.
  absl::StatusOr<training::TestResult> Evaluate(const v1::Study& study, const v1::Trial& trial,
                                                const std::string& weights) override;
  // Nothing is known of what programs compute with: empty.
  std::string NumericsFingerprint() const override { return ""; }

 private:
  const CommandTrainerOptions options_;
  const Environment environment_;  // of this process, when it was made
  Cgroups cgroups_;
  Budget budget_;
  std::atomic<int64_t> attempts_ = 0;
};

// Removes what a worker that was killed left in its work directory: the folders of attempts that
// ran. Those that were kept stay.
void RemoveLeftovers(const std::string& work_directory);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_
