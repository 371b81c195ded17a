// When workers were last heard of.
#ifndef CAVIAR_SERVER_COORDINATOR_SIGHTINGS_H_
#define CAVIAR_SERVER_COORDINATOR_SIGHTINGS_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace caviar::coordinator {

struct Sighting {
  absl::Duration at;  // on the steady clock
  bool left = false;  // it said that it ends
};

// By worker id, since this process was started. Thread safe: renewals are heard while the
// sequencer waits for its disk.
class Sightings {
 public:
  // Of a worker that is known to be registered.
  void Saw(const std::string& worker_id, absl::Duration now, bool leaving = false);
  // Of whoever says to be this worker, and holds no lease that shows it: nobody is added, so that
  // invented ids cost no memory.
  void SawAgain(const std::string& worker_id, absl::Duration now, bool leaving);
  // Of a worker that is registered no more.
  void Forget(const std::string& worker_id);
  // Whether its last word was that it leaves.
  bool HasLeft(const std::string& worker_id) const;
  std::map<std::string, Sighting> All() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Sighting> seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_SIGHTINGS_H_
