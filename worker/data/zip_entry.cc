// One entry of an archive, unpacked while it is read.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/data/zip_archive.h"

namespace caviar::data {
namespace {

constexpr uint64_t kLocalSignature = 0x04034b50;
constexpr int64_t kLocalHeaderBytes = 30;
constexpr int kEncrypted = 1;
constexpr int kStored = 0;
constexpr int kDeflated = 8;

class ZipEntryFile : public InputFile {
 public:
  ZipEntryFile(std::shared_ptr<const RegularFile> file, const ZipEntry& entry, int64_t start,
               std::string name)
      : file_(std::move(file)),
        entry_(entry),
        name_(std::move(name)),
        position_(start),
        packed_left_(entry.packed_bytes) {}

  absl::StatusOr<size_t> Read(void* buffer, size_t size) final {
    const auto count = Unpack(buffer, std::min(size, size_t{1} << 30));
    if (!count.ok()) return count.status();
    if (*count == 0) {
      if (done_ != entry_.bytes) {
        return Wrong(absl::StrCat("is damaged: it has ", done_, " bytes, but ", entry_.bytes,
                                  " according to its archive"));
      }
      if (checksum_ != entry_.checksum) return Wrong("is damaged: its checksum does not match");
      return size_t{0};
    }
    checksum_ = static_cast<uint32_t>(
        ::crc32_z(checksum_, static_cast<const Bytef*>(buffer), static_cast<z_size_t>(*count)));
    done_ += static_cast<int64_t>(*count);
    if (done_ > entry_.bytes) {
      return Wrong(absl::StrCat("is damaged: it has more than the ", entry_.bytes,
                                " bytes that its archive says"));
    }
    return count;
  }

  const std::string& name() const final { return name_; }

 protected:
  // The next unpacked bytes; 0: there are none.
  virtual absl::StatusOr<size_t> Unpack(void* buffer, size_t size) = 0;

  // The next bytes as they are in the archive; 0: the entry is over.
  absl::StatusOr<size_t> ReadPacked(void* buffer, size_t size) {
    size = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(size), packed_left_));
    if (size == 0) return size_t{0};
    const auto count = file_->ReadAt(position_, buffer, size);
    if (!count.ok()) return count.status();
    if (*count == 0) return Wrong("is cut off");
    position_ += static_cast<int64_t>(*count);
    packed_left_ -= static_cast<int64_t>(*count);
    return count;
  }

  const ZipEntry& entry() const { return entry_; }

 private:
  std::shared_ptr<const RegularFile> file_;
  const ZipEntry entry_;
  const std::string name_;
  int64_t position_, packed_left_, done_ = 0;
  uint32_t checksum_ = 0;  // crc32 of nothing
};

class StoredEntry final : public ZipEntryFile {
 public:
  using ZipEntryFile::ZipEntryFile;
  int64_t MaxBytes() const override { return std::min(entry().packed_bytes, entry().bytes); }

 private:
  absl::StatusOr<size_t> Unpack(void* buffer, size_t size) override {
    return ReadPacked(buffer, size);
  }
};

class DeflatedEntry final : public ZipEntryFile {
 public:
  DeflatedEntry(std::shared_ptr<const RegularFile> file, const ZipEntry& entry, int64_t start,
                std::string name)
      : ZipEntryFile(std::move(file), entry, start, std::move(name)) {
    constexpr int kRaw = -MAX_WBITS;
    if (::inflateInit2(&stream_, kRaw) != Z_OK) throw std::bad_alloc();
  }
  ~DeflatedEntry() override { ::inflateEnd(&stream_); }
  DeflatedEntry(const DeflatedEntry&) = delete;
  DeflatedEntry& operator=(const DeflatedEntry&) = delete;

  int64_t MaxBytes() const override {
    // The packed bytes lie in the file, so that the product does not overflow.
    return std::min(entry().packed_bytes * kMaxExpansion, entry().bytes);
  }

 private:
  absl::StatusOr<size_t> Unpack(void* buffer, size_t size) override {
    stream_.next_out = static_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    while (!over_ && stream_.avail_out == size) {
      if (stream_.avail_in == 0) {
        const auto count = ReadPacked(input_.data(), input_.size());
        if (!count.ok()) return count.status();
        if (*count == 0) return Wrong("is damaged: its packed data ends in the middle");
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<uInt>(*count);
      }
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        over_ = true;
      } else if (result == Z_MEM_ERROR) {
        throw std::bad_alloc();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return Wrong(absl::StrCat("is damaged: its packed data is not valid (",
                                  stream_.msg != nullptr ? stream_.msg : "bad data", ")"));
      }
    }
    return size - stream_.avail_out;
  }

  z_stream stream_ = {};
  bool over_ = false;
  std::array<Bytef, kBufferBytes> input_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> OpenZipEntry(std::shared_ptr<const RegularFile> file,
                                                        const ZipEntry& entry, std::string shown) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(shown, " ", what));
  };
  if ((entry.flags & kEncrypted) != 0) return wrong("is encrypted, which is not read");
  if (entry.method != kStored && entry.method != kDeflated) {
    return wrong(absl::StrCat("is packed by method ", entry.method,
                              "; read is what numpy.savez and savez_compressed write"));
  }
  std::array<uint8_t, kLocalHeaderBytes> header = {};
  const int64_t room = file->size() - kLocalHeaderBytes;
  if (entry.offset > room) return wrong("is damaged: it lies outside of its archive");
  const auto count = file->ReadFullyAt(entry.offset, header.data(), header.size());
  if (!count.ok()) return count.status();
  if (LittleEndian(header.data(), 4) != kLocalSignature) {
    return wrong("is damaged: it is not where its archive says");
  }
  const int64_t start = entry.offset + kLocalHeaderBytes +
                        static_cast<int64_t>(LittleEndian(header.data() + 26, 2) +
                                             LittleEndian(header.data() + 28, 2));
  if (start > file->size() || entry.packed_bytes > file->size() - start) {
    return wrong("is damaged: it lies outside of its archive");
  }
  std::unique_ptr<InputFile> opened;
  if (entry.method == kStored) {
    opened = std::make_unique<StoredEntry>(std::move(file), entry, start, std::move(shown));
  } else {
    opened = std::make_unique<DeflatedEntry>(std::move(file), entry, start, std::move(shown));
  }
  return opened;
}

}  // namespace caviar::data
