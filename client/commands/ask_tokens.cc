#include "client/commands/ask_tokens.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace caviar::commands {
namespace {

absl::Status SystemError(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(errno)));
}

// A new file with this text, on disk before this returns.
absl::Status WriteNewFile(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return SystemError(path);
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const absl::Status status = written ? absl::OkStatus() : SystemError(path);
  close(file);
  return status;
}

}  // namespace

std::string FileNameOf(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain =
        absl::ascii_isalnum(c) || c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      absl::StrAppendFormat(&name, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return name;
}

absl::StatusOr<AskTokens> AskTokens::Open(const Environment& environment,
                                          const std::string& address, const std::string& study) {
  // The XDG base directory specification: a relative path is to be ignored.
  std::string state = environment.variable("XDG_STATE_HOME").value_or("");
  if (state.empty() || state[0] != '/') {
    const std::string home = environment.variable("HOME").value_or("");
    if (home.empty()) {
      return absl::FailedPreconditionError(
          "neither XDG_STATE_HOME nor HOME is set, so there is no place for the tokens of asked "
          "trials; set one of them to a folder of yours");
    }
    state = absl::StrCat(home, "/.local/state");
  }
  return AskTokens(
      absl::StrCat(state, "/caviar/asks/", FileNameOf(address), "/", FileNameOf(study)), study);
}

std::string AskTokens::PathOf(int number) const {
  return absl::StrCat(folder_, "/", number, ".json");
}

absl::Status AskTokens::Prepare() const {
  for (size_t end = folder_.find('/', 1);; end = folder_.find('/', end + 1)) {
    const std::string folder = folder_.substr(0, end);
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return SystemError(folder);
    if (end == std::string::npos) break;
  }
  if (access(folder_.c_str(), W_OK | X_OK) != 0) return SystemError(folder_);
  return absl::OkStatus();
}

absl::Status AskTokens::Save(int number, const v1::FencingToken& token) const {
  const nlohmann::ordered_json json = {
      {"study", study_},
      {"number", number},
      {"token", {{"epoch", token.epoch()}, {"counter", token.counter()}}}};
  const std::string path = PathOf(number);
  const std::string fresh = absl::StrCat(path, ".", getpid(), ".new");
  unlink(fresh.c_str());  // of a dead process with the same id
  absl::Status status = WriteNewFile(fresh, json.dump(2) + "\n");
  if (status.ok() && rename(fresh.c_str(), path.c_str()) != 0) status = SystemError(path);
  if (!status.ok()) unlink(fresh.c_str());
  return status;
}

absl::StatusOr<v1::FencingToken> AskTokens::Load(int number) const {
  const std::string path = PathOf(number);
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("there is no token for trial ", number, " of ", study_, " (", path,
                     "): it was not asked for by this user with this --coordinator, or it was told "
                     "already; `caviar ask ",
                     study_, "` gives a trial"));
  }
  std::ostringstream text;
  text << file.rdbuf();
  const auto json = nlohmann::json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
  v1::FencingToken token;
  const auto read = [&](const char* name) -> int64_t {
    if (!json.is_object() || !json.contains("token") || !json["token"].is_object()) return 0;
    const auto found = json["token"].find(name);
    return found != json["token"].end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  };
  token.set_epoch(read("epoch"));
  token.set_counter(read("counter"));
  if (token.epoch() < 1 || token.counter() < 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " holds no token; delete it, the trial is given to another asker when its lease ends"));
  }
  return token;
}

void AskTokens::Remove(int number) const { unlink(PathOf(number).c_str()); }

}  // namespace caviar::commands
