// What was acknowledged, noted beside the database: <data_directory>/highwater.
//
// SQLite takes a database whose log was lost, or an old copy of it, for a whole one. The note says
// how far the real one had come; a store that is behind it was rolled back, and must not issue
// the same fencing tokens a second time. It may be a second behind the store, never ahead of it.
//
//   highwater = "caviar-highwater 1 " epoch " " commit " " crc32 "\n"
//
// with numbers in decimal, and the CRC-32 of all before its own space in 8 hexadecimal digits.
#ifndef CAVIAR_STORAGE_HIGH_WATER_H_
#define CAVIAR_STORAGE_HIGH_WATER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace caviar::storage {

struct WaterMark {
  int64_t epoch = 0;
  int64_t commit = 0;
};

// Compares what is noted with what the database holds. DATA_LOSS: the database is behind it or is
// another store's, or the note is damaged, or missing although something was committed; the message
// says how far behind, and what to do.
absl::Status CheckHighWater(const std::string& data_directory, WaterMark stored);

// Replaces the note as a whole, on disk before this returns.
absl::Status WriteHighWater(const std::string& data_directory, WaterMark mark);

// Keeps the note up to date on a thread of its own, once a second where it changed and when it goes
// away. A note that cannot be written (a full disk) is tried again.
class HighWater {
 public:
  // Writes the first note before it returns; on a full disk, when there is room.
  static absl::StatusOr<std::unique_ptr<HighWater>> Start(std::string data_directory,
                                                          WaterMark mark);
  ~HighWater();
  HighWater(const HighWater&) = delete;
  HighWater& operator=(const HighWater&) = delete;

  // `commit` is durable. Never waits; thread safe.
  void Reach(int64_t commit) { commit_.store(commit, std::memory_order_relaxed); }

 private:
  HighWater(std::string data_directory, WaterMark mark, bool written);
  void Run();
  // Where the commit changed since the last note.
  void Write();

  const std::string data_directory_;
  WaterMark written_;  // used by the thread, and after it
  std::atomic<int64_t> commit_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_HIGH_WATER_H_
