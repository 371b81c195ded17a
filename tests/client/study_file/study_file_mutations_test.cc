// The parser meets files of any kind: none of them may crash it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "study_file_text.h"

namespace caviar::study_file {
namespace {

// Whatever comes in, the answer is a study, or an error that starts with the file's name.
void Check(const std::string& text) {
  const auto file = ParseStudyFile(text, "f");
  if (file.ok()) return;
  RC_ASSERT(absl::IsInvalidArgument(file.status()));
  RC_ASSERT(std::string(file.status().message()).substr(0, 2) == "f:");
}

TEST(StudyFileMutations, ChangedBytesNeverCrashTheParser) {
  const std::string example = ExampleText();
  ASSERT_TRUE(rc::check([&] {
    std::string text = example;
    const int changes = *rc::gen::inRange(1, 12);
    for (int i = 0; i < changes && !text.empty(); ++i) {
      const size_t at = *rc::gen::inRange<size_t>(0, text.size());
      const std::string special = "{}[]:,-#&*!|>'\"%@`?~<\n\t 01e.\\";
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
          break;
        case 1:
          text[at] = special[*rc::gen::inRange<size_t>(0, special.size())];
          break;
        case 2:
          text.insert(at, 1, special[*rc::gen::inRange<size_t>(0, special.size())]);
          break;
        default:
          text.erase(at, *rc::gen::inRange<size_t>(1, 40));
      }
    }
    Check(text);
  }));
}

TEST(StudyFileMutations, WordsOfYamlInAnyOrderNeverCrashTheParser) {
  const std::vector<std::string> words = {
      "study",  ": ",     "\n",  "\n  ", "- ",  "{",   "}",     "[",  "]",      ", ",
      "&a ",    "*a",     "<<",  "? ",   "| ",  "> ",  "\"",    "'",  "!!str ", "---\n",
      "...\n",  "%YAML ", "1.2", "# ",   "min", "max", "value", "x",  "when",   "parameters",
      "values", "null",   "~",   ".inf", "1e9", "0x1", "\t",    "\r", "\\",     "trainer"};
  ASSERT_TRUE(rc::check([&] {
    std::string text;
    for (const size_t word :
         *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, words.size()))) {
      text += words[word];
    }
    Check(text);
  }));
}

}  // namespace
}  // namespace caviar::study_file
