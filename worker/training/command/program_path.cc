#include "worker/training/command/program_path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "worker/training/command/system_error.h"

namespace caviar::command {
namespace {

namespace fs = std::filesystem;

enum class Found { kNo, kNotExecutable, kYes };

// UNAVAILABLE: it cannot be known now.
absl::StatusOr<Found> Look(const fs::path& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) {
    if (IsOfMachine(errno)) {
      return OwnError(errno, absl::StrCat("no program can be looked for at ", file.string()));
    }
    return Found::kNo;
  }
  if (!S_ISREG(status.st_mode)) return Found::kNo;
  return access(file.c_str(), X_OK) == 0 ? Found::kYes : Found::kNotExecutable;
}

absl::Status NotExecutable(const std::string& file) {
  return absl::PermissionDeniedError(
      absl::StrCat(file, " is not executable; chmod +x it, or name what runs it: [python3, ",
                   fs::path(file).filename().string(), "]"));
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& program, const std::string& path,
                                        const std::string& folder) {
  if (program.find('/') != std::string::npos) {
    const fs::path file = fs::path(folder) / program;
    const absl::StatusOr<Found> found = Look(file);
    if (!found.ok()) return found.status();
    if (*found == Found::kYes) return file.string();
    if (*found == Found::kNotExecutable) return NotExecutable(file.string());
    return absl::NotFoundError(absl::StrCat("there is no program ", file.string()));
  }
  std::string not_executable;
  for (const absl::string_view entry : absl::StrSplit(path, ':')) {
    // An empty entry is the current folder; a relative one lies there.
    const fs::path file = fs::path(folder) / std::string(entry) / program;
    const absl::StatusOr<Found> found = Look(file);
    // One of the same name further on may be another: who finds that runs something else.
    if (!found.ok()) return found.status();
    if (*found == Found::kYes) return file.string();
    if (*found == Found::kNotExecutable && not_executable.empty()) {
      not_executable = file.string();
    }
  }
  if (!not_executable.empty()) return NotExecutable(not_executable);
  std::error_code error;
  const bool is_here = fs::is_regular_file(fs::path(folder) / program, error);
  return absl::NotFoundError(
      absl::StrCat("there is no program \"", program, "\" in the worker's PATH, ", path,
                   is_here ? absl::StrCat("; for the file beside it write ./", program)
                           : "; install it there, or set PATH in env"));
}

absl::Status ExecError(const std::string& file, int error) {
  if (IsOfMachine(error)) return OwnError(error, absl::StrCat(file, " could not be started"));
  switch (error) {
    case ENOENT: {
      const absl::StatusOr<Found> found = Look(file);
      if (!found.ok()) return found.status();
      if (*found == Found::kNo) return OwnError(error, absl::StrCat("something removed ", file));
      return absl::NotFoundError(absl::StrCat(
          file, " could not be started: what its first line (#!...) names is not on this worker"));
    }
    case EACCES:
      return NotExecutable(file);
    case ENOEXEC:
      return absl::InvalidArgumentError(absl::StrCat(
          file,
          " is no program of this machine; a script's first line has to name what runs it, "
          "such as #!/usr/bin/env python3"));
    case E2BIG:
      return absl::InvalidArgumentError(
          absl::StrCat(file, " could not be started: its arguments and environment are too large"));
    default:
      return absl::UnknownError(absl::StrCat(file, " could not be started: ", strerror(error)));
  }
}

}  // namespace caviar::command
