// Runs the user's own program.
//
// caviar/v1/command.proto says what the program gets and what its exit codes mean. Why the worker
// ended it counts before the exit code.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/training/trainer.h"

namespace caviar::command {

struct CommandTrainerOptions {
  // Exists, is the worker's own, with a short path: attempts' folders lie below it.
  std::string work_directory;
  // What CUDA_VISIBLE_DEVICES names them: "0", or "GPU-8932f937-...". Each is given to one attempt
  // at a time.
  std::vector<std::string> gpus;
};

// Thread safe.
class CommandTrainer final : public training::Trainer {
 public:
  explicit CommandTrainer(CommandTrainerOptions options);
  ~CommandTrainer() override;

  // As the interface says; blocks while other attempts hold the GPUs that it needs.
  training::Outcome Train(const training::AttemptWork& work,
                          training::AttemptObserver& observer) override;
  // UNIMPLEMENTED: a program meets no test set.
  absl::StatusOr<training::TestResult> Evaluate(const v1::Study& study, const v1::Trial& trial,
                                                const std::string& weights) override;
  // Nothing is known of what programs compute with: empty.
  std::string NumericsFingerprint() const override { return ""; }
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_COMMAND_TRAINER_H_
