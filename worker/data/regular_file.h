// A regular file of the dataset directory, open for reading. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_REGULAR_FILE_H_
#define CAVIAR_WORKER_DATA_REGULAR_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::data {

// What a failed call of the system says about a path. UNAVAILABLE: nothing about it, only that it
// cannot be read now.
absl::Status SystemError(const std::string& path, int error);

// Thread safe: no position is kept.
class RegularFile {
 public:
  // Opens what ResolvePath gave. PERMISSION_DENIED: something else was put in its place meanwhile.
  // INVALID_ARGUMENT: it is no regular file, or empty.
  static absl::StatusOr<RegularFile> Open(const std::string& resolved_path);
  RegularFile(RegularFile&& other) noexcept;
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;
  ~RegularFile();

  // Reads up to `size` > 0 bytes from `offset` on; 0: the file ends there.
  absl::StatusOr<size_t> ReadAt(int64_t offset, void* buffer, size_t size) const;
  // Reads all of them; less only where the file ends before.
  absl::StatusOr<size_t> ReadFullyAt(int64_t offset, void* buffer, size_t size) const;

  const std::string& path() const { return path_; }
  // When it was opened; at least 1.
  int64_t size() const { return size_; }

 private:
  RegularFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
  int64_t size_ = 0;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_REGULAR_FILE_H_
