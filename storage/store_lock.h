// One coordinator a data directory.
#ifndef CAVIAR_STORAGE_STORE_LOCK_H_
#define CAVIAR_STORAGE_STORE_LOCK_H_

#include <string>

#include "absl/status/statusor.h"

namespace caviar::storage {

// Holds <data_directory>/caviar.lock, with this process's id in it, until it goes away; the
// operating system lets go of it when the process dies, however that happens. The file stays.
class StoreLock {
 public:
  // FAILED_PRECONDITION: another one holds it; the message names its process.
  static absl::StatusOr<StoreLock> Acquire(const std::string& data_directory);

  ~StoreLock();
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&&) = delete;

 private:
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORE_LOCK_H_
