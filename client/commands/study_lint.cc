#include <filesystem>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/code_upload.h"
#include "client/commands/command_line.h"
#include "client/commands/findings.h"
#include "client/commands/study_definition.h"

namespace caviar::commands {
namespace {

// A file that is there, or that is named like one; anything else is a study's name.
bool IsFile(const std::string& subject) {
  std::error_code error;
  return subject == "-" || absl::EndsWith(subject, ".yaml") || absl::EndsWith(subject, ".yml") ||
         absl::StrContains(subject, '/') || std::filesystem::is_regular_file(subject, error);
}

int Show(const std::string& name, const v1::LintStudyResponse& response, Session& session) {
  if (!session.is_table()) {
    session.Print(response);
  } else if (response.findings().empty()) {
    session.out() << "nothing to remark about " << name << "\n";
  } else {
    session.out() << FindingLines(response, session.colors());
  }
  return kDone;
}

int LintFile(const std::string& name, Session& session) {
  auto file = ReadStudyFile(name, session);
  if (!file.ok()) return session.Fail(file.status());
  if (const auto code = PackCode(*file); !code.ok()) return session.Fail(code.status());
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::LintStudyRequest request;
  *request.mutable_definition() = file->study;
  const auto response = (*client)->LintStudy(request);
  if (!response.ok()) return FailStudyFile(*file, response.status(), session);
  return Show(file->study.name(), *response, session);
}

int LintStored(const std::string& name, Session& session) {
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  v1::LintStudyRequest request;
  request.set_study(name);
  const auto response = (*client)->LintStudy(request);
  if (!response.ok()) return session.Fail(response.status());
  return Show(name, *response, session);
}

}  // namespace

void AddStudyLint(Command study, CommandLine& line) {
  auto subject = std::make_shared<std::string>();
  Command command = line.Add(
      study, "lint", "Say what an experienced colleague would, of a file or of what a study tried",
      [subject](Session& session) {
        return IsFile(*subject) ? LintFile(*subject, session) : LintStored(*subject, session);
      });
  command
      .AddOption("FILE|NAME", *subject,
                 "A study file (- reads standard input), or the name of a study")
      .Required();
}

}  // namespace caviar::commands
