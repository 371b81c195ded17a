#include "worker/data/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/vocabulary.h"

namespace caviar::data {

using vocabulary::Quoted;

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
    case ENODEV:
    case ENXIO:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<RegularFile> RegularFile::Open(const std::string& path) {
  // Not blocking: a named pipe must not hold the slot until somebody writes.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return SystemError(path, errno);
  RegularFile file(fd, path);
  // A link put into the way since the path was resolved must not lead elsewhere.
  std::array<char, PATH_MAX> real;
  const std::string self = absl::StrCat("/proc/self/fd/", fd);
  const ssize_t length = ::readlink(self.c_str(), real.data(), real.size());
  if (length < 0) return SystemError(self, errno);
  if (absl::string_view(real.data(), static_cast<size_t>(length)) != path) {
    return absl::PermissionDeniedError(
        absl::StrCat(Quoted(path), " was replaced while it was opened"));
  }
  struct stat status;
  if (::fstat(fd, &status) != 0) return SystemError(path, errno);
  if (S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is a directory, not a file"));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is not a regular file"));
  }
  if (status.st_size == 0) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is empty"));
  }
  file.size_ = status.st_size;
  return file;
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

RegularFile::~RegularFile() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<size_t> RegularFile::ReadAt(int64_t offset, void* buffer, size_t size) const {
  while (true) {
    const ssize_t count = ::pread(fd_, buffer, size, offset);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return SystemError(path_, errno);
  }
}

absl::StatusOr<size_t> RegularFile::ReadFullyAt(int64_t offset, void* buffer, size_t size) const {
  size_t done = 0;
  while (done < size) {
    const auto count =
        ReadAt(offset + static_cast<int64_t>(done), static_cast<char*>(buffer) + done, size - done);
    if (!count.ok()) return count.status();
    if (*count == 0) break;
    done += *count;
  }
  return done;
}

}  // namespace caviar::data
