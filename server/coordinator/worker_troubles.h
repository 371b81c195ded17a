// Which workers could not do which studies' work of late, for a reason of their own: such a study
// rests for such a worker, the longer the more often in a row. Else a study that a worker cannot do
// would always run the least there, come first, and take the worker from all others.
#ifndef CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_
#define CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace caviar::coordinator {

// Kept in memory only: after a restart all are asked again. Times are steady ones.
class WorkerTroubles {
 public:
  // What it had been given before its rest began says no more of it.
  void Note(int64_t study_id, const std::string& worker_id, absl::Duration now);
  // It did some of the study's work.
  void End(int64_t study_id, const std::string& worker_id);
  bool Rests(int64_t study_id, const std::string& worker_id, absl::Duration now) const;
  // Forgets what was long ago.
  void Sweep(absl::Duration now);

 private:
  struct Rest {
    absl::Duration length;
    absl::Duration until;
  };
  std::map<std::pair<int64_t, std::string>, Rest> rests_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_
