#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "client/commands/command_line.h"
#include "client/commands/study_text.h"
#include "client/study_file/document.h"
#include "client/study_file/study_file.h"

namespace caviar::commands {
namespace {

struct Arguments {
  std::string file;
  std::string name;
  bool dry_run = false;
};

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

int FailCreate(const study_file::StudyFile& file, const absl::Status& status, Session& session) {
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

int Create(const Arguments& arguments, Session& session) {
  const auto text = ReadFile(arguments.file, session.environment().in);
  if (!text.ok()) return session.Fail(text.status());
  auto file = study_file::ParseStudyFile(*text, arguments.file);
  if (!file.ok()) return session.Fail(file.status());
  if (!arguments.name.empty()) file->study.set_name(arguments.name);

  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::CreateStudyRequest request;
  *request.mutable_study() = file->study;
  request.set_validate_only(arguments.dry_run);
  const auto study = (*client)->CreateStudy(std::move(request));
  if (!study.ok()) return FailCreate(*file, study.status(), session);
  // What a grid costs, before it is begun; the name alone goes to standard output.
  if (study->sampler().algorithm() == v1::Sampler::GRID && !study->sampler_reason().empty()) {
    session.Complain(study->sampler_reason());
  }
  for (const std::string& text : WarmStartTexts(*study)) {
    session.Complain(absl::StrCat("warm_start: ", text));
  }
  if (!session.is_table()) {
    session.Print(*study);
  } else if (arguments.dry_run) {
    session.out() << file->study.name() << " is valid; nothing was created\n";
  } else {
    session.out() << study->name() << "\n";
  }
  return kDone;
}

}  // namespace

void AddStudyCreate(CLI::App& study, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& command =
      line.Add(study, "create", "Create a study from a file and print its name",
               [arguments](Session& session) { return Create(*arguments, session); });
  command.add_option("FILE", arguments->file, "The study file; - reads standard input")->required();
  command.add_option("--name", arguments->name, "Name it so, whatever the file says");
  command.add_flag("--dry-run", arguments->dry_run, "Only check the file");
}

}  // namespace caviar::commands
