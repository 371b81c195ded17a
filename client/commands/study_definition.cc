#include "client/commands/study_definition.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "client/commands/code_upload.h"
#include "client/study_file/document.h"

namespace caviar::commands {
namespace {

// All of a stream, but not more than tells that it is too much.
std::string ReadSome(std::istream& in) {
  std::string text(study_file::kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

absl::StatusOr<std::string> ReadFile(const std::string& name, std::istream& standard_input) {
  if (name == "-") return ReadSome(standard_input);
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  std::string text = file ? ReadSome(file) : "";
  // A folder can be opened, but not read.
  if (!file.is_open() || file.bad()) {
    const char* reason = errno != 0 ? std::strerror(errno) : "it cannot be read";
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", reason));
  }
  return text;
}

absl::StatusOr<v1::Study> Create(const study_file::StudyFile& file, bool validate_only,
                                 client::Client& client) {
  v1::CreateStudyRequest request;
  *request.mutable_study() = file.study;
  request.set_validate_only(validate_only);
  return client.CreateStudy(std::move(request));
}

}  // namespace

absl::StatusOr<study_file::StudyFile> ReadStudyFile(const std::string& name, Session& session) {
  const auto text = ReadFile(name, session.environment().in);
  if (!text.ok()) return text.status();
  return study_file::ParseStudyFile(*text, name);
}

int FailStudyFile(const study_file::StudyFile& file, const absl::Status& status, Session& session) {
  const auto detail = error::Detail(status);
  if (!absl::IsInvalidArgument(status) || !detail || detail->field_violations().empty()) {
    return session.Fail(status);
  }
  std::vector<v1::FieldViolation> violations(detail->field_violations().begin(),
                                             detail->field_violations().end());
  std::stable_sort(violations.begin(), violations.end(), [&](const auto& a, const auto& b) {
    return file.lines.Find(a.field()) < file.lines.Find(b.field());
  });
  for (const v1::FieldViolation& violation : violations) {
    session.Complain(study_file::DescribeViolation(file, violation));
  }
  return kWrongUsage;
}

void KeepCode(const v1::Study& now, v1::Study& next) {
  if (!now.trainer().command().has_code() || !next.trainer().has_command()) return;
  *next.mutable_trainer()->mutable_command()->mutable_code() = now.trainer().command().code();
}

void WarnOfOtherCode(const v1::Study& now, const v1::Study& next, Session& session) {
  const std::string& stored = now.trainer().command().code().archive().sha256();
  const std::string& packed = next.trainer().command().code().archive().sha256();
  if (stored.empty() || packed.empty() || stored == packed) return;
  session.Complain(absl::StrCat(
      "the folder of trainer.command.code is another than ", now.name(),
      " was created with, and its trials go on with that; for the new one create a new study, ",
      "which learns from this one with warm_start: [", now.name(), "]"));
}

absl::StatusOr<v1::Study> ValidateStudy(study_file::StudyFile& file, client::Client& client) {
  if (const auto code = PackCode(file); !code.ok()) return code.status();
  return Create(file, /*validate_only=*/true, client);
}

absl::StatusOr<v1::Study> CreateStudy(study_file::StudyFile& file, client::Client& client) {
  const auto code = PackCode(file);
  if (!code.ok()) return code.status();
  if (!code->empty()) {
    // Before the folder, which may be large, is sent for a study that is refused.
    auto checked = Create(file, /*validate_only=*/true, client);
    if (!checked.ok()) return checked;
    const absl::Status sent =
        UploadCode(file.study.trainer().command().code().archive(), *code, client);
    if (!sent.ok()) return sent;
  }
  return Create(file, /*validate_only=*/false, client);
}

}  // namespace caviar::commands
