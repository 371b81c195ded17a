#include "client/commands/program_text.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/render/number.h"
#include "client/study_file/byte_size.h"

namespace caviar::commands {
namespace {

// As many digits of a hash or commit as tell it from others.
constexpr size_t kShortHash = 12;

bool IsPlain(const std::string& word) {
  return !word.empty() && word.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-./:=,+@%${}") == std::string::npos;
}

std::string CodeText(const v1::Code& code) {
  if (!code.path().empty()) return absl::StrCat(code.path(), ", in place");
  if (code.upload().empty()) return "";
  const v1::CodeArchive& archive = code.archive();
  std::string text = absl::StrCat("a copy of ", code.upload());
  if (archive.sha256().empty()) return text;
  absl::StrAppend(&text, " (", archive.size(), " bytes, SHA-256 ",
                  archive.sha256().substr(0, kShortHash));
  if (!archive.git_commit().empty()) {
    absl::StrAppend(&text, ", git ", archive.git_commit().substr(0, kShortHash),
                    archive.git_dirty() ? " with changes" : "");
  }
  return text + ")";
}

std::string EnvironmentText(const v1::Command& command) {
  const std::map<std::string, std::string> sorted(command.env().begin(), command.env().end());
  std::vector<std::string> parts;
  for (const auto& [name, value] : sorted) parts.push_back(absl::StrCat(name, "=", value));
  for (const std::string& name : command.pass_env()) {
    parts.push_back(absl::StrCat(name, " of the worker's"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string TakesText(const v1::Command& command) {
  std::vector<std::string> parts;
  if (command.has_resources()) parts.push_back(ResourcesText(command.resources()));
  if (command.has_time_limit()) {
    parts.push_back(absl::StrCat("time_limit ",
                                 render::DurationText(render::ToDuration(command.time_limit()))));
  }
  if (command.has_stop_grace()) {
    parts.push_back(absl::StrCat("stop_grace ",
                                 render::DurationText(render::ToDuration(command.stop_grace()))));
  }
  return absl::StrJoin(parts, ", ");
}

std::string CheckpointsText(const v1::Study& study) {
  if (!study.trainer().command().resumable()) return "none, the program is not resumable";
  const v1::Checkpoints& checkpoints = study.checkpoints();
  std::vector<std::string> parts;
  if (!checkpoints.store().empty()) parts.push_back("in " + checkpoints.store());
  for (const int which : checkpoints.keep_per_trial()) {
    parts.push_back("the " + absl::AsciiStrToLower(v1::Checkpoints::Which_Name(
                                 static_cast<v1::Checkpoints::Which>(which))));
  }
  if (checkpoints.keep_trials() > 0) {
    parts.push_back(absl::StrCat("kept of the ", checkpoints.keep_trials(), " best trials"));
  }
  if (checkpoints.has_max_size()) {
    parts.push_back(
        absl::StrCat("at most ", study_file::WriteByteSize(checkpoints.max_size().bytes())));
  }
  return parts.empty() ? "the newest of each trial" : absl::StrJoin(parts, ", ");
}

std::string LabelsText(const v1::Study& study) {
  const std::map<std::string, std::string> sorted(study.workers().begin(), study.workers().end());
  return absl::StrJoin(sorted, ", ", absl::PairFormatter("="));
}

}  // namespace

std::string WordsText(const std::vector<std::string>& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const std::string& word) {
    absl::StrAppend(out, IsPlain(word)
                             ? word
                             : absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'"));
  });
}

std::string ResourcesText(const v1::Resources& resources) {
  std::vector<std::string> parts;
  if (resources.has_cpus()) parts.push_back(absl::StrCat("cpus ", resources.cpus()));
  if (resources.has_gpus()) parts.push_back(absl::StrCat("gpus ", resources.gpus()));
  if (resources.has_memory()) {
    parts.push_back(absl::StrCat("memory ", study_file::WriteByteSize(resources.memory().bytes())));
  }
  return absl::StrJoin(parts, ", ");
}

std::vector<std::pair<std::string, render::Cell>> ProgramLines(const v1::Study& study) {
  const v1::Command& command = study.trainer().command();
  return {{"code", CodeText(command.code())},
          {"environment", EnvironmentText(command)},
          {"takes", TakesText(command)},
          {"metrics", absl::StrJoin(study.metrics(), ", ")},
          {"patterns", absl::StrJoin(command.patterns(), "  ")},
          {"workers", LabelsText(study)},
          {"checkpoints", CheckpointsText(study)}};
}

}  // namespace caviar::commands
