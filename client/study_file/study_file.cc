#include "client/study_file/study_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/study_file/document.h"
#include "client/study_file/parameter_types.h"
#include "client/study_file/reader.h"

namespace caviar::study_file {
namespace {

std::string Shown(absl::string_view file_name) {
  return std::string(file_name == "-" ? "standard input" : file_name);
}

std::string Format(absl::string_view file_name, const Problem& problem) {
  std::string text = absl::StrCat(Shown(file_name), ":", problem.line, ": ");
  if (!problem.field.empty()) absl::StrAppend(&text, problem.field, ": ");
  return text + problem.what;
}

}  // namespace

absl::StatusOr<StudyFile> ParseStudyFile(absl::string_view text, absl::string_view file_name) {
  StudyFile file;
  file.file_name = std::string(file_name);
  Document document = ReadDocument(text);
  if (document.root != nullptr) {
    Reader reader(document.problems, file.lines);
    reader.ReadSection(*document.root, "", file.study);
    CompleteParameterTypes(reader.written_whole(), file.study);
  }
  if (document.problems.empty()) return file;
  std::stable_sort(document.problems.begin(), document.problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return absl::InvalidArgumentError(
      absl::StrJoin(document.problems, "\n", [&](std::string* out, const Problem& problem) {
        absl::StrAppend(out, Format(file_name, problem));
      }));
}

std::string DescribeViolation(const StudyFile& file, const v1::FieldViolation& violation) {
  return Format(file.file_name, Problem{file.lines.Find(violation.field()), violation.field(),
                                        violation.description()});
}

}  // namespace caviar::study_file
