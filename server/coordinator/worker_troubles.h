// Which workers could not do which studies' work of late, for a reason of their own: others are to
// have it first, and they others' work.
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
  void Note(int64_t study_id, const std::string& worker_id, absl::Duration now);
  // Whether that was not long ago.
  bool Had(int64_t study_id, const std::string& worker_id, absl::Duration now) const;
  // Forgets what was long ago.
  void Sweep(absl::Duration now);

 private:
  std::map<std::pair<int64_t, std::string>, absl::Duration> noted_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_WORKER_TROUBLES_H_
