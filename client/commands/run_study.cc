#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "client/commands/best.h"
#include "client/commands/command_line.h"
#include "client/commands/study_definition.h"
#include "client/commands/study_text.h"
#include "client/commands/study_waiter.h"

namespace caviar::commands {
namespace {

struct RunStudyArguments {
  std::string file;
  std::string name;
  std::string data_directory;
  std::string dataset_directory;
  int slots = 1;
};

// The coordinator's rule; before it is asked the name becomes a folder's.
bool IsStudyName(const std::string& name) {
  if (name.empty() || name.size() > 63 || !absl::ascii_isalnum(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

// What a study is that its maker could have changed since.
std::string DefinitionOf(const v1::Study& study) {
  v1::Study parts;
  *parts.mutable_parameters() = study.parameters();
  for (v1::Parameter& parameter : *parts.mutable_parameters()) {
    // The coordinator fills it in.
    if (parameter.scale() == v1::Parameter::LINEAR) parameter.clear_scale();
  }
  *parts.mutable_trainer()->mutable_command()->mutable_run() = study.trainer().command().run();
  return study_file::WriteStudyFile(parts);
}

class Runner {
 public:
  Runner(const RunStudyArguments& arguments, study_file::StudyFile file, Session& session)
      : file_(std::move(file)),
        name_(file_.study.name()),
        data_directory_(arguments.data_directory.empty() ? "caviar-data/" + name_
                                                         : arguments.data_directory),
        again_(absl::StrCat("`caviar run ", arguments.file, "` goes on with it")),
        arguments_(arguments),
        session_(session) {}

  int Run() {
    Environment& environment = session_.environment();
    // Before there are threads, so that all leave the signals alone.
    const auto guard = environment.catch_interrupts([this] { Cancel(""); });
    const auto cluster =
        environment.start_cluster({data_directory_, arguments_.slots, arguments_.dataset_directory,
                                   [this](const std::string& what) { Cancel(what); }});
    if (!cluster.ok()) return IsCancelled() ? Interrupted() : session_.Fail(cluster.status());
    options_ = session_.options();
    options_.coordinator = (*cluster)->address();
    options_.credentials = client::Credentials();
    options_.credentials.token_file = (*cluster)->token_file();
    options_.credentials_are_whole = true;
    Session session(environment, options_);
    const int code = Tune(session);
    const std::string death = Death();
    if (!death.empty()) {
      session_.Complain(death);
      return kFailed;
    }
    return code == kInterrupted ? Interrupted() : code;
  }

 private:
  int Tune(Session& session) {
    const auto client = session.Client();
    if (!client.ok()) return session.Fail(client.status());
    if (const int code = Begin(**client, session); code != kDone) return code;
    StudyWaiter waiter(name_, {"", again_}, session);
    {
      absl::MutexLock lock(&mutex_);
      if (is_cancelled_) return kInterrupted;
      waiter_ = &waiter;
    }
    const int code = waiter.Run();
    {
      absl::MutexLock lock(&mutex_);
      waiter_ = nullptr;
      if (!death_.empty()) return code;
    }
    if (session.is_table()) {
      session.out() << "\n";
      PrintBest(name_, std::nullopt, session);
      session.out() << "\nresults stay in " << data_directory_
                    << "; `caviar-coordinator --data-dir " << data_directory_
                    << "` serves them to all commands\n";
    }
    return code;
  }

  // Creates the study, or goes on with it.
  int Begin(client::Client& client, Session& session) {
    v1::GetStudyRequest get;
    get.set_study(name_);
    auto study = client.GetStudy(get);
    if (absl::IsNotFound(study.status())) {
      study = CreateStudy(file_, client);
      if (!study.ok()) return FailStudyFile(file_, study.status(), session);
      for (const std::string& text : WarmStartTexts(*study)) {
        session.Complain(absl::StrCat("warm_start: ", text));
      }
      return kDone;
    }
    if (!study.ok()) return session.Fail(study.status());
    const bool has_ended = study->state() == v1::Study::ENDED;
    session.Complain(absl::StrCat(
        "study ", name_, " of ", data_directory_,
        has_ended ? " has ended before; --name gives a new one another name" : " goes on"));
    if (DefinitionOf(*study) != DefinitionOf(file_.study)) {
      session.Complain(
          absl::StrCat("it keeps the parameters and the command that it was created "
                       "with, and ",
                       file_.file_name == "-" ? "standard input" : file_.file_name,
                       " has others; --name starts a study with these"));
    }
    if (study->state() != v1::Study::STOPPED) return kDone;
    v1::ResumeStudyRequest resume;
    resume.set_study(name_);
    const auto resumed = client.ResumeStudy(resume);
    return resumed.ok() ? kDone : session.Fail(resumed.status());
  }

  // From other threads. `death`: which program ended by itself; empty: a person wants the end.
  void Cancel(const std::string& death) {
    absl::MutexLock lock(&mutex_);
    if (is_cancelled_) return;
    is_cancelled_ = true;
    death_ = death;
    if (waiter_ != nullptr) waiter_->Cancel();
  }

  bool IsCancelled() {
    absl::MutexLock lock(&mutex_);
    return is_cancelled_ && death_.empty();
  }
  std::string Death() {
    absl::MutexLock lock(&mutex_);
    return death_;
  }

  int Interrupted() {
    session_.Complain(absl::StrCat("interrupted; ", again_));
    session_.environment().err.flush();
    return kInterrupted;
  }

  study_file::StudyFile file_;
  const std::string name_;
  const std::string data_directory_;
  const std::string again_;
  const RunStudyArguments& arguments_;
  Session& session_;
  GlobalOptions options_;
  absl::Mutex mutex_;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::string death_ ABSL_GUARDED_BY(mutex_);
  StudyWaiter* waiter_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

int RunStudy(const RunStudyArguments& arguments, Session& session) {
  auto file = ReadStudyFile(arguments.file, session);
  if (!file.ok()) return session.Fail(file.status());
  if (!arguments.name.empty()) file->study.set_name(arguments.name);
  if (!IsStudyName(file->study.name())) {
    return session.FailUsage(
        absl::StrCat("study: the name is \"", file->study.name(),
                     "\"; write a letter or digit, then letters, digits, _, . or -, at most 63"));
  }
  return Runner(arguments, *std::move(file), session).Run();
}

}  // namespace

void AddRun(Command app, CommandLine& line) {
  auto arguments = std::make_shared<RunStudyArguments>();
  Command command =
      line.AddLocal(app, "run",
                    "Tune on this machine: starts a coordinator and a worker, shows progress and "
                    "the best trials, "
                    "and ends them; the study's program may run any command",
                    [arguments](Session& session) { return RunStudy(*arguments, session); });
  command.AddOption("FILE", arguments->file, "The study file; - reads standard input").Required();
  command.AddOption("--slots", arguments->slots, "Trials that run at the same time; default: 1")
      .Within(1, 1024);
  command.AddOption("--name", arguments->name, "Name the study so, whatever the file says");
  command.AddOption(
      "--data-dir", arguments->data_directory,
      "Where all is kept; default: ./caviar-data/NAME. A study that is there goes on");
  command
      .AddOption("--dataset-dir", arguments->dataset_directory,
                 "Where relative data paths of the built-in trainer start")
      .ExistingFolder();
}

}  // namespace caviar::commands
