#include "worker/data/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {
namespace {

using vocabulary::Quoted;

// Deflate makes at most 1032 bytes of one.
constexpr int64_t kMaxExpansion = 1032;
constexpr size_t kBufferBytes = size_t{256} << 10;

absl::Status SystemError(const std::string& path, int error) {
  const std::string message = absl::StrCat(Quoted(path), ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(Quoted(path), ": there is no such file"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    case ENAMETOOLONG:
    case ELOOP:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// The path without links and dots.
absl::StatusOr<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) return SystemError(path, errno);
  return std::string(real.get());
}

bool IsBelow(const std::string& path, const std::string& directory) {
  return directory == "/" || absl::StartsWith(path, directory + "/");
}

// `path` with its dots resolved by text alone; absolute.
std::string Normal(const std::filesystem::path& path) {
  std::string normal = path.lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<size_t> ReadSome(int fd, const std::string& path, void* buffer, size_t size) {
  while (true) {
    const ssize_t count = ::read(fd, buffer, size);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return SystemError(path, errno);
  }
}

class PlainFile final : public InputFile {
 public:
  PlainFile(Descriptor fd, std::string path, int64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  absl::StatusOr<size_t> Read(void* buffer, size_t size) override {
    return ReadSome(fd_.get(), path_, buffer, size);
  }
  int64_t MaxBytes() const override { return size_; }
  const std::string& path() const override { return path_; }

 private:
  Descriptor fd_;
  std::string path_;
  int64_t size_;
};

class GzipFile final : public InputFile {
 public:
  GzipFile(Descriptor fd, std::string path, int64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) std::abort();  // out of memory
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
        auto count = ReadSome(fd_.get(), path_, input_.data(), input_.size());
        if (!count.ok()) return count.status();
        if (*count == 0) {
          if (between_members_) return size_t{0};
          return Broken("is cut off: its gzip data ends in the middle");
        }
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
        if (result == Z_MEM_ERROR) {
          return absl::ResourceExhaustedError(
              absl::StrCat(Quoted(path_), ": not enough memory to unpack it"));
        }
        const char* detail = stream_.msg != nullptr ? stream_.msg : "bad data";
        return Broken(absl::StrCat(first_member_ ? "is damaged: its gzip data is not valid ("
                                                 : "has bytes after its gzip data (",
                                   detail, ")"));
      }
    }
    return size - stream_.avail_out;
  }

  int64_t MaxBytes() const override { return size_ * kMaxExpansion; }
  const std::string& path() const override { return path_; }

 private:
  absl::Status Broken(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path_), " ", what));
  }

  Descriptor fd_;
  std::string path_;
  int64_t size_;
  z_stream stream_ = {};
  bool between_members_ = false;
  bool first_member_ = true;
  std::array<Bytef, kBufferBytes> input_;
};

}  // namespace

absl::StatusOr<std::string> ResolvePath(const std::string& dataset_dir, const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of a data file is missing");
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), ": a path has no NUL byte"));
  }
  if (dataset_dir.empty()) return RealPath(path);

  std::error_code error;
  const std::filesystem::path directory = std::filesystem::absolute(dataset_dir, error);
  const absl::StatusOr<std::string> real_directory =
      error ? SystemError(dataset_dir, error.value()) : RealPath(directory.string());
  if (!real_directory.ok()) {
    return absl::Status(real_directory.status().code(),
                        absl::StrCat("the dataset directory ", real_directory.status().message()));
  }
  const absl::Status outside = absl::PermissionDeniedError(
      absl::StrCat(Quoted(path), " is outside of the dataset directory ", Quoted(dataset_dir),
                   ": the worker's --dataset-dir allows only what is in it"));
  // First by text, so that nothing is learned about files outside; then where links really lead.
  const std::string joined = Normal(directory / path);
  if (!IsBelow(joined, Normal(directory)) && !IsBelow(joined, *real_directory)) return outside;
  auto real = RealPath((directory / path).string());
  if (real.ok() && !IsBelow(*real, *real_directory)) return outside;
  return real;
}

absl::StatusOr<std::string> FileIdentity(const std::string& resolved_path) {
  struct stat status;
  if (::stat(resolved_path.c_str(), &status) != 0) return SystemError(resolved_path, errno);
  return absl::StrCat(resolved_path, "|", status.st_dev, "|", status.st_ino, "|", status.st_size,
                      "|", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec, "|",
                      status.st_ctim.tv_sec, ".", status.st_ctim.tv_nsec);
}

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  // Not blocking: a named pipe must not hold the slot until somebody writes.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0) return SystemError(path, errno);
  // A link put into the way since the path was resolved must not lead elsewhere.
  std::array<char, PATH_MAX> real;
  const std::string self = absl::StrCat("/proc/self/fd/", fd.get());
  const ssize_t length = ::readlink(self.c_str(), real.data(), real.size());
  if (length < 0) return SystemError(self, errno);
  if (absl::string_view(real.data(), static_cast<size_t>(length)) != path) {
    return absl::PermissionDeniedError(
        absl::StrCat(Quoted(path), " was replaced while it was opened"));
  }
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return SystemError(path, errno);
  if (S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is a directory, not a file"));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is not a regular file"));
  }
  if (status.st_size == 0)
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is empty"));

  std::array<unsigned char, 2> magic = {};
  const ssize_t count = ::pread(fd.get(), magic.data(), magic.size(), 0);
  if (count < 0) return SystemError(path, errno);
  std::unique_ptr<InputFile> file;
  if (magic[0] == 0x1f && magic[1] == 0x8b) {
    file = std::make_unique<GzipFile>(std::move(fd), path, status.st_size);
  } else {
    file = std::make_unique<PlainFile>(std::move(fd), path, status.st_size);
  }
  return file;
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
