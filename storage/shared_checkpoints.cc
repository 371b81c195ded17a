#include "storage/shared_checkpoints.h"

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "storage/beneath.h"
#include "storage/folder_contents.h"

namespace caviar::storage {
namespace {

// "2-step-12": the attempt and the step; nullopt: another name.
std::optional<std::pair<int32_t, int64_t>> ParseName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits("-step-", 1));
  int32_t attempt = 0;
  int64_t step = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &attempt) ||
      !absl::SimpleAtoi(parts[1], &step) || name != absl::StrCat(attempt, "-step-", step)) {
    return std::nullopt;
  }
  return std::pair(attempt, step);
}

}  // namespace

absl::Status RemoveOthers(const SharedCheckpoints& checkpoints) {
  const std::vector<std::string> segments = {checkpoints.study, absl::StrCat(checkpoints.number)};
  absl::StatusOr<Descriptor> study = OpenFolder(checkpoints.store, segments, 1, false);
  if (absl::IsNotFound(study.status())) return absl::OkStatus();
  if (!study.ok()) return study.status();
  const Descriptor trial = OpenBelow(*study, segments[1]);
  if (trial.number() < 0) return absl::OkStatus();
  absl::StatusOr<std::vector<std::string>> names = List(OpenBelow(trial, "."));
  if (!names.ok()) return names.status();
  absl::Status first;
  for (const std::string& name : *names) {
    absl::string_view whole = name;
    const bool unfinished = absl::ConsumePrefix(&whole, ".");
    const auto place = ParseName(whole);
    if (!place || (!unfinished && checkpoints.keep.contains(*place))) continue;
    first.Update(RemoveEntry(trial, name));
  }
  first.Update(RemoveIfEmpty(*study, segments[1]));
  return first;
}

}  // namespace caviar::storage
