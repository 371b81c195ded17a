#include "client/study_file/draft.h"

#include <set>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/study_file/argument_guess.h"
#include "client/study_file/scalar.h"

namespace caviar::study_file {
namespace {

// A word that names an option, and where its value is.
struct Option {
  std::string name;
  std::string value;
  // What stands in front of the value in the same word: "--lr=", or "" where the value is the next.
  std::string prefix;
};

bool IsNumber(const std::string& word) { return ResolvePlain(word).is_number(); }

// As the coordinator has it.
bool IsParameterName(const std::string& name) {
  if (name.empty() || name.size() > 128 || (!absl::ascii_isalpha(name[0]) && name[0] != '_')) {
    return false;
  }
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

bool IsScript(const std::string& word) {
  for (const char* suffix :
       {".py", ".sh", ".js", ".mjs", ".R", ".r", ".jl", ".lua", ".pl", ".rb", ".jar"}) {
    if (absl::EndsWith(word, suffix)) return true;
  }
  return false;
}

// How many words are the program: up to a script or a module, what is in front of it is its
// interpreter's or launcher's; else the first.
size_t CountProgramWords(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (IsScript(words[i])) return i + 1;
    if (words[i] == "-m" && i + 1 < words.size()) return i + 2;
  }
  return 1;
}

// Takes words apart one by one.
class Drafter {
 public:
  explicit Drafter(const std::vector<std::string>& words) : words_(words) {}

  absl::StatusOr<std::string> Draft() {
    if (words_.empty() || words_[0].empty()) {
      return absl::InvalidArgumentError(
          "there is no program; write `caviar study init -- python3 train.py --lr 0.01 --layers "
          "3`");
    }
    const size_t program = CountProgramWords(words_);
    for (size_t i = 0; i < program; ++i) run_.push_back(Kept(words_[i]));
    for (size_t i = program; i < words_.size(); ++i) i += Take(i);
    if (parameters_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("nothing to tune in \"", absl::StrJoin(words_, " "),
                       "\"; give it arguments with values, as they are now: --lr 0.01 --layers 3"));
    }
    return Text();
  }

 private:
  // Returns how many words beyond this one belong to it.
  size_t Take(size_t i) {
    Option option;
    const std::string& word = words_[i];
    const size_t dashes = word.find_first_not_of('-');
    const size_t equals = word.find('=');
    const bool has_dashes = dashes == 1 || dashes == 2;
    if (equals != std::string::npos && (has_dashes || dashes == 0)) {
      option = {word.substr(dashes, equals - dashes), word.substr(equals + 1),
                word.substr(0, equals + 1)};
    } else if (has_dashes && !IsNumber(word) && i + 1 < words_.size() &&
               (!absl::StartsWith(words_[i + 1], "-") || IsNumber(words_[i + 1]))) {
      option = {word.substr(dashes), words_[i + 1], ""};
    } else {
      run_.push_back(Kept(word));
      return 0;
    }
    if (option.prefix.empty()) run_.push_back(Kept(word));
    run_.push_back(Kept(option.prefix) + Replacement(option));
    return option.prefix.empty() ? 1 : 0;
  }

  // What stands for the value in `run`.
  std::string Replacement(const Option& option) {
    if (!IsParameterName(option.name)) return Kept(option.value);
    const ArgumentGuess guess = GuessArgument(option.name, option.value);
    switch (guess.kind) {
      case ArgumentGuess::Kind::kFixed:
        return Kept(option.value);
      case ArgumentGuess::Kind::kPlaceholder:
        notes_.push_back(guess.comment);
        return guess.placeholder;
      case ArgumentGuess::Kind::kParameter:
        break;
    }
    if (!names_.insert(option.name).second) return Kept(option.value);
    const std::string comment = absl::StrCat("was ", absl::CHexEscape(option.value),
                                             guess.comment.empty() ? "" : "; ", guess.comment);
    parameters_.push_back(absl::StrCat("  ", option.name, ": ", guess.definition, "  # ", comment));
    return absl::StrCat("${", option.name, "}");
  }

  // A word as `run` has it.
  static std::string Kept(const std::string& word) {
    return absl::StrReplaceAll(word, {{"${", "$${"}});
  }

  // python3 src/train.py gives "train", python3 -m pkg.train too.
  std::string StudyName() const {
    std::string name = words_[CountProgramWords(words_) - 1];
    name = name.substr(name.rfind('/') + 1);
    if (IsScript(name)) name = name.substr(0, name.rfind('.'));
    name = name.substr(name.rfind('.') + 1);
    for (char& c : name) {
      if (!absl::ascii_isalnum(c) && c != '_') c = '-';
    }
    while (!name.empty() && !absl::ascii_isalnum(name[0])) name.erase(0, 1);
    return name.empty() ? "my-study" : name.substr(0, 60);
  }

  std::string Text() const {
    std::string text = absl::StrCat(
        "# Drafted from: ", absl::CHexEscape(absl::StrJoin(words_, " ")), "\n",
        "# What is marked CHECK is a guess. `caviar study try FILE` runs one trial and says what "
        "is "
        "missing,\n# `caviar run FILE` then tunes on this machine.\n\nstudy: ",
        WriteText(StudyName()), "\n\n",
        "# CHECK: a metric that the program prints, and whether more of it is better. It counts "
        "where a line is\n#   caviar: {\"step\": 3, \"validation_accuracy\": 0.91}\n# or "
        "validation_accuracy=0.91; other lines need `patterns` below.\n"
        "objective: {metric: validation_accuracy, goal: maximize}\n\ntrainer:\n  command:\n"
        "    # Without a shell; ${NAME} is a parameter's value.\n    run:\n");
    for (const std::string& word : run_) absl::StrAppend(&text, "      - ", WriteText(word), "\n");
    for (const std::string& note : notes_) absl::StrAppend(&text, "    # ", note, ".\n");
    absl::StrAppend(
        &text,
        "    # CHECK: this folder is sent along, but for what a .caviarignore in it names (data, "
        "results).\n    # Or use one that all workers see: {path: /shared/project}.\n"
        "    code: {upload: .}\n"
        "    # patterns: ['accuracy: (?P<validation_accuracy>[0-9.]+)']\n"
        "    # resources: {cpus: 1, gpus: 0, memory: 2GiB}\n    # time_limit: 30m\n\n"
        "limits: {max_trials: 30, max_failed: 5}\n\n"
        "# CHECK: the ranges. They are around the values that were given.\nparameters:\n");
    return absl::StrCat(text, absl::StrJoin(parameters_, "\n"), "\n");
  }

  const std::vector<std::string>& words_;
  std::vector<std::string> run_;
  std::vector<std::string> parameters_;  // lines
  std::vector<std::string> notes_;
  std::set<std::string> names_;
};

}  // namespace

absl::StatusOr<std::string> DraftStudyFile(const std::vector<std::string>& words) {
  return Drafter(words).Draft();
}

}  // namespace caviar::study_file
