#include "client/commands/shell_flags.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// Written as what is known to be harmless, everywhere in a word.
bool IsPlain(char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("_-+=./:,@%").find(c) != absl::string_view::npos;
}

std::string ShellWord(const std::string& word) {
  for (const char c : word) {
    if (!IsPlain(c)) return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
  }
  return word;
}

}  // namespace

std::string ShellFlags(const v1::Study& study, const v1::Trial& trial) {
  std::vector<std::string> words;
  for (const v1::Parameter& parameter : study.parameters()) {
    const auto found = trial.parameters().find(parameter.name());
    if (found == trial.parameters().end()) continue;
    words.push_back(
        ShellWord(absl::StrCat("--", parameter.name(), "=", render::FormatValue(found->second))));
  }
  return absl::StrJoin(words, " ");
}

std::string QuotedValue(const std::string& value) {
  if (render::Printable(value) == value) return ShellWord(value);
  return absl::StrCat("$'", absl::CEscape(value), "'");
}

}  // namespace caviar::commands
