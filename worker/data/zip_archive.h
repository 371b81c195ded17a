// Zip archives (PKWARE's APPNOTE 6.3), as numpy.savez and savez_compressed write them: entries that
// are stored or deflated, with zip64 where they are large. Internal to this room.
//
//   archive := (local_header value*)* directory_entry* [zip64_end zip64_locator] end
// The directory at the end is what counts; of a local header only its length is read.
#ifndef CAVIAR_WORKER_DATA_ZIP_ARCHIVE_H_
#define CAVIAR_WORKER_DATA_ZIP_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/data/input_file.h"
#include "worker/data/regular_file.h"

namespace caviar::data {

// What the directory says of an entry.
struct ZipEntry {
  int flags = 0;
  int method = 0;
  uint32_t checksum = 0;
  int64_t packed_bytes = 0;
  int64_t bytes = 0;
  // Of the local header, from the start of the file.
  int64_t offset = 0;
};

// Immutable and thread safe.
class ZipArchive {
 public:
  // Reads the directory of a file that ResolvePath gave. INVALID_ARGUMENT: it is no archive, cut
  // off, damaged, or has two entries of one name.
  static absl::StatusOr<ZipArchive> Open(const std::string& resolved_path);

  // In the order of their bytes.
  std::vector<std::string> names() const;
  bool Has(const std::string& name) const { return entries_.count(name) > 0; }
  // Opens an entry that there is; `shown` is its name in messages. The entry may be read when the
  // archive is gone.
  absl::StatusOr<std::unique_ptr<InputFile>> OpenEntry(const std::string& name,
                                                       std::string shown) const;
  const std::string& path() const { return file_->path(); }

 private:
  ZipArchive(std::shared_ptr<const RegularFile> file, std::map<std::string, ZipEntry> entries)
      : file_(std::move(file)), entries_(std::move(entries)) {}

  std::shared_ptr<const RegularFile> file_;
  std::map<std::string, ZipEntry> entries_;
};

// The unpacked bytes of an entry; its end is reached only where its length and checksum are right.
// INVALID_ARGUMENT: it is encrypted, packed in another way than by deflate, or lies outside of the
// file.
absl::StatusOr<std::unique_ptr<InputFile>> OpenZipEntry(std::shared_ptr<const RegularFile> file,
                                                        const ZipEntry& entry, std::string shown);

// A little-endian number of `count` bytes.
uint64_t LittleEndian(const uint8_t* bytes, int count);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_ZIP_ARCHIVE_H_
