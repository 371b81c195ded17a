// All files below the data directory that rows name.
#ifndef CAVIAR_STORAGE_STORED_FILES_H_
#define CAVIAR_STORAGE_STORED_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/connection.h"

namespace caviar::storage {

struct StoredFile {
  std::string name;  // relative to the data directory
  int64_t size = 0;
  uint32_t crc32 = 0;
};

// Of studies that are not deleted: what their attempts made, and the code that they were created
// with, each once.
absl::StatusOr<std::vector<StoredFile>> ReadStoredFiles(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_STORED_FILES_H_
