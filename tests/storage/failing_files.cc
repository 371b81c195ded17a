#include "tests/storage/failing_files.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace caviar::storage {
namespace {

struct Armed {
  FileFault fault;
  std::string ending;
  int met = 0;
};

std::mutex mutex;
std::condition_variable changed;
std::optional<Armed> armed;

bool Fails(FileFault fault, int descriptor) {
  const std::lock_guard lock(mutex);
  if (!armed || armed->fault != fault) return false;
  std::error_code error;
  const auto path =
      std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", descriptor), error);
  if (!absl::EndsWith(path.string(), armed->ending)) return false;
  ++armed->met;
  changed.notify_all();
  errno = fault == FileFault::kWrite ? EDQUOT : EIO;
  return true;
}

}  // namespace

FailingFiles::FailingFiles(FileFault fault, const std::string& ending) {
  const std::lock_guard lock(mutex);
  armed = Armed{fault, ending};
}

FailingFiles::~FailingFiles() {
  const std::lock_guard lock(mutex);
  armed.reset();
}

int FailingFiles::met() const {
  const std::lock_guard lock(mutex);
  return armed->met;
}

void FailingFiles::AwaitOne() const {
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return armed->met > 0; });
}

}  // namespace caviar::storage

// In place of the C library's, for this program and the libraries that it is linked with.
extern "C" {

int fsync(int descriptor) {
  if (caviar::storage::Fails(caviar::storage::FileFault::kSync, descriptor)) return -1;
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

int fdatasync(int descriptor) {
  if (caviar::storage::Fails(caviar::storage::FileFault::kSync, descriptor)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  if (caviar::storage::Fails(caviar::storage::FileFault::kRead, descriptor)) return -1;
  return syscall(SYS_pread64, descriptor, bytes, size, offset);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  if (caviar::storage::Fails(caviar::storage::FileFault::kWrite, descriptor)) return -1;
  return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}

}  // extern "C"
