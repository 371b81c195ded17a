#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/command_line.h"
#include "client/commands/study_definition.h"
#include "client/commands/study_text.h"

namespace caviar::commands {
namespace {

struct CreateArguments {
  std::string file;
  std::string name;
  bool dry_run = false;
  bool if_not_exists = false;
};

// Says in how far the study that is there is another one than the file's.
int KeepExisting(const study_file::StudyFile& file, client::Client& client, Session& session) {
  v1::GetStudyRequest get;
  get.set_study(file.study.name());
  const auto study = client.GetStudy(get);
  if (!study.ok()) return session.Fail(study.status());
  v1::UpdateStudyRequest compare;
  compare.set_study(study->name());
  *compare.mutable_definition() = file.study;
  WarnOfOtherCode(*study, file.study, session);
  KeepCode(*study, *compare.mutable_definition());
  compare.set_validate_only(true);
  const auto compared = client.UpdateStudy(std::move(compare));
  const bool differs = !compared.ok() || !compared->changes().empty();
  if (differs) {
    session.Complain(absl::StrCat(study->name(), " exists already and is not what ", file.file_name,
                                  " says; 'caviar study update ", study->name(), " ",
                                  file.file_name, " --dry-run' shows the difference"));
  }
  if (session.is_table()) {
    session.out() << study->name() << "\n";
  } else {
    session.Print(*study);
  }
  return kDone;
}

int Create(const CreateArguments& arguments, Session& session) {
  auto file = ReadStudyFile(arguments.file, session);
  if (!file.ok()) return session.Fail(file.status());
  if (!arguments.name.empty()) file->study.set_name(arguments.name);

  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto study =
      arguments.dry_run ? ValidateStudy(*file, **client) : CreateStudy(*file, **client);
  if (absl::IsAlreadyExists(study.status()) && arguments.if_not_exists) {
    return KeepExisting(*file, **client, session);
  }
  if (!study.ok()) return FailStudyFile(*file, study.status(), session);
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

void AddStudyCreate(Command study, CommandLine& line) {
  auto arguments = std::make_shared<CreateArguments>();
  Command command = line.Add(study, "create", "Create a study from a file and print its name",
                             [arguments](Session& session) { return Create(*arguments, session); });
  command.AddOption("FILE", arguments->file, "The study file; - reads standard input").Required();
  command.AddOption("--name", arguments->name, "Name it so, whatever the file says");
  command.AddFlag("--dry-run", arguments->dry_run, "Only check the file");
  command.AddFlag("--if-not-exists", arguments->if_not_exists,
                  "Where a study has this name, leave it as it is, print its name and end with 0");
}

}  // namespace caviar::commands
