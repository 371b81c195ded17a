// What an attempt's log holds: what the program printed, and what is to be said about it.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_LOG_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_LOG_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Thread safe; its lock only puts lines in order, and the observer does not wait.
class AttemptLog {
 public:
  static constexpr int64_t kMaxBytes = int64_t{10} << 20;

  // The observer outlives it.
  explicit AttemptLog(training::AttemptObserver& observer) : observer_(observer) {}

  // A line that the program printed, without its end. Past kMaxBytes one more line says that the
  // rest is missing.
  void Line(absl::string_view line);
  // A remark of the worker's, marked as such.
  void Remark(absl::string_view text);
  // Says one of each kind, of the first thousand kinds.
  void RemarkOnce(absl::string_view kind, absl::string_view text);

  // The last line that is not blank, of at most 1,000 bytes; remarks do not count.
  std::string last_line() const;

 private:
  void Write(absl::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  training::AttemptObserver& observer_;
  mutable absl::Mutex mutex_;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  std::string last_line_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> said_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_LOG_H_
