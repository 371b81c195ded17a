#include "storage/backup_format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "storage/beneath.h"

namespace caviar::storage {
namespace {

constexpr size_t kPiece = 1 << 20;
constexpr uint32_t kMaxName = 2048;
constexpr absl::string_view kFirstEntry = "caviar.db";
constexpr int kCommitInEnd = 1 + 4;
constexpr int kEndBytes = kCommitInEnd + 8 + 4;

template <typename Number>
std::string Bytes(Number number) {
  std::string bytes(sizeof(number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(number));  // little endian, as row_checksum.cc asserts
  return bytes;
}

// As many bytes as `bytes` has; false: they are not there, or cannot be read.
bool ReadAt(const Descriptor& descriptor, int64_t offset, std::string& bytes) {
  return pread(descriptor.number(), bytes.data(), bytes.size(), offset) ==
         static_cast<ssize_t>(bytes.size());
}

// The parts of one backup, in their order.
class Parser {
 public:
  Parser(const std::string& file, const BackupSink& sink) : file_(file), sink_(sink) {}

  absl::StatusOr<BackupContents> Read() {
    descriptor_ = Descriptor(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor_.number() < 0) return FileError(errno, absl::StrCat("opening ", file_));
    std::string magic;
    absl::Status status = Take(kBackupMagic.size(), magic);
    if (!status.ok() || magic != kBackupMagic) {
      return absl::DataLossError(absl::StrCat(file_, " is no backup of this Caviar"));
    }
    std::string kind;
    uint32_t entries = 0;
    for (status = Take(1, kind); status.ok() && kind == "F"; status = Take(1, kind)) {
      if (status = Entry(); !status.ok()) return status;
      ++entries;
    }
    if (!status.ok()) return status;
    if (kind != "E") return Damaged("neither a file nor the end follows");
    return End(entries);
  }

 private:
  absl::Status Entry() {
    uint32_t name_size = 0;
    if (absl::Status status = Number(name_size); !status.ok()) return status;
    if (name_size == 0 || name_size > kMaxName) return Damaged("a file's name is too long");
    std::string name;
    if (absl::Status status = Take(name_size, name); !status.ok()) return status;
    uint64_t size = 0;
    if (absl::Status status = Number(size); !status.ok()) return status;
    if (absl::Status status = sink_.begin(name); !status.ok()) return status;
    uint32_t sum = 0;
    std::string piece;
    for (uint64_t left = size; left > 0; left -= piece.size()) {
      absl::Status status = Take(std::min<uint64_t>(left, kPiece), piece);
      if (status.ok()) status = sink_.write(piece);
      if (!status.ok()) return status;
      sum = ExtendChecksum(sum, piece);
    }
    uint32_t expected = 0;
    if (absl::Status status = Number(expected); !status.ok()) return status;
    if (sum != expected) return Damaged(absl::StrCat(name, " does not fit its checksum"));
    return sink_.end();
  }

  absl::StatusOr<BackupContents> End(uint32_t entries) {
    uint32_t expected_entries = 0;
    uint64_t commit = 0;
    absl::Status status = Number(expected_entries);
    if (status.ok()) status = Number(commit);
    const uint32_t sum = sum_;
    uint32_t expected = 0;
    if (status.ok()) status = Number(expected);
    if (!status.ok()) return status;
    if (entries == 0 || entries != expected_entries || sum != expected) {
      return Damaged("it does not fit the checksum at its end");
    }
    char more = 0;
    if (read(descriptor_.number(), &more, 1) != 0) return Damaged("more follows its end");
    return BackupContents{static_cast<int64_t>(commit), entries - int64_t{1}, offset_};
  }

  // The next `size` bytes, all of them.
  absl::Status Take(size_t size, std::string& bytes) {
    bytes.resize(size);
    for (size_t received = 0; received < size;) {
      const ssize_t count = read(descriptor_.number(), bytes.data() + received, size - received);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return FileError(errno, absl::StrCat("reading ", file_));
      if (count == 0) return Damaged("it ends there: it was cut");
      received += static_cast<size_t>(count);
      offset_ += count;
    }
    sum_ = ExtendChecksum(sum_, bytes);
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status Number(T& number) {
    std::string bytes;
    if (absl::Status status = Take(sizeof(number), bytes); !status.ok()) return status;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return absl::OkStatus();
  }

  absl::Status Damaged(absl::string_view what) const {
    return absl::DataLossError(absl::StrCat(file_, " is a damaged backup, at byte ", offset_, ": ",
                                            what, "; use another one"));
  }

  const std::string& file_;
  const BackupSink& sink_;
  Descriptor descriptor_;
  int64_t offset_ = 0;
  uint32_t sum_ = 0;
};

}  // namespace

std::string BackupEntryHead(absl::string_view name, int64_t size) {
  return absl::StrCat("F", Bytes(static_cast<uint32_t>(name.size())), name, Bytes(size));
}

std::string BackupEnd(uint32_t entries, int64_t commit) {
  return absl::StrCat("E", Bytes(entries), Bytes(commit));
}

absl::StatusOr<BackupSeal> ReadBackupSeal(const std::string& file) {
  const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat found = {};
  if (descriptor.number() < 0 || fstat(descriptor.number(), &found) != 0) {
    return FileError(errno, absl::StrCat("opening ", file));
  }
  const absl::Status no_backup = absl::DataLossError(absl::StrCat(file, " is no backup, or cut"));
  if (!S_ISREG(found.st_mode)) return no_backup;
  BackupSeal seal{.bytes = static_cast<int64_t>(found.st_size)};
  int64_t size = 0;
  const std::string head = absl::StrCat(kBackupMagic, BackupEntryHead(kFirstEntry, size));
  const size_t before = head.size() - sizeof(size);
  std::string begin(head.size(), '\0'), checksum(sizeof(uint32_t), '\0'), end(kEndBytes, '\0');
  if (!ReadAt(descriptor, 0, begin)) return no_backup;
  std::memcpy(&size, begin.data() + before, sizeof(size));
  if (begin.compare(0, before, head, 0, before) != 0 || size < 0 || size > seal.bytes ||
      !ReadAt(descriptor, static_cast<int64_t>(head.size()) + size, checksum) ||
      !ReadAt(descriptor, seal.bytes - kEndBytes, end) || end.front() != 'E') {
    return no_backup;
  }
  std::memcpy(&seal.database_crc32, checksum.data(), sizeof(seal.database_crc32));
  std::memcpy(&seal.commit, end.data() + kCommitInEnd, sizeof(seal.commit));
  return seal;
}

uint32_t ExtendChecksum(uint32_t sum, absl::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string BackupChecksum(uint32_t crc32) { return Bytes(crc32); }

absl::StatusOr<BackupContents> ReadBackup(const std::string& file, const BackupSink& sink) {
  return Parser(file, sink).Read();
}

}  // namespace caviar::storage
