// A file of the dataset directory, unpacked while it is read. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_INPUT_FILE_H_
#define CAVIAR_WORKER_DATA_INPUT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::data {

// Where a path of a study leads, without links and dots. Relative ones start in `dataset_dir`;
// where that is given, PERMISSION_DENIED for all that lies outside, whether it exists or not.
// NOT_FOUND: there is no such file.
absl::StatusOr<std::string> ResolvePath(const std::string& dataset_dir, const std::string& path);

// Changes when the file is replaced or written to: device, inode, size, time of change.
absl::StatusOr<std::string> FileIdentity(const std::string& resolved_path);

// Of a file, read at once.
inline constexpr size_t kBufferBytes = size_t{256} << 10;

// Used by one thread.
class InputFile {
 public:
  // Opens a regular file that ResolvePath gave. Gzip is known by its contents.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(const std::string& resolved_path);
  virtual ~InputFile() = default;

  // Reads up to `size` > 0 unpacked bytes; 0: the file is over, and what was packed is whole and
  // unharmed. INVALID_ARGUMENT: it is not.
  virtual absl::StatusOr<size_t> Read(void* buffer, size_t size) = 0;

  // The file can hold no more unpacked bytes than this.
  virtual int64_t MaxBytes() const = 0;

  // For messages: the path in quotes, and the array where it is one of an archive.
  virtual const std::string& name() const = 0;

  // INVALID_ARGUMENT: "NAME what".
  absl::Status Wrong(absl::string_view what) const;
};

// Deflate makes at most this many bytes of one.
inline constexpr int64_t kMaxExpansion = 1032;

// Reads exactly `size` bytes unless the file is over before; returns how many were read.
absl::StatusOr<size_t> ReadFully(InputFile& file, void* buffer, size_t size);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_INPUT_FILE_H_
