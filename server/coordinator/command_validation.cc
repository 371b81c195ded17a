#include "server/coordinator/command_validation.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/vocabulary.h"
#include "server/coordinator/names.h"

namespace caviar::coordinator {
namespace {

constexpr char kPath[] = "trainer.command";
constexpr int kMaxArguments = 1000;
constexpr size_t kMaxTextBytes = 64 << 10;
constexpr int kMaxVariables = 256;
constexpr int kMaxPatterns = 16;
constexpr size_t kMaxPatternBytes = 1024;
constexpr int kMaxMetrics = 256;
constexpr size_t kMaxNameBytes = 128;
constexpr int kMaxLabels = 64;
constexpr size_t kMaxLabelBytes = 256;
constexpr int kMaxGpus = 1024;
constexpr double kMaxCpus = 1e6;
constexpr int64_t kMaxCodeBytes = 50 << 20;
constexpr int64_t kGiB = 1 << 30;
constexpr int64_t kDefaultGraceSeconds = 30;
constexpr int64_t kMaxGraceSeconds = 3600;
// What google.protobuf.Duration can hold: about 10,000 years.
constexpr int64_t kMaxSeconds = 315576000000;
constexpr int kMaxKeptTrials = 10000;

const std::vector<std::string>& BuiltInNames() {
  static const auto& names = *new std::vector<std::string>{
      "args",           "study",      "trial",          "attempt",
      "seed",           "output_dir", "checkpoint_dir", "latest_checkpoint",
      "parameters_file"};
  return names;
}

bool IsMetricName(const std::string& name) {
  return name.size() <= kMaxNameBytes &&
         IsName(name, [](char c) { return absl::ascii_isalpha(c) || c == '_'; });
}

bool IsVariableName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes && !absl::ascii_isdigit(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

bool IsHex(const std::string& text, size_t size) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

class CommandCheck {
 public:
  CommandCheck(const v1::Study& study, Violations& violations)
      : study_(study), command_(study.trainer().command()), violations_(violations) {}

  void Run() {
    if (!v1::Command::Arguments_IsValid(command_.arguments())) {
      Add("arguments", "is unknown: flags, hydra, json or none");
    }
    if (!v1::KeptFolders::Which_IsValid(command_.keep())) {
      Add("keep", "is unknown: failed, all or none");
    }
    CheckRun();
    if (command_.has_code()) CheckCode();
    CheckVariables();
    CheckResources();
    CheckDuration("time_limit", command_.has_time_limit(), command_.time_limit(), kMaxSeconds, 1);
    CheckDuration("stop_grace", command_.has_stop_grace(), command_.stop_grace(), kMaxGraceSeconds,
                  0);
    CheckPatterns();
  }

 private:
  void Add(absl::string_view field, std::string description) {
    violations_.Add(absl::StrCat(kPath, ".", field), std::move(description));
  }

  void CheckRun() {
    if (command_.run().empty() || command_.run(0).empty()) {
      return Add("run",
                 "is missing: the program and its arguments, such as [python3, train.py, "
                 "\"${args}\"]");
    }
    if (command_.run_size() > kMaxArguments) {
      return Add("run",
                 absl::StrCat("has ", command_.run_size(), " arguments; at most ", kMaxArguments));
    }
    size_t bytes = 0;
    for (int i = 0; i < command_.run_size(); ++i) {
      bytes += command_.run(i).size();
      CheckText(absl::StrCat("run[", i, "]"), command_.run(i));
    }
    if (bytes > kMaxTextBytes) {
      Add("run", absl::StrCat("has ", bytes, " bytes; at most ", kMaxTextBytes));
    }
  }

  // What is written for people to be replaced: `${name}`.
  void CheckText(const std::string& field, const std::string& text) {
    violations_.CheckText(absl::StrCat(kPath, ".", field), text, kMaxTextBytes);
    for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
      if (at > 0 && text[at - 1] == '$') continue;
      const size_t end = text.find('}', at);
      if (end == std::string::npos) {
        return Add(field, absl::StrCat(vocabulary::Quoted(text),
                                       " has a ${ without its }; a plain ${ is written $${"));
      }
      CheckReference(field, text, text.substr(at + 2, end - at - 2));
    }
  }

  void CheckReference(const std::string& field, const std::string& text, const std::string& name) {
    std::vector<std::string> known;
    for (const v1::Parameter& parameter : study_.parameters()) known.push_back(parameter.name());
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    if (name == "args") {
      if (command_.arguments() == v1::Command::NONE) {
        return Add(field, "has ${args}, and arguments is none: flags, hydra or json");
      }
      if (text != "${args}" || !absl::StartsWith(field, "run[")) {
        Add(field,
            absl::StrCat(vocabulary::Quoted(text), ": ${args} is an argument of its own in `run`"));
      }
      return;
    }
    known.insert(known.end(), BuiltInNames().begin(), BuiltInNames().end());
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string near = vocabulary::NearestName(name, known);
    Add(field, absl::StrCat("${", name,
                            "} is no parameter of this study, and none of study, trial, "
                            "attempt, seed, output_dir, checkpoint_dir, latest_checkpoint, "
                            "parameters_file and args",
                            near.empty() ? "" : absl::StrCat("; did you mean ${", near, "}?")));
  }

  void CheckCode() {
    const v1::Code& code = command_.code();
    if (code.upload().empty() == code.path().empty()) {
      return Add("code", code.path().empty() ? "is missing: upload or path"
                                             : "has upload and path; only one of them");
    }
    violations_.CheckText(absl::StrCat(kPath, ".code.upload"), code.upload(), kMaxTextBytes);
    violations_.CheckText(absl::StrCat(kPath, ".code.path"), code.path(), kMaxTextBytes);
    if (!code.path().empty()) {
      if (!absl::StartsWith(code.path(), "/")) {
        Add("code.path", absl::StrCat(vocabulary::Quoted(code.path()),
                                      " is not absolute; workers have folders of their own: write "
                                      "/..., or upload it"));
      }
      if (code.has_archive()) Add("code.archive", "belongs to upload");
      return;
    }
    const v1::CodeArchive& archive = code.archive();
    if (!IsHex(archive.sha256(), 64)) {
      Add("code.archive.sha256",
          "is missing or not 64 hex digits: of the archive that UploadCode "
          "took");
    }
    violations_.CheckRange(absl::StrCat(kPath, ".code.archive.size"), archive.size(), 1,
                           kMaxCodeBytes);
    if (!archive.git_commit().empty() && !IsHex(archive.git_commit(), 40) &&
        !IsHex(archive.git_commit(), 64)) {
      Add("code.archive.git_commit",
          absl::StrCat(vocabulary::Quoted(archive.git_commit()), " is not 40 or 64 hex digits"));
    }
  }

  void CheckVariables() {
    if (command_.env_size() > kMaxVariables) {
      return Add("env", absl::StrCat("has ", command_.env_size(), "; at most ", kMaxVariables));
    }
    size_t bytes = 0;
    for (const auto& [name, value] : command_.env()) {
      bytes += name.size() + value.size();
      CheckVariable("env", name);
      CheckText(absl::StrCat("env.", name), value);
    }
    if (bytes > kMaxTextBytes) {
      Add("env", absl::StrCat("has ", bytes, " bytes; at most ", kMaxTextBytes));
    }
    if (command_.pass_env_size() > kMaxVariables) {
      return Add("pass_env",
                 absl::StrCat("has ", command_.pass_env_size(), "; at most ", kMaxVariables));
    }
    for (int i = 0; i < command_.pass_env_size(); ++i) {
      CheckVariable(absl::StrCat("pass_env[", i, "]"), command_.pass_env(i));
    }
  }

  void CheckVariable(const std::string& field, const std::string& name) {
    if (!IsVariableName(name)) {
      Add(field, absl::StrCat(vocabulary::Quoted(name),
                              " is no name of a variable: letters, digits and _"));
    } else if (absl::StartsWith(name, "CAVIAR_")) {
      Add(field, absl::StrCat(name, ": variables that begin with CAVIAR_ are Caviar's own"));
    }
  }

  void CheckResources() {
    const v1::Resources& resources = command_.resources();
    // Written so that NaN is refused.
    if (resources.has_cpus() && !(resources.cpus() > 0 && resources.cpus() <= kMaxCpus)) {
      Add("resources.cpus", absl::StrCat(resources.cpus(), " is out of range; above 0"));
    }
    violations_.CheckRange(absl::StrCat(kPath, ".resources.gpus"), resources.gpus(), 0, kMaxGpus);
    if (resources.has_memory() && resources.memory().bytes() < 1) {
      Add("resources.memory", absl::StrCat(resources.memory().bytes(),
                                           " bytes is out of range; above 0, such as 2GiB"));
    }
  }

  void CheckDuration(const std::string& field, bool given,
                     const google::protobuf::Duration& duration, int64_t most,
                     int64_t least_nanos) {
    if (!given) return;
    const int64_t seconds = duration.seconds(), nanos = duration.nanos();
    if (nanos >= 0 && nanos <= 999999999 && seconds >= 0 && seconds <= most &&
        (seconds > 0 || nanos >= least_nanos)) {
      return;
    }
    Add(field, absl::StrCat(seconds, " s and ", nanos, " ns is out of range; ",
                            least_nanos > 0 ? "above 0" : "0 s to 1 h", ", such as 30s"));
  }

  void CheckPatterns() {
    if (command_.patterns_size() > kMaxPatterns) {
      return Add("patterns",
                 absl::StrCat("has ", command_.patterns_size(), "; at most ", kMaxPatterns));
    }
    for (int i = 0; i < command_.patterns_size(); ++i) {
      CheckPattern(absl::StrCat("patterns[", i, "]"), command_.patterns(i));
    }
  }

  void CheckPattern(const std::string& field, const std::string& pattern) {
    if (pattern.size() > kMaxPatternBytes) {
      return Add(field, absl::StrCat("has ", pattern.size(), " bytes; at most ", kMaxPatternBytes));
    }
    const RE2 expression(pattern, RE2::Quiet);
    if (!expression.ok()) {
      return Add(field, absl::StrCat(vocabulary::Quoted(pattern),
                                     " is no regular expression: ", expression.error()));
    }
    int metrics = 0;
    for (const auto& [name, group] : expression.NamedCapturingGroups()) {
      metrics += name == "step" ? 0 : 1;
    }
    if (metrics == 0) {
      Add(field, absl::StrCat(vocabulary::Quoted(pattern),
                              " names no metric; write accuracy: (?P<accuracy>[0-9.]+)"));
    }
  }

  const v1::Study& study_;
  const v1::Command& command_;
  Violations& violations_;
};

}  // namespace

bool IsShared(const v1::Checkpoints& checkpoints) {
  return !checkpoints.store().empty() && checkpoints.store() != "coordinator";
}

void CheckCommand(const v1::Study& study, Violations& violations) {
  if (study.trainer().has_command()) CommandCheck(study, violations).Run();
}

void CheckMetrics(const v1::Study& study, Violations& violations) {
  if (study.metrics().empty()) return;
  if (!study.trainer().has_command()) {
    return violations.Add("metrics",
                          "says what a command measures, and this study runs none; leave "
                          "it out");
  }
  if (study.metrics_size() > kMaxMetrics) {
    return violations.Add("metrics",
                          absl::StrCat("has ", study.metrics_size(), "; at most ", kMaxMetrics));
  }
  std::set<std::string> names;
  for (int i = 0; i < study.metrics_size(); ++i) {
    const std::string& name = study.metrics(i);
    if (!IsMetricName(name)) {
      violations.Add(absl::StrCat("metrics[", i, "]"),
                     absl::StrCat(vocabulary::Quoted(name),
                                  " is not a name: a letter or underscore, then letters, digits, _ "
                                  ". or -"));
    } else if (!names.insert(name).second) {
      violations.Add(absl::StrCat("metrics[", i, "]"),
                     absl::StrCat(vocabulary::Quoted(name), " is named twice"));
    }
  }
}

void CheckWorkers(const v1::Study& study, Violations& violations) {
  if (study.workers().empty()) return;
  if (study.trainer().has_external()) {
    return violations.Add("workers",
                          "has no meaning for external trials, which never go to workers");
  }
  if (study.workers_size() > kMaxLabels) {
    return violations.Add("workers",
                          absl::StrCat("has ", study.workers_size(), "; at most ", kMaxLabels));
  }
  for (const auto& [label, value] : study.workers()) {
    if (label.empty()) violations.Add("workers", "has a label without a name");
    violations.CheckText(absl::StrCat("workers.", label), label, kMaxNameBytes);
    violations.CheckText(absl::StrCat("workers.", label), value, kMaxLabelBytes);
  }
}

void CheckCheckpoints(const v1::Study& study, Violations& violations) {
  if (!study.has_checkpoints()) return;
  if (!study.trainer().has_command() || !study.trainer().command().resumable()) {
    return violations.Add("checkpoints",
                          "belong to a program that writes and reads them: "
                          "trainer.command.resumable: true");
  }
  const v1::Checkpoints& checkpoints = study.checkpoints();
  violations.CheckText("checkpoints.store", checkpoints.store(), kMaxTextBytes);
  const bool elsewhere = IsShared(checkpoints);
  if (elsewhere && !absl::StartsWith(checkpoints.store(), "/")) {
    violations.Add("checkpoints.store", absl::StrCat(vocabulary::Quoted(checkpoints.store()),
                                                     " is neither coordinator nor an absolute path "
                                                     "that all workers share"));
  }
  std::set<int> named;
  for (int i = 0; i < checkpoints.keep_per_trial_size(); ++i) {
    const int which = checkpoints.keep_per_trial(i);
    if (!v1::Checkpoints::Which_IsValid(which) || which == v1::Checkpoints::WHICH_UNSPECIFIED) {
      violations.Add(absl::StrCat("checkpoints.keep_per_trial[", i, "]"),
                     "is unknown: last or best");
    } else if (!named.insert(which).second) {
      violations.Add(absl::StrCat("checkpoints.keep_per_trial[", i, "]"), "is named twice");
    }
  }
  violations.CheckRange("checkpoints.keep_trials", checkpoints.keep_trials(), 0, kMaxKeptTrials);
  if (!checkpoints.has_max_size()) return;
  const int64_t bytes = checkpoints.max_size().bytes();
  if (bytes < 1 || (!elsewhere && bytes > kGiB)) {
    violations.Add("checkpoints.max_size",
                   absl::StrCat(bytes, " bytes is out of range; above 0",
                                elsewhere ? ""
                                          : ", and at most 1GiB where the coordinator stores "
                                            "them: name a shared path as checkpoints.store"));
  }
}

void FillCommandDefaults(v1::Study& study) {
  if (!study.trainer().has_command()) return;
  v1::Command& command = *study.mutable_trainer()->mutable_command();
  if (command.arguments() == v1::Command::ARGUMENTS_UNSPECIFIED) {
    command.set_arguments(v1::Command::FLAGS);
  }
  if (command.keep() == v1::KeptFolders::WHICH_UNSPECIFIED)
    command.set_keep(v1::KeptFolders::FAILED);
  if (!command.has_stop_grace()) command.mutable_stop_grace()->set_seconds(kDefaultGraceSeconds);
  v1::Resources& resources = *command.mutable_resources();
  if (!resources.has_cpus()) resources.set_cpus(1);
  if (!resources.has_gpus()) resources.set_gpus(0);
  if (!command.resumable()) return;
  v1::Checkpoints& checkpoints = *study.mutable_checkpoints();
  if (checkpoints.store().empty()) checkpoints.set_store("coordinator");
  if (checkpoints.keep_per_trial().empty()) checkpoints.add_keep_per_trial(v1::Checkpoints::LAST);
  if (!checkpoints.has_keep_trials()) checkpoints.set_keep_trials(0);
  if (!checkpoints.has_max_size() && !IsShared(checkpoints)) {
    checkpoints.mutable_max_size()->set_bytes(kGiB);
  }
}

}  // namespace caviar::coordinator
