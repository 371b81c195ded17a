// Watches over a program that runs, from its start to its end.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_RUN_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_RUN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "worker/training/command/attempt_log.h"
#include "worker/training/command/checkpoint_watcher.h"
#include "worker/training/command/curve.h"
#include "worker/training/command/line_splitter.h"
#include "worker/training/command/metric_lines.h"
#include "worker/training/command/process.h"
#include "worker/training/command/report_socket.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Reads what the program prints, ends it when it is to end, and says why it ended. Used by one
// thread.
class ProgramRun {
 public:
  // What it works with; all of it outlives it.
  struct Context {
    Process& process;
    const MetricLines& metric_lines;
    Curve& curve;
    AttemptLog& log;
    ReportSocket& reports;
    CheckpointWatcher* checkpoints;  // nullptr: the program makes none
    training::AttemptObserver& observer;
    absl::Duration time_limit;  // may be infinite
    absl::Duration stop_grace;
  };

  enum class Reason {
    kItself,      // it ended by itself
    kStop,        // the observer said stop
    kTimeLimit,   // it ran longer than it may
    kCheckpoint,  // the watcher of its checkpoints failed
  };
  struct Result {
    Reason reason = Reason::kItself;
    Process::End end;
  };

  explicit ProgramRun(const Context& context);
  // Blocks until nothing of the program is left and all that it printed was read.
  Result Run();

 private:
  // Waits for something to happen, at most for a moment.
  void Wait();
  // Whether there may be more.
  bool ReadOutput();
  void TakeLine(absl::string_view line);
  void Decide();
  void End();
  // What really ended a program that ended by itself. `asked`: whether the attempt was about to be
  // asked for a checkpoint when the end was noticed.
  Reason JudgeOwnEnd(const Process::End& end, bool asked) const;

  const Context context_;
  const absl::Time start_;
  LineSplitter lines_;
  std::vector<char> buffer_;
  bool output_ended_ = false;
  Reason reason_ = Reason::kItself;
  absl::Time decided_;                    // when reason_ became another
  std::optional<absl::Time> terminated_;  // when SIGTERM was sent
  bool killed_ = false;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_PROGRAM_RUN_H_
