#include "worker/data/input_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"
#include "worker/data/regular_file.h"

namespace caviar::data {
namespace {

class PlainFile final : public InputFile {
 public:
  explicit PlainFile(RegularFile file)
      : file_(std::move(file)), name_(vocabulary::Quoted(file_.path())) {}
  absl::StatusOr<size_t> Read(void* buffer, size_t size) override {
    auto count = file_.ReadAt(position_, buffer, size);
    if (count.ok()) position_ += static_cast<int64_t>(*count);
    return count;
  }
  int64_t MaxBytes() const override { return file_.size(); }
  const std::string& name() const override { return name_; }

 private:
  RegularFile file_;
  std::string name_;
  int64_t position_ = 0;
};

class GzipFile final : public InputFile {
 public:
  explicit GzipFile(RegularFile file)
      : file_(std::move(file)), name_(vocabulary::Quoted(file_.path())) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipFile() override { ::inflateEnd(&stream_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  absl::StatusOr<size_t> Read(void* buffer, size_t size) override {
    size = std::min(size, size_t{1} << 30);
    stream_.next_out = static_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (stream_.avail_in == 0) {
        const auto count = file_.ReadAt(position_, input_.data(), input_.size());
        if (!count.ok()) return count.status();
        if (*count == 0) {
          if (between_members_) return size_t{0};
          return Wrong("is cut off: its gzip data ends in the middle");
        }
        position_ += static_cast<int64_t>(*count);
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<uInt>(*count);
      }
      if (between_members_) {
        // Members may follow each other; anything else does not belong there.
        between_members_ = false;
        first_member_ = false;
        ::inflateReset(&stream_);
      }
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return InflateError(result);
      }
    }
    return size - stream_.avail_out;
  }

  int64_t MaxBytes() const override { return file_.size() * kMaxExpansion; }
  const std::string& name() const override { return name_; }

 private:
  absl::Status InflateError(int result) const {
    if (result == Z_MEM_ERROR) {
      return absl::ResourceExhaustedError(absl::StrCat(name_, ": not enough memory to unpack it"));
    }
    const char* detail = stream_.msg != nullptr ? stream_.msg : "bad data";
    return Wrong(absl::StrCat(first_member_ ? "is damaged: its gzip data is not valid ("
                                            : "has bytes after its gzip data (",
                              detail, ")"));
  }

  RegularFile file_;
  std::string name_;
  int64_t position_ = 0;
  z_stream stream_ = {};
  bool between_members_ = false;
  bool first_member_ = true;
  std::array<Bytef, kBufferBytes> input_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& resolved_path) {
  auto file = RegularFile::Open(resolved_path);
  if (!file.ok()) return file.status();
  std::array<unsigned char, 2> magic = {};
  const auto count = file->ReadFullyAt(0, magic.data(), magic.size());
  if (!count.ok()) return count.status();
  std::unique_ptr<InputFile> input;
  if (magic[0] == 0x1f && magic[1] == 0x8b) {
    input = std::make_unique<GzipFile>(*std::move(file));
  } else {
    input = std::make_unique<PlainFile>(*std::move(file));
  }
  return input;
}

absl::Status InputFile::Wrong(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(name(), " ", what));
}

absl::StatusOr<size_t> ReadFully(InputFile& file, void* buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    const auto count = file.Read(static_cast<char*>(buffer) + done, size - done);
    if (!count.ok()) return count.status();
    if (*count == 0) break;
    done += *count;
  }
  return done;
}

}  // namespace caviar::data
