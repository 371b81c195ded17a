// A coordinator's writing, commit by commit, and what must be stored after each.
#ifndef CAVIAR_TESTS_STORAGE_STORE_LIFE_H_
#define CAVIAR_TESTS_STORAGE_STORE_LIFE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/memory_store.h"
#include "storage/store.h"

namespace caviar::storage {

// All that a store holds and the coordinator can read: the snapshot, and the measurements of the
// attempts in it.
absl::StatusOr<std::string> Everything(Store& store);

// Studies from creation to erasure, one after the other: trials handed out, measured, lost, handed
// out again, finished. The same in every process.
class StoreLife {
 public:
  explicit StoreLife(int64_t commits);

  int64_t commits() const { return static_cast<int64_t>(batches_.size()); }
  // Of commit 1, 2, ... commits().
  const Batch& batch(int64_t commit) const { return batches_[static_cast<size_t>(commit - 1)]; }
  // Everything() after it; 0: of a new store.
  const std::string& after(int64_t commit) const { return after_[static_cast<size_t>(commit)]; }

 private:
  void Commit(const Batch& batch);
  void LiveStudy(int64_t id);
  void LiveTrial(int64_t study_id, int32_t number);

  const int64_t wanted_;
  MemoryStore model_;
  std::vector<Batch> batches_;
  std::vector<std::string> after_;
  CountersRow counters_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_STORE_LIFE_H_
