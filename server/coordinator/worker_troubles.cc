#include "server/coordinator/worker_troubles.h"

#include <algorithm>

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kShortest = absl::Seconds(5);
constexpr absl::Duration kLongest = absl::Minutes(10);

}  // namespace

void WorkerTroubles::Note(int64_t study_id, const std::string& worker_id, absl::Duration now) {
  Rest& rest = rests_[{study_id, worker_id}];
  if (now < rest.until) return;
  rest.length = std::clamp(2 * rest.length, kShortest, kLongest);
  rest.until = now + rest.length;
}

void WorkerTroubles::End(int64_t study_id, const std::string& worker_id) {
  if (!rests_.empty()) rests_.erase({study_id, worker_id});
}

bool WorkerTroubles::Rests(int64_t study_id, const std::string& worker_id,
                           absl::Duration now) const {
  if (rests_.empty()) return false;
  const auto rest = rests_.find({study_id, worker_id});
  return rest != rests_.end() && now < rest->second.until;
}

void WorkerTroubles::Sweep(absl::Duration now) {
  std::erase_if(rests_, [now](const auto& entry) { return now - entry.second.until >= kLongest; });
}

}  // namespace caviar::coordinator
