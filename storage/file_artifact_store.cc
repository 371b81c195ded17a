#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/artifact_place.h"
#include "storage/artifact_store.h"
#include "storage/beneath.h"

namespace caviar::storage {
namespace {

// Opens a plain file of the folder; anything else is refused.
absl::StatusOr<Descriptor> OpenFile(const Descriptor& folder, const std::string& name, int flags) {
  // O_NONBLOCK: a pipe that stands there must not hold us up.
  Descriptor file(openat(folder.number(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                         S_IRUSR | S_IWUSR));
  if (file.number() < 0) return FileError(errno, absl::StrCat("opening ", name));
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) return FileError(errno, absl::StrCat("asking ", name));
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(name, " is no plain file; remove it"));
  }
  return file;
}

int64_t SizeOf(const Descriptor& file) {
  struct stat status = {};
  return fstat(file.number(), &status) == 0 ? static_cast<int64_t>(status.st_size) : -1;
}

absl::Status WriteAll(const Descriptor& file, int64_t offset, absl::string_view data,
                      const std::string& name) {
  while (!data.empty()) {
    const ssize_t written = pwrite(file.number(), data.data(), data.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, absl::StrCat("writing ", name));
    data.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return absl::OkStatus();
}

// Up to `size` bytes from `offset`.
absl::StatusOr<std::string> ReadPart(const Descriptor& file, int64_t offset, int64_t size) {
  std::string data(static_cast<size_t>(size), '\0');
  size_t received = 0;
  while (received < data.size()) {
    const ssize_t count =
        pread(file.number(), data.data() + received, data.size() - received, offset + received);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "reading an artifact");
    if (count == 0) break;
    received += static_cast<size_t>(count);
  }
  data.resize(received);
  return data;
}

// Whether the file has this size and checksum.
absl::StatusOr<bool> Matches(const Descriptor& file, int64_t size, uint32_t crc32) {
  if (SizeOf(file) != size) return false;
  constexpr int64_t kChunk = 1 << 20;
  uLong sum = ::crc32_z(0, nullptr, 0);
  for (int64_t offset = 0; offset < size; offset += kChunk) {
    absl::StatusOr<std::string> data = ReadPart(file, offset, std::min(kChunk, size - offset));
    if (!data.ok()) return data.status();
    sum = ::crc32_z(sum, reinterpret_cast<const Bytef*>(data->data()), data->size());
  }
  return static_cast<uint32_t>(sum) == crc32;
}

absl::StatusOr<bool> MatchesNamed(const ArtifactPlace& place, const std::string& name, int64_t size,
                                  uint32_t crc32) {
  absl::StatusOr<Descriptor> file = OpenFile(place.folder, name, O_RDONLY);
  if (absl::IsNotFound(file.status())) return false;
  if (!file.ok()) return file.status();
  return Matches(*file, size, crc32);
}

// Makes the entries of all folders on the way durable, the innermost one first.
absl::Status SyncFolders(const std::string& root, const ArtifactPlace& place) {
  for (size_t count = place.segments.size(); count-- > 0;) {
    absl::StatusOr<Descriptor> folder = OpenFolder(root, place.segments, count, false);
    if (!folder.ok()) return folder.status();
    if (fsync(folder->number()) != 0) return FileError(errno, "syncing a folder");
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t Crc32(absl::string_view data) {
  return static_cast<uint32_t>(::crc32_z(::crc32_z(0, nullptr, 0),
                                         reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

absl::StatusOr<ArtifactStore> ArtifactStore::Open(const std::string& data_directory) {
  std::error_code error;
  std::filesystem::create_directories(data_directory, error);
  absl::StatusOr<Descriptor> folder = OpenFolder(data_directory, {kArtifactFolder}, 1, true);
  if (!folder.ok()) return folder.status();
  return ArtifactStore(data_directory);
}

absl::StatusOr<int64_t> ArtifactStore::Write(const std::string& file, int64_t offset,
                                             absl::string_view data) {
  if (offset < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("offset ", offset, " of ", file, " is negative"));
  }
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, true);
  if (!place.ok()) return place.status();
  absl::StatusOr<Descriptor> part =
      OpenFile(place->folder, place->unfinished, O_WRONLY | (offset == 0 ? O_CREAT : 0));
  if (!part.ok() && !absl::IsNotFound(part.status())) return part.status();
  const int64_t received = part.ok() ? SizeOf(*part) : 0;
  if (offset > received || !part.ok()) {
    return absl::OutOfRangeError(absl::StrCat("offset ", offset, " of ", file, ": only ", received,
                                              " bytes were received; go on from there"));
  }
  if (ftruncate(part->number(), offset) != 0) {
    return FileError(errno, absl::StrCat("cutting ", file));
  }
  if (absl::Status status = WriteAll(*part, offset, data, file); !status.ok()) {
    if (absl::IsResourceExhausted(status)) {
      unlinkat(place->folder.number(), place->unfinished.c_str(), 0);
    }
    return status;
  }
  return offset + static_cast<int64_t>(data.size());
}

absl::Status ArtifactStore::CommitAs(const std::string& unfinished_file, const std::string& file,
                                     int64_t size, uint32_t crc32) {
  absl::StatusOr<ArtifactPlace> written = FindArtifactPlace(data_directory_, unfinished_file, true);
  if (!written.ok()) return written.status();
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, true);
  if (!place.ok()) return place.status();
  place->unfinished = written->unfinished;
  written->segments.back() = place->name;
  if (written->segments != place->segments) {
    return absl::InvalidArgumentError(
        absl::StrCat(unfinished_file, " and ", file, " lie in different folders"));
  }
  const int folder = place->folder.number();
  const char* unfinished = place->unfinished.c_str();
  absl::StatusOr<bool> received = MatchesNamed(*place, place->unfinished, size, crc32);
  if (!received.ok()) return received.status();
  if (!*received) {
    unlinkat(folder, unfinished, 0);
    absl::StatusOr<bool> committed = MatchesNamed(*place, place->name, size, crc32);
    if (!committed.ok()) return committed.status();
    if (*committed) return SyncFolders(data_directory_, *place);
    return absl::DataLossError(absl::StrCat(file, ": what was received is not the ", size,
                                            " bytes of CRC-32 ", absl::Hex(crc32, absl::kZeroPad8),
                                            "; send the file again from its start"));
  }
  absl::StatusOr<Descriptor> part = OpenFile(place->folder, place->unfinished, O_WRONLY);
  if (!part.ok()) return part.status();
  if (fsync(part->number()) != 0) {
    // What was written may be gone although it can still be read: it cannot be gone on from.
    absl::Status status = FileError(errno, absl::StrCat("syncing ", file));
    unlinkat(folder, unfinished, 0);
    if (absl::IsResourceExhausted(status)) return status;
    return absl::DataLossError(
        absl::StrCat(status.message(), "; send the file again from its start"));
  }
  if (renameat(folder, unfinished, folder, place->name.c_str()) != 0) {
    return FileError(errno, absl::StrCat("renaming ", file));
  }
  return SyncFolders(data_directory_, *place);
}

absl::StatusOr<int64_t> ArtifactStore::Append(const std::string& file, int64_t offset,
                                              absl::string_view data) {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, true);
  if (!place.ok()) return place.status();
  absl::StatusOr<Descriptor> opened = OpenFile(place->folder, place->name, O_WRONLY | O_CREAT);
  if (!opened.ok()) return opened.status();
  const int64_t size = SizeOf(*opened);
  if (offset < 0 || offset > size) {
    return absl::OutOfRangeError(
        absl::StrCat("offset ", offset, " of ", file, ": only ", size, " bytes are there"));
  }
  const auto known = static_cast<size_t>(size - offset);
  if (known >= data.size()) return size;
  data.remove_prefix(known);
  if (absl::Status status = WriteAll(*opened, size, data, file); !status.ok()) return status;
  return size + static_cast<int64_t>(data.size());
}

absl::Status ArtifactStore::Touch(const std::string& file) {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, false);
  if (!place.ok()) return place.status();
  if (utimensat(place->folder.number(), place->name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) {
    return absl::OkStatus();
  }
  return FileError(errno, absl::StrCat("touching ", file));
}

absl::Status ArtifactStore::Verify(const std::string& file, int64_t size, uint32_t crc32) const {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, false);
  if (!place.ok() && !absl::IsNotFound(place.status())) return place.status();
  const absl::StatusOr<bool> same =
      place.ok() ? MatchesNamed(*place, place->name, size, crc32) : false;
  if (!same.ok()) return same.status();
  if (*same) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      data_directory_, "/", file, " is missing, or is not the ", size, " bytes of CRC-32 ",
      absl::Hex(crc32, absl::kZeroPad8), " that were stored: restore a backup"));
}

absl::StatusOr<int64_t> ArtifactStore::Size(const std::string& file) const {
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, false);
  if (!place.ok()) return place.status();
  absl::StatusOr<Descriptor> stored = OpenFile(place->folder, place->name, O_RDONLY);
  if (!stored.ok()) return stored.status();
  return SizeOf(*stored);
}

absl::StatusOr<std::string> ArtifactStore::Read(const std::string& file, int64_t offset,
                                                int64_t size) const {
  if (offset < 0 || size < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("offset ", offset, " or size ", size, " of ", file, " is negative"));
  }
  absl::StatusOr<ArtifactPlace> place = FindArtifactPlace(data_directory_, file, false);
  if (!place.ok()) return place.status();
  absl::StatusOr<Descriptor> stored = OpenFile(place->folder, place->name, O_RDONLY);
  if (!stored.ok()) return stored.status();
  const int64_t left = std::max<int64_t>(SizeOf(*stored) - offset, 0);
  return ReadPart(*stored, offset, std::min(size, left));
}

}  // namespace caviar::storage
