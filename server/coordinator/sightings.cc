#include "server/coordinator/sightings.h"

namespace caviar::coordinator {

void Sightings::Saw(const std::string& worker_id, absl::Duration now, bool leaving) {
  absl::MutexLock lock(&mutex_);
  seen_[worker_id] = {now, leaving};
}

void Sightings::SawAgain(const std::string& worker_id, absl::Duration now, bool leaving) {
  absl::MutexLock lock(&mutex_);
  if (const auto seen = seen_.find(worker_id); seen != seen_.end()) seen->second = {now, leaving};
}

void Sightings::Forget(const std::string& worker_id) {
  absl::MutexLock lock(&mutex_);
  seen_.erase(worker_id);
}

bool Sightings::HasLeft(const std::string& worker_id) const {
  absl::MutexLock lock(&mutex_);
  const auto seen = seen_.find(worker_id);
  return seen != seen_.end() && seen->second.left;
}

std::map<std::string, Sighting> Sightings::All() const {
  absl::MutexLock lock(&mutex_);
  return seen_;
}

}  // namespace caviar::coordinator
