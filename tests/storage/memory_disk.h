// A disk in memory that tells what was synced from what was not.
//
// The model: writes and truncations of a file are durable after a sync of it; names that were made
// or erased after a sync of the folder. At a power loss each 512-byte piece of an unsynced write is
// kept, dropped or, within the written bytes, garbage; of the unsynced changes of names some first
// ones are kept. A failed sync drops what it was to write: it can be read until the next power
// loss, and no later sync brings it back, as with Linux and ext4.
#ifndef CAVIAR_TESTS_STORAGE_MEMORY_DISK_H_
#define CAVIAR_TESTS_STORAGE_MEMORY_DISK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace caviar::storage {

// One file's content; lives as long as a name or an open handle refers to it. Offsets in bytes.
class MemoryFile {
 public:
  void Write(int64_t at, absl::string_view data);
  void Truncate(int64_t size);
  void Sync();
  void FailSync() { unsynced_.clear(); }

  const std::string& data() const { return data_; }
  // What a power loss may leave of it; the same seed, the same content.
  MemoryFile AfterPowerLoss(uint64_t seed) const;

 private:
  // Writes `data` at `at`, or where `data` is empty makes the file `at` bytes long.
  struct Change {
    int64_t at;
    std::string data;
  };
  static void Do(const Change& change, std::string& data);

  std::string data_;
  std::string durable_;
  std::vector<Change> unsynced_;
};

// One folder. Used by one thread. A copy shares nothing with the original.
class MemoryDisk {
 public:
  MemoryDisk() = default;
  MemoryDisk(const MemoryDisk& other);
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  // Null: there is none.
  std::shared_ptr<MemoryFile> Find(const std::string& name) const;
  std::shared_ptr<MemoryFile> Make(const std::string& name);
  void Erase(const std::string& name);
  void SyncNames();

  // What a power loss may leave, by seed; every fourth seed keeps all, every fourth drops all.
  MemoryDisk AfterPowerLoss(uint64_t seed) const;

 private:
  using Names = std::map<std::string, std::shared_ptr<MemoryFile>>;

  Names names_;
  std::vector<Names> unsynced_;  // as they were before each unsynced change
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_MEMORY_DISK_H_
