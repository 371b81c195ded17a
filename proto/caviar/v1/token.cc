#include "caviar/v1/token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace caviar::vocabulary {
namespace {

constexpr size_t kShortest = 16;
constexpr size_t kLongest = 512;

std::string AbsoluteVariable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? value : "";
}

// FAILED_PRECONDITION: others than this user can read it, or wrote it.
absl::Status CheckPrivate(const struct stat& file, const std::string& path) {
  if (file.st_uid != geteuid() && file.st_uid != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " belongs to another user (", file.st_uid, "): it is not used"));
  }
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is open to others than its owner: chmod 600 ", path,
                   ", and draw a new token if others can have read it"));
}

}  // namespace

std::string UserTokenFile() {
  std::string folder = AbsoluteVariable("XDG_STATE_HOME");
  if (folder.empty()) {
    folder = AbsoluteVariable("HOME");
    if (folder.empty()) return "";
    folder += "/.local/state";
  }
  return folder + "/caviar/token";
}

bool IsToken(absl::string_view text) {
  return text.size() >= kShortest && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

absl::StatusOr<std::string> ReadTokenFile(const std::string& path, bool has_to_be_private) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const std::string message = absl::StrCat(path, ": ", strerror(errno));
    return errno == ENOENT || errno == ENOTDIR ? absl::NotFoundError(message)
                                               : absl::FailedPreconditionError(message);
  }
  const auto closing = absl::MakeCleanup([file] { close(file); });
  struct stat status = {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is no file"));
  }
  if (has_to_be_private) {
    if (absl::Status refused = CheckPrivate(status, path); !refused.ok()) return refused;
  }
  char bytes[kLongest + 2];
  const ssize_t size = read(file, bytes, sizeof(bytes));
  const absl::string_view text(bytes, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  const absl::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (IsToken(line)) return std::string(line);
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": its first line is no token; one has 16 to 512 printable characters"));
}

}  // namespace caviar::vocabulary
