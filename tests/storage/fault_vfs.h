// A SQLite VFS over a disk in memory whose operations fail on demand.
#ifndef CAVIAR_TESTS_STORAGE_FAULT_VFS_H_
#define CAVIAR_TESTS_STORAGE_FAULT_VFS_H_

#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/storage/memory_disk.h"

namespace caviar::storage {

// What an operation meets instead of doing its work. Each is met only by operations that can.
enum class Fault {
  kOpen,        // the file cannot be opened
  kRead,        // EIO
  kShortRead,   // the file seems to end here
  kWrite,       // EIO, nothing written
  kShortWrite,  // EIO, half is written
  kDiskFull,    // ENOSPC, half is written; a file that is to be made is not
  kOverQuota,   // EDQUOT, the same; SQLite has no code for it
  kTruncate,    // EIO
  kSync,        // EIO, and what was to be written is dropped
  kDelete,      // EIO
  kShm,         // the wal-index cannot grow
};

// Every fault there is, and its name.
const std::map<Fault, std::string>& AllFaults();

// Registered with SQLite under a name of its own while it lives; outlives the connections that use
// it. One connection to a file at a time (there are no locks). Used by one thread.
class FaultVfs {
 public:
  explicit FaultVfs(const MemoryDisk& disk = MemoryDisk());
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  // For SqliteOptions::vfs.
  const std::string& name() const { return name_; }
  // Folders are nothing to it: caviar.db of any data directory is the file caviar.db.
  MemoryDisk& disk() { return disk_; }

  // From now on the `number`th (1: the next) operation that can meets the fault: it alone, or it
  // and all such operations after it. Forgets an earlier one.
  void Fail(Fault fault, int number, bool for_ever = false);
  // No fault any more. True: there was one, and it was met.
  bool Heal();

  // Called before each operation that changes the disk or syncs it: whatever a power loss can leave
  // is to be had from the disk at one of these moments.
  void SetBeforeChange(std::function<void()> call) { before_change_ = std::move(call); }

 private:
  friend struct FaultFile;
  struct Armed {
    Fault fault;
    int left;  // until it is met; 0: it was
    bool for_ever;
  };
  using Shm = std::vector<std::unique_ptr<char[]>>;

  bool Meets(Fault fault);
  void BeforeChange() const {
    if (before_change_) before_change_();
  }

  const std::string name_;
  MemoryDisk disk_;
  std::map<std::string, Shm> shm_;  // by file; a process's memory, so no part of the disk
  std::optional<Armed> armed_;
  int error_ = 0;  // errno of the last fault met
  std::function<void()> before_change_;
  sqlite3_vfs vfs_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_FAULT_VFS_H_
