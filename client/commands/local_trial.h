// One trial of a user's own program on this machine, without a coordinator: what `study try` needs
// of the worker's side. client/local provides it.
#ifndef CAVIAR_CLIENT_COMMANDS_LOCAL_TRIAL_H_
#define CAVIAR_CLIENT_COMMANDS_LOCAL_TRIAL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "caviar/v1/measurement.pb.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::commands {

struct LocalTrial {
  // With a command as trainer.
  v1::Study study;
  v1::Trial trial;
  // The archive of the folder that the study takes along; empty: it takes none.
  std::string code;
};

struct LocalOutcome {
  // COMPLETED, FAILED, INFEASIBLE; CANCELLED: the watcher stopped it; WAITING: the program asks to
  // be run again.
  v1::Trial::State state = v1::Trial::FAILED;
  // Why.
  std::string message;
};

// Called from other threads than the one that runs the trial, but by one at a time.
class LocalTrialWatcher {
 public:
  virtual ~LocalTrialWatcher() = default;
  // Before the program starts: its words, the variables that it gets beside those of the user, and
  // its current folder.
  virtual void OnStart(const std::vector<std::string>& words,
                       const std::map<std::string, std::string>& variables,
                       const std::string& folder) = 0;
  virtual void OnMeasurement(const v1::Measurement& measurement) = 0;
  // It stored a checkpoint.
  virtual void OnCheckpoint(int64_t step) = 0;
  // What it printed, in pieces of any size.
  virtual void OnLog(absl::string_view text) = 0;
  // Whether to end the program. Cheap, and asked often.
  virtual bool ShouldStop() const = 0;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_LOCAL_TRIAL_H_
