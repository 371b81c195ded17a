// checkpoint = "caviar program checkpoint 1\n" place
// place      = ("file" | "folder") " step-" NUMBER "\n" archive          (archive.h)
//            | "stored step-" NUMBER " " sha256 " " path "\n"            path: to the line's end
#include "worker/training/command/checkpoint_format.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace caviar::command {
namespace {

using Place = CheckpointHeader::Place;

constexpr absl::string_view kFirstLine = "caviar program checkpoint 1\n";
constexpr absl::string_view kStep = "step-";

absl::Status Damaged() {
  return absl::InvalidArgumentError("this is no checkpoint of a program, or it is damaged");
}

// A place in the store: study, trial, and a name, none of which leads elsewhere.
bool IsStorePath(absl::string_view path) {
  const std::vector<absl::string_view> segments = absl::StrSplit(path, '/');
  for (const absl::string_view segment : segments) {
    if (segment.empty() || segment[0] == '.') return false;
  }
  return segments.size() == 3;
}

}  // namespace

std::optional<int64_t> ParseStepName(absl::string_view name) {
  int64_t step = 0;
  if (!absl::ConsumePrefix(&name, kStep) || name.empty() || name.size() > 15 ||
      name.find_first_not_of("0123456789") != name.npos || (name[0] == '0' && name.size() > 1) ||
      !absl::SimpleAtoi(name, &step)) {
    return std::nullopt;
  }
  return step;
}

bool IsWrongStepName(absl::string_view name) {
  if (ParseStepName(name)) return false;
  return absl::ConsumePrefix(&name, kStep) && !name.empty() &&
         name.find_first_not_of("0123456789") == name.npos;
}

std::string StepName(int64_t step) { return absl::StrCat(kStep, step); }

std::string WriteCheckpointHeader(const CheckpointHeader& header) {
  std::string text(kFirstLine);
  if (header.place == Place::kStored) {
    absl::StrAppend(&text, "stored ", StepName(header.step), " ", header.sha256, " ", header.path,
                    "\n");
  } else {
    absl::StrAppend(&text, header.place == Place::kFile ? "file " : "folder ",
                    StepName(header.step), "\n");
  }
  return text;
}

absl::StatusOr<ParsedCheckpoint> ParseCheckpoint(absl::string_view bytes) {
  if (!absl::ConsumePrefix(&bytes, kFirstLine)) return Damaged();
  const size_t end = bytes.find('\n');
  if (end == bytes.npos) return Damaged();
  const std::vector<std::string> words =
      absl::StrSplit(bytes.substr(0, end), absl::MaxSplits(' ', 3));
  const std::optional<int64_t> step =
      words.size() > 1 ? ParseStepName(words[1]) : std::optional<int64_t>();
  if (!step) return Damaged();
  ParsedCheckpoint checkpoint;
  checkpoint.header.step = *step;
  checkpoint.archive = bytes.substr(end + 1);
  if (words[0] == "stored" && words.size() == 4 && IsStorePath(words[3])) {
    checkpoint.header.place = Place::kStored;
    checkpoint.header.sha256 = words[2];
    checkpoint.header.path = words[3];
  } else if (words[0] == "folder" && words.size() == 2) {
    checkpoint.header.place = Place::kFolder;
  } else if (words[0] != "file" || words.size() != 2) {
    return Damaged();
  }
  return checkpoint;
}

}  // namespace caviar::command
