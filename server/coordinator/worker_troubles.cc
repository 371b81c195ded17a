#include "server/coordinator/worker_troubles.h"

#include <algorithm>

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kShortest = absl::Seconds(5);
constexpr absl::Duration kLongest = absl::Minutes(10);

}  // namespace

void WorkerTroubles::Note(int64_t study_id, const std::string& worker_id, int64_t token,
                          int64_t next_token, absl::Duration now) {
  Rest& rest = rests_[worker_id][study_id];
  if (token < rest.next_token) return;
  rest.next_token = next_token;
  rest.length = std::clamp(2 * rest.length, kShortest, kLongest);
  rest.until = now + rest.length;
}

void WorkerTroubles::End(int64_t study_id, const std::string& worker_id, int64_t token) {
  const auto rests = rests_.find(worker_id);
  if (rests == rests_.end()) return;
  const auto rest = rests->second.find(study_id);
  if (rest == rests->second.end() || token < rest->second.next_token) return;
  rests->second.erase(rest);
  if (rests->second.empty()) rests_.erase(rests);
}

std::map<int64_t, absl::Duration> WorkerTroubles::RestsFor(const std::string& worker_id,
                                                           absl::Duration now) const {
  std::map<int64_t, absl::Duration> left;
  const auto rests = rests_.find(worker_id);
  if (rests == rests_.end()) return left;
  for (const auto& [study_id, rest] : rests->second) {
    if (now < rest.until) left[study_id] = rest.until - now;
  }
  return left;
}

bool WorkerTroubles::Rests(int64_t study_id, const std::string& worker_id,
                           absl::Duration now) const {
  const auto rests = rests_.find(worker_id);
  if (rests == rests_.end()) return false;
  const auto rest = rests->second.find(study_id);
  return rest != rests->second.end() && now < rest->second.until;
}

void WorkerTroubles::Sweep(absl::Duration now) {
  for (auto& [worker_id, rests] : rests_) {
    std::erase_if(rests, [now](const auto& rest) { return now - rest.second.until >= kLongest; });
  }
  std::erase_if(rests_, [](const auto& worker) { return worker.second.empty(); });
}

}  // namespace caviar::coordinator
