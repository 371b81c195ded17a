#include "tests/storage/failing_files.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
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

struct Steps {
  int cut;
  bool last;
  int done = 0;
};

std::mutex mutex;
std::condition_variable changed;
std::optional<Armed> armed;
std::optional<Steps> steps;

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

bool CountsSteps() {
  const std::lock_guard lock(mutex);
  return steps.has_value();
}

// Whether this step is cut.
bool Cuts() {
  const std::lock_guard lock(mutex);
  if (!steps) return false;
  ++steps->done;
  if (steps->last ? steps->done < steps->cut : steps->done != steps->cut) return false;
  errno = EIO;
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

CutFiles::CutFiles(int step, bool last) {
  const std::lock_guard lock(mutex);
  steps = Steps{step, last};
}

CutFiles::~CutFiles() {
  const std::lock_guard lock(mutex);
  steps.reset();
}

bool CutFiles::met() const {
  const std::lock_guard lock(mutex);
  return steps->done >= steps->cut;
}

}  // namespace caviar::storage

// In place of the C library's, for this program and the libraries that it is linked with.
extern "C" {

using caviar::storage::CountsSteps;
using caviar::storage::Cuts;
using caviar::storage::Fails;
using caviar::storage::FileFault;

int fsync(int descriptor) {
  if (Cuts() || Fails(FileFault::kSync, descriptor)) return -1;
  return CountsSteps() ? 0 : static_cast<int>(syscall(SYS_fsync, descriptor));
}

int fdatasync(int descriptor) {
  if (Cuts() || Fails(FileFault::kSync, descriptor)) return -1;
  return CountsSteps() ? 0 : static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  if (Fails(FileFault::kRead, descriptor)) return -1;
  return syscall(SYS_pread64, descriptor, bytes, size, offset);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  if (Fails(FileFault::kWrite, descriptor)) return -1;
  return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return pwrite(descriptor, bytes, size, offset);
}

dirent* readdir(DIR* folder) {
  static const auto real = reinterpret_cast<dirent* (*)(DIR*)>(dlsym(RTLD_NEXT, "readdir"));
  return Fails(FileFault::kList, dirfd(folder)) ? nullptr : real(folder);
}

int mkdir(const char* path, mode_t mode) noexcept {
  return Cuts() ? -1 : static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int rename(const char* from, const char* to) noexcept {
  return Cuts() ? -1 : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  return Cuts() ? -1 : static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
}

int unlink(const char* path) noexcept { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char* path) noexcept { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char* path) noexcept {
  struct stat found = {};
  const bool is_folder = lstat(path, &found) == 0 && S_ISDIR(found.st_mode);
  return unlinkat(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

}  // extern "C"
