// Which workers could not do which studies' work of late, for a reason of their own: such a study
// rests for such a worker, the longer the more often in a row. Else a study that a worker cannot do
// would always run the least there, come first, and take the worker from all others.
#ifndef CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_
#define CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace caviar::coordinator {

// Kept in memory only: after a restart all are asked again. Times are steady ones, tokens their
// counters, which only grow.
class WorkerTroubles {
 public:
  // Work that was given to it under a token could not be done, `next_token` is the next that there
  // will be. Of what it had been given before its rest began, neither this nor End says more.
  void Note(int64_t study_id, const std::string& worker_id, int64_t token, int64_t next_token,
            absl::Duration now);
  // Some was done.
  void End(int64_t study_id, const std::string& worker_id, int64_t token);
  // All that rest for a worker, and for how long yet.
  std::map<int64_t, absl::Duration> RestsFor(const std::string& worker_id,
                                             absl::Duration now) const;
  bool Rests(int64_t study_id, const std::string& worker_id, absl::Duration now) const;
  // Forgets what was long ago.
  void Sweep(absl::Duration now);

 private:
  struct Rest {
    absl::Duration length;
    absl::Duration until;
    int64_t next_token = 0;  // when it began
  };
  std::map<std::string, std::map<int64_t, Rest>> rests_;  // by worker and study
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_
