// Files that attempts make: the network's weights, and checkpoints. They lie below the data
// directory; a row in the Store names each one that counts.
#ifndef CAVIAR_STORAGE_ARTIFACT_STORE_H_
#define CAVIAR_STORAGE_ARTIFACT_STORE_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/store.h"

namespace caviar::storage {

// Thread safe for different files; calls for one file come one after the other.
class ArtifactStore {
 public:
  // Files go below `data_directory`/artifacts. Made where missing.
  static absl::StatusOr<ArtifactStore> Open(const std::string& data_directory);

  // Writes `data` at `offset` of the unfinished file `file` (relative to the data directory, e.g.
  // "artifacts/3/17/2-weights-8.bin", each segment [A-Za-z0-9._-]+, not starting with a dot, opened
  // beneath the data directory without following links). offset 0 starts it anew; otherwise
  // `offset` is at most what was received, and what lies behind it is cut. Returns the bytes
  // received. OUT_OF_RANGE: offset past what is there (the message says how much is).
  // RESOURCE_EXHAUSTED: the disk is full; what was received is removed, so that it is not in the
  // way.
  absl::StatusOr<int64_t> Write(const std::string& file, int64_t offset, absl::string_view data);

  // Checks size and CRC-32 of the unfinished file, syncs it, renames it into its place, syncs the
  // folder. Repeating is no error. DATA_LOSS: size or checksum differ; the unfinished file is
  // removed. RESOURCE_EXHAUSTED: the disk is full.
  absl::Status Commit(const std::string& file, int64_t size, uint32_t crc32) {
    return CommitAs(file, file, size, crc32);
  }
  // The same for what was written as `unfinished`, a name in the same folder, and becomes `file`:
  // so that one unfinished file at a time takes room, whatever becomes of it.
  absl::Status CommitAs(const std::string& unfinished, const std::string& file, int64_t size,
                        uint32_t crc32);

  // Writes the part of `data` that lies behind the end of `file`, where `data` begins at `offset`;
  // for files that grow, are read meanwhile, and need not survive a power loss. Returns the file's
  // size. OUT_OF_RANGE: offset past the end. RESOURCE_EXHAUSTED: the disk is full.
  absl::StatusOr<int64_t> Append(const std::string& file, int64_t offset, absl::string_view data);

  // The time of the file's last change becomes now. NOT_FOUND: there is no such file.
  absl::Status Touch(const std::string& file);

  // NOT_FOUND: there is no such file.
  absl::StatusOr<int64_t> Size(const std::string& file) const;

  // Up to `size` bytes from `offset`. NOT_FOUND: there is no such file.
  absl::StatusOr<std::string> Read(const std::string& file, int64_t offset, int64_t size) const;

  // DATA_LOSS: the file is missing, or its size or CRC-32 is another.
  absl::Status Verify(const std::string& file, int64_t size, uint32_t crc32) const;

  // Removes a file. Repeating is no error.
  absl::Status Remove(const std::string& file);

  // Removes a folder such as "artifacts/3" with all in it. Repeating is no error.
  absl::Status RemoveFolder(const std::string& folder) { return RemoveOthers(folder, {}); }

  // Removes all in a folder but the files and folders that `keep` names, and the folder itself
  // where nothing is left.
  absl::Status RemoveOthers(const std::string& folder, const std::set<std::string>& keep);

  // Removes the files of a folder that were not changed for `age`, but for those that `keep` names.
  absl::Status RemoveOld(const std::string& folder, const std::set<std::string>& keep,
                         absl::Duration age);

  // What lies in a folder such as "artifacts/3" and below whose names end so.
  FileUsage Weigh(const std::string& folder, const std::string& ending) const;
  // Room that is left for us on the disk; 0: not known.
  int64_t FreeBytes() const;

  // As RemoveOthers in all studies' folders: those with a number for a name, directly below
  // artifacts/.
  absl::Status Sweep(const std::set<std::string>& keep);

 private:
  explicit ArtifactStore(std::string data_directory) : data_directory_(std::move(data_directory)) {}
  std::string data_directory_;
};

// CRC-32 as zlib computes it.
uint32_t Crc32(absl::string_view data);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ARTIFACT_STORE_H_
