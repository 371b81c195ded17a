#include "server/coordinator/worker_troubles.h"

namespace caviar::coordinator {
namespace {

constexpr absl::Duration kElsewhereFirst = absl::Minutes(10);

}  // namespace

void WorkerTroubles::Note(int64_t study_id, const std::string& worker_id, absl::Duration now) {
  noted_[{study_id, worker_id}] = now;
}

bool WorkerTroubles::Had(int64_t study_id, const std::string& worker_id, absl::Duration now) const {
  if (noted_.empty()) return false;
  const auto noted = noted_.find({study_id, worker_id});
  return noted != noted_.end() && now - noted->second < kElsewhereFirst;
}

void WorkerTroubles::Sweep(absl::Duration now) {
  std::erase_if(noted_, [now](const auto& entry) { return now - entry.second >= kElsewhereFirst; });
}

}  // namespace caviar::coordinator
