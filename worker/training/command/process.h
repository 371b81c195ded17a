// The user's program as a process, from the worker's side.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "worker/training/command/descriptor.h"
#include "worker/training/command/program_spec.h"

namespace caviar::command {

// Runs under a supervisor (supervisor.h). Used by one thread.
class Process {
 public:
  struct End {
    // As of waitpid. Where the supervisor itself was killed: SIGKILL's.
    int status = 0;
    // It was killed because it took more memory than it may.
    bool out_of_memory = false;
    // Somebody sent SIGTERM to the supervisor, and so most likely to the program and to the worker:
    // to all of a job. The worker itself never does.
    bool signalled = false;
  };

  // Blocks until the program runs. `title`: what `ps` shows beside the supervisor. UNAVAILABLE:
  // this machine cannot start it now, or not its supervisor. Any other error says why it can be
  // executed nowhere.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const ProgramSpec& spec,
                                                        const std::string& title);
  // Kills what is left of it, and waits for that.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // What it prints on stdout and stderr. Reading does not block.
  int output() const { return output_.number(); }
  // Readable when PollEnd may know more.
  int control() const { return control_.number(); }

  // SIGTERM or SIGKILL to it and all that it started.
  void Terminate() { Tell('T'); }
  void Kill() { Tell('K'); }
  // nullopt: something of it still runs.
  std::optional<End> PollEnd();

 private:
  Process(pid_t supervisor, std::string cgroup, Descriptor control, Descriptor output);
  // The supervisor's next line, "" while it says nothing; nullopt: it is gone.
  std::optional<std::string> ReadLine(bool wait);
  void Tell(char word);

  const pid_t supervisor_;
  const std::string cgroup_;
  Descriptor control_;
  Descriptor output_;
  std::string heard_;  // the beginning of a line
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROCESS_H_
