// What a worker runs the programs of studies with: --allow-commands.
#ifndef CAVIAR_WORKER_PROGRAMS_H_
#define CAVIAR_WORKER_PROGRAMS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/worker_service.pb.h"
#include "worker/agent/work_directory.h"
#include "worker/flags.h"
#include "worker/training/command/command_trainer.h"

namespace caviar::worker {

struct Programs {
  std::unique_ptr<agent::WorkDirectory> directory;
  std::unique_ptr<command::CommandTrainer> trainer;
  v1::Resources offered;

  // Where the agent keeps their code.
  std::string code_directory() const { return directory->path() + "/code"; }
};

// Makes the worker's folder, looks what the machine has, and logs it. Errors say what to do.
absl::StatusOr<Programs> SetUpPrograms(const Flags& flags);

}  // namespace caviar::worker

#endif  // CAVIAR_WORKER_PROGRAMS_H_
