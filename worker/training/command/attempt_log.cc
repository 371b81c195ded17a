#include "worker/training/command/attempt_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace caviar::command {
namespace {

constexpr size_t kLastLineBytes = 1000;
constexpr size_t kMostRemarks = 1000;
constexpr absl::string_view kMark = "[caviar] ";

}  // namespace

void AttemptLog::Write(absl::string_view text) {
  if (full_) return;
  if (bytes_ + static_cast<int64_t>(text.size()) > kMaxBytes) {
    full_ = true;
    observer_.OnLog(absl::StrCat(kMark, "the rest of the log is missing: it keeps ",
                                 kMaxBytes >> 20, " MiB\n"));
    return;
  }
  bytes_ += static_cast<int64_t>(text.size());
  observer_.OnLog(text);
}

void AttemptLog::Line(absl::string_view line) {
  absl::MutexLock lock(&mutex_);
  const absl::string_view shown = absl::StripAsciiWhitespace(line);
  if (!shown.empty()) last_line_ = std::string(shown.substr(0, kLastLineBytes));
  if (!full_) Write(absl::StrCat(line, "\n"));
}

void AttemptLog::Remark(absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  Write(absl::StrCat(kMark, text, "\n"));
}

void AttemptLog::RemarkOnce(absl::string_view kind, absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  // Of a program that names new things for ever not all is said.
  if (said_.size() < kMostRemarks && said_.emplace(kind).second)
    Write(absl::StrCat(kMark, text, "\n"));
}

std::string AttemptLog::last_line() const {
  absl::MutexLock lock(&mutex_);
  return last_line_;
}

}  // namespace caviar::command
