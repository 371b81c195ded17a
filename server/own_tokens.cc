#include "server/own_tokens.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/token.h"

namespace caviar {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTokenBytes = 32;

absl::Status Failed(const char* what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

absl::StatusOr<std::string> DrawToken() {
  char bytes[kTokenBytes];
  if (getrandom(bytes, sizeof(bytes), 0) != static_cast<ssize_t>(sizeof(bytes))) {
    return Failed("drawing", "a token");
  }
  return absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
}

absl::Status WriteAndSync(int file, const std::string& line, const std::string& path) {
  const bool written = write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       fsync(file) == 0;
  return written ? absl::OkStatus() : Failed("writing", path);
}

// Whole or not at all, and never over one that is there: then that one stays.
absl::Status WriteToken(const std::string& path, const std::string& token) {
  std::string part = path + ".XXXXXX";
  const int file = mkostemp(part.data(), O_CLOEXEC);  // for its owner only
  if (file < 0) return Failed("writing", path);
  absl::Status status = WriteAndSync(file, token + "\n", path);
  close(file);
  if (status.ok() && link(part.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    status = Failed("writing", path);
  }
  unlink(part.c_str());
  return status;
}

// NOT_FOUND: there is none. UNAVAILABLE: no state folder.
absl::StatusOr<std::string> ReadUsers() {
  const std::string path = vocabulary::UserTokenFile();
  if (path.empty()) return absl::UnavailableError("neither HOME nor XDG_STATE_HOME is set");
  return vocabulary::ReadTokenFile(path, true);
}

// The one that is there afterwards.
absl::StatusOr<std::string> MakeUsers(const std::string& token) {
  const std::string path = vocabulary::UserTokenFile();
  const std::string folder = fs::path(path).parent_path().string();
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return Failed("making", folder);
  if (absl::Status status = WriteToken(path, token); !status.ok()) return status;
  return vocabulary::ReadTokenFile(path, true);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindOwnTokens(const std::string& data_directory,
                                                       void (*warn)(const absl::Status&)) {
  const std::string path = data_directory + "/token";
  absl::StatusOr<std::string> stored = vocabulary::ReadTokenFile(path, true);
  if (!stored.ok() && !absl::IsNotFound(stored.status())) return stored.status();
  absl::StatusOr<std::string> users = ReadUsers();
  if (absl::IsNotFound(users.status())) {
    const absl::StatusOr<std::string> token = stored.ok() ? stored : DrawToken();
    if (!token.ok()) return token.status();
    users = MakeUsers(*token);
  }
  if (!users.ok() && !absl::IsUnavailable(users.status())) warn(users.status());
  if (!stored.ok()) {
    const absl::StatusOr<std::string> token = users.ok() ? users : DrawToken();
    if (!token.ok()) return token.status();
    if (absl::Status status = WriteToken(path, *token); !status.ok()) return status;
    stored = vocabulary::ReadTokenFile(path, true);
    if (!stored.ok()) return stored.status();
  }
  std::vector<std::string> tokens = {*stored};
  if (users.ok() && *users != *stored) tokens.push_back(*users);
  return tokens;
}

std::string OwnUserName() {
  passwd entry = {};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
    return entry.pw_name;
  }
  return absl::StrCat(geteuid());
}

}  // namespace caviar
