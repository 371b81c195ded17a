// What --on-study-end runs: a command of the operator's, once for each end of a study.
#ifndef CAVIAR_SERVER_STUDY_END_COMMAND_H_
#define CAVIAR_SERVER_STUDY_END_COMMAND_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/store.h"

namespace caviar {

// Runs the command by /bin/sh -c, one end after the other, with the outcome as JSON on its standard
// input. It gets PATH, HOME, LANG and the like of the environment, nothing of Caviar's. What it
// prints goes to this process's standard error. Should this process be killed, the command is, with
// all that it started: study_end_supervisor.h. Thread safe.
class StudyEndCommand {
 public:
  // It ran: it is not told again, whatever came of it.
  using OnTold = std::function<void(int64_t study_id, int32_t revision)>;
  // It failed, was ended after `timeout`, or could not be started: for people.
  using OnFailure = std::function<void(const std::string& what)>;

  StudyEndCommand(std::string command, absl::Duration timeout, OnFailure on_failure);
  ~StudyEndCommand() { Stop(); }
  StudyEndCommand(const StudyEndCommand&) = delete;
  StudyEndCommand& operator=(const StudyEndCommand&) = delete;

  // Puts it in the queue; never waits.
  void Tell(storage::StudyEndRow end);
  // Runs what is in the queue, and what comes, on a thread of its own. Called once.
  void Start(OnTold on_told);
  // Ends the command if it runs, with all that it started: that one is told again at the next
  // start. Nothing is called after this returned. Repeating is no error.
  void Stop();

 private:
  void Work(const OnTold& on_told);
  // "": it ended with 0; nullopt: it was ended because this goes away.
  std::optional<std::string> Run(const std::string& outcome);

  const std::string command_;
  const absl::Duration timeout_;
  const OnFailure on_failure_;
  int stop_ = -1;  // readable once this goes away
  absl::Mutex mutex_;
  std::deque<storage::StudyEndRow> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace caviar

#endif  // CAVIAR_SERVER_STUDY_END_COMMAND_H_
