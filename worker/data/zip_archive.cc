#include "worker/data/zip_archive.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kZip64EndSignature = 0x06064b50;
constexpr uint32_t kZip64LocatorSignature = 0x07064b50;
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr int64_t kEndBytes = 22;
constexpr int64_t kMaxCommentBytes = 65535;
constexpr int64_t kZip64LocatorBytes = 20;
constexpr int64_t kZip64EndBytes = 56;
constexpr size_t kEntryBytes = 46;
constexpr int64_t kMaxDirectoryBytes = int64_t{64} << 20;
// Stand for numbers that are to be found in zip64 fields.
constexpr uint64_t kIn64 = 0xffffffff;
constexpr uint64_t kEntriesIn64 = 0xffff;

// Where the directory lies.
struct Directory {
  uint64_t entries = 0, bytes = 0, offset = 0;
  // It ends here or before.
  int64_t limit = 0;
};

class DirectoryReader {
 public:
  explicit DirectoryReader(const RegularFile& file) : file_(file) {}

  absl::StatusOr<std::map<std::string, ZipEntry>> Read() {
    const auto directory = Find();
    if (!directory.ok()) return directory.status();
    if (directory->bytes > static_cast<uint64_t>(kMaxDirectoryBytes) ||
        directory->offset > static_cast<uint64_t>(directory->limit) ||
        directory->bytes > static_cast<uint64_t>(directory->limit) - directory->offset) {
      return Damaged("its directory lies outside of the file");
    }
    std::vector<uint8_t> bytes(directory->bytes);
    const auto count =
        file_.ReadFullyAt(static_cast<int64_t>(directory->offset), bytes.data(), bytes.size());
    if (!count.ok()) return count.status();
    if (*count < bytes.size()) return Damaged("its directory lies outside of the file");
    return Parse(bytes, directory->entries);
  }

 private:
  absl::Status Damaged(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(file_.path()), " is a damaged archive: ", what));
  }

  absl::StatusOr<std::vector<uint8_t>> ReadBytes(int64_t offset, int64_t size) const {
    std::vector<uint8_t> bytes(static_cast<size_t>(size));
    const auto count = file_.ReadFullyAt(offset, bytes.data(), bytes.size());
    if (!count.ok()) return count.status();
    bytes.resize(*count);
    return bytes;
  }

  // The directory's end is the last thing in the file, but for a comment of any length.
  absl::StatusOr<Directory> Find() const {
    const int64_t start = std::max<int64_t>(file_.size() - kEndBytes - kMaxCommentBytes, 0);
    const auto tail = ReadBytes(start, file_.size() - start);
    if (!tail.ok()) return tail.status();
    for (int64_t i = static_cast<int64_t>(tail->size()) - kEndBytes; i >= 0; --i) {
      const uint8_t* end = tail->data() + i;
      const auto behind = static_cast<uint64_t>(static_cast<int64_t>(tail->size()) - i - kEndBytes);
      if (LittleEndian(end, 4) != kEndSignature || LittleEndian(end + 20, 2) != behind) continue;
      return FromEnd(end, start + i);
    }
    return NotFound();
  }

  absl::Status NotFound() const {
    const auto start = ReadBytes(0, 6);
    if (!start.ok()) return start.status();
    const absl::string_view magic(reinterpret_cast<const char*>(start->data()), start->size());
    if (magic == "\x93NUMPY") {
      return absl::InvalidArgumentError(
          absl::StrCat(Quoted(file_.path()),
                       " is not an archive but one array: write format: npy, train_inputs: ..., "
                       "train_labels: ..."));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(file_.path()), magic.substr(0, 2) == "PK"
                                  ? " is cut off: an archive's directory is at its end"
                                  : " is not an .npz archive, as numpy.savez writes them"));
  }

  absl::StatusOr<Directory> FromEnd(const uint8_t* end, int64_t position) const {
    Directory directory;
    directory.entries = LittleEndian(end + 10, 2);
    directory.bytes = LittleEndian(end + 12, 4);
    directory.offset = LittleEndian(end + 16, 4);
    directory.limit = position;
    const bool in_64 =
        directory.entries == kEntriesIn64 || directory.bytes == kIn64 || directory.offset == kIn64;
    if (in_64) return FromZip64(position);
    if (LittleEndian(end + 4, 2) != 0 || LittleEndian(end + 8, 2) != directory.entries) {
      return Damaged("it is spread over several files");
    }
    return directory;
  }

  absl::StatusOr<Directory> FromZip64(int64_t end) const {
    const int64_t locator_at = end - kZip64LocatorBytes;
    if (locator_at < 0) return Damaged("its zip64 locator is missing");
    const auto locator = ReadBytes(locator_at, kZip64LocatorBytes);
    if (!locator.ok()) return locator.status();
    if (static_cast<int64_t>(locator->size()) < kZip64LocatorBytes ||
        LittleEndian(locator->data(), 4) != kZip64LocatorSignature) {
      return Damaged("its zip64 locator is missing");
    }
    const uint64_t at = LittleEndian(locator->data() + 8, 8);
    if (locator_at < kZip64EndBytes || at > static_cast<uint64_t>(locator_at - kZip64EndBytes)) {
      return Damaged("its zip64 directory lies outside of the file");
    }
    const auto record = ReadBytes(static_cast<int64_t>(at), kZip64EndBytes);
    if (!record.ok()) return record.status();
    if (static_cast<int64_t>(record->size()) < kZip64EndBytes ||
        LittleEndian(record->data(), 4) != kZip64EndSignature) {
      return Damaged("its zip64 directory is missing");
    }
    Directory directory;
    directory.entries = LittleEndian(record->data() + 32, 8);
    directory.bytes = LittleEndian(record->data() + 40, 8);
    directory.offset = LittleEndian(record->data() + 48, 8);
    directory.limit = static_cast<int64_t>(at);
    return directory;
  }

  absl::StatusOr<std::map<std::string, ZipEntry>> Parse(const std::vector<uint8_t>& bytes,
                                                        uint64_t count) const {
    std::map<std::string, ZipEntry> entries;
    size_t at = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const uint8_t* entry = bytes.data() + at;
      if (bytes.size() - at < kEntryBytes || LittleEndian(entry, 4) != kEntrySignature) {
        return Damaged(absl::StrCat("its directory ends in entry ", i, " of ", count));
      }
      const size_t name_bytes = LittleEndian(entry + 28, 2);
      const size_t extra_bytes = LittleEndian(entry + 30, 2);
      const size_t size = kEntryBytes + name_bytes + extra_bytes + LittleEndian(entry + 32, 2);
      if (bytes.size() - at < size) {
        return Damaged(absl::StrCat("its directory ends in entry ", i, " of ", count));
      }
      const std::string name(reinterpret_cast<const char*>(entry + kEntryBytes), name_bytes);
      const auto parsed = ParseEntry(entry, entry + kEntryBytes + name_bytes, extra_bytes);
      if (!parsed) return Damaged(absl::StrCat("the sizes of ", Quoted(name), " are missing"));
      if (!entries.emplace(name, *parsed).second) {
        return Damaged(absl::StrCat("two of its entries have the name ", Quoted(name)));
      }
      at += size;
    }
    return entries;
  }

  // nullopt: a zip64 field is missing, or holds what no file has.
  static std::optional<ZipEntry> ParseEntry(const uint8_t* bytes, const uint8_t* extra,
                                            size_t extra_bytes) {
    constexpr uint64_t kMost = int64_t{1} << 62;
    ZipEntry entry;
    entry.flags = static_cast<int>(LittleEndian(bytes + 8, 2));
    entry.method = static_cast<int>(LittleEndian(bytes + 10, 2));
    entry.checksum = static_cast<uint32_t>(LittleEndian(bytes + 16, 4));
    uint64_t sizes[3] = {LittleEndian(bytes + 24, 4), LittleEndian(bytes + 20, 4),
                         LittleEndian(bytes + 42, 4)};
    const std::pair<const uint8_t*, size_t> wide = Zip64Field(extra, extra_bytes);
    size_t used = 0;
    for (uint64_t& size : sizes) {
      if (size != kIn64) continue;
      if (wide.second - used < 8) return std::nullopt;
      size = LittleEndian(wide.first + used, 8);
      used += 8;
      if (size > kMost) return std::nullopt;
    }
    entry.bytes = static_cast<int64_t>(sizes[0]);
    entry.packed_bytes = static_cast<int64_t>(sizes[1]);
    entry.offset = static_cast<int64_t>(sizes[2]);
    return entry;
  }

  // Start and size of the extra field that holds numbers of 64 bits.
  static std::pair<const uint8_t*, size_t> Zip64Field(const uint8_t* extra, size_t size) {
    while (size >= 4) {
      const uint64_t id = LittleEndian(extra, 2);
      const size_t length = std::min<size_t>(LittleEndian(extra + 2, 2), size - 4);
      if (id == 1) return {extra + 4, length};
      extra += 4 + length;
      size -= 4 + length;
    }
    return {extra, 0};
  }

  const RegularFile& file_;
};

}  // namespace

uint64_t LittleEndian(const uint8_t* bytes, int count) {
  uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = (value << 8) | bytes[i];
  return value;
}

absl::StatusOr<ZipArchive> ZipArchive::Open(const std::string& resolved_path) {
  auto file = RegularFile::Open(resolved_path);
  if (!file.ok()) return file.status();
  auto entries = DirectoryReader(*file).Read();
  if (!entries.ok()) return entries.status();
  return ZipArchive(std::make_shared<const RegularFile>(*std::move(file)), *std::move(entries));
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

absl::StatusOr<std::unique_ptr<InputFile>> ZipArchive::OpenEntry(const std::string& name,
                                                                 std::string shown) const {
  return OpenZipEntry(file_, entries_.at(name), std::move(shown));
}

}  // namespace caviar::data
