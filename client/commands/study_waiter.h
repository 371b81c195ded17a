// Watches a study until nothing more will happen by itself, and says what came of it.
#ifndef CAVIAR_CLIENT_COMMANDS_STUDY_WAITER_H_
#define CAVIAR_CLIENT_COMMANDS_STUDY_WAITER_H_

#include <atomic>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "client/api/client.h"
#include "client/commands/absence.h"
#include "client/commands/session.h"
#include "client/commands/wait_display.h"

namespace caviar::commands {

// How a study goes on, for the messages.
struct WaitAdvice {
  // Behind "interrupted; "; empty: nothing is said then.
  std::string interrupted;
  // Behind "study NAME is stopped; ".
  std::string stopped;
};

class StudyWaiter {
 public:
  StudyWaiter(std::string name, WaitAdvice advice, Session& session);

  // Shows progress and then a summary; blocks until the study has ended, or is stopped and idle.
  // Returns the exit code: kInterrupted after Cancel, kFailed where there is no good trial. A
  // coordinator that goes away is waited for. Called once.
  int Run();
  // Ends Run soon; from any thread, but not from a signal handler.
  void Cancel();

 private:
  int Watch();
  bool OnChange(const v1::WatchStudyResponse& change);
  bool IsIdle() const;
  int FinishInterrupted();
  const v1::Trial* Best();
  void PrintFindings();
  std::string InsteadOfBest();
  int Finish();

  const std::string name_;
  const WaitAdvice advice_;
  Session& session_;
  WaitDisplay display_;
  absl::Notification interrupted_;
  std::atomic<client::Client*> client_ = nullptr;
  v1::Study study_;                // as it was last seen
  std::optional<v1::Trial> best_;  // the best trial, once it was seen
  bool feasible_ = true;           // false, once it is known that no trial keeps the constraints
  std::set<std::string> said_;     // of what keeps it from going on
  Absence absence_;
};

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_STUDY_WAITER_H_
