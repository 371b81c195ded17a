#include "storage/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace caviar::storage {

absl::StatusOr<StoreLock> StoreLock::Acquire(const std::string& data_directory) {
  const std::string file = data_directory + "/caviar.lock";
  const int descriptor =
      open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (descriptor < 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot open ", file, ": ", std::strerror(errno), "; the data directory must be writable"));
  }
  StoreLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    char text[32] = {};
    const ssize_t size = pread(descriptor, text, sizeof(text) - 1, 0);
    const absl::string_view pid =
        absl::StripAsciiWhitespace(absl::string_view(text, size > 0 ? size : 0));
    if (error == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat(data_directory, " is in use by another coordinator",
                       pid.empty() ? "" : absl::StrCat(" (process ", pid, ")"),
                       "; stop that one, or use another data directory"));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot lock ", file, ": ", std::strerror(error), "; use a local file system"));
  }
  // Only for the message above; a disk too full for it is noticed soon enough.
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(descriptor, 0) == 0) (void)!pwrite(descriptor, pid.data(), pid.size(), 0);
  return lock;
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace caviar::storage
