// What `study wait` shows: a progress bar on a terminal, else a line a finished trial.
#ifndef CAVIAR_CLIENT_COMMANDS_WAIT_DISPLAY_H_
#define CAVIAR_CLIENT_COMMANDS_WAIT_DISPLAY_H_

#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "caviar/v1/study_service.pb.h"
#include "client/commands/session.h"
#include "client/render/progress.h"

namespace caviar::commands {

// How far a study is, as the bar shows it.
render::Progress ProgressOf(const v1::Study& study);

// The time until the study ends by max_trials (at the pace so far) or by max_duration; nullopt
// where neither tells.
std::optional<absl::Duration> TimeLeft(const v1::Study& study);

// One line: how the study ended, its best trial with its parameters, its test metrics. `best` may
// be null; `instead` is what is said where no trial is the best.
std::string SummaryOf(const v1::Study& study, const v1::Trial* best, const std::string& instead);

// Not thread safe.
class WaitDisplay {
 public:
  // With JSON or YAML asked for, nothing is shown on the way.
  explicit WaitDisplay(Session& session);

  void Show(const v1::WatchStudyResponse& change);
  // A line on `err`; the bar is drawn again with the next change.
  void Complain(const std::string& message);
  // Takes the bar away.
  void Clear();

 private:
  void PrintTrial(const v1::Study& study, const v1::Trial& trial);

  Session& session_;
  const bool has_bar_;
  const bool has_lines_;
  bool is_drawn_ = false;
  // Numbers of the trials that have had their line: after a reconnection they come again.
  std::set<int> printed_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_WAIT_DISPLAY_H_
