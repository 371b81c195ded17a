#include "worker/training/command/command_trainer.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "worker/training/command/attempt.h"
#include "worker/training/command/attempt_folder.h"
#include "worker/training/not_begun.h"

namespace caviar::command {
namespace {

using training::Outcome;

// "digits.7.1", a folder's name whatever the study is called.
std::string NameOf(const training::AttemptWork& work) {
  std::string name = work.study.name();
  for (char& letter : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(letter)) && letter != '_' &&
        letter != '-') {
      letter = '_';
    }
  }
  return absl::StrCat(name, ".", work.trial.number(), ".", work.attempt);
}

bool Keeps(v1::KeptFolders::Which which, Outcome::Kind kind) {
  if (kind == Outcome::Kind::kWorkerTrouble) return false;  // nothing ran
  if (which == v1::KeptFolders::ALL) return true;
  return which != v1::KeptFolders::NONE && kind == Outcome::Kind::kFailed;
}

}  // namespace

CommandTrainer::CommandTrainer(CommandTrainerOptions options)
    : options_(std::move(options)),
      environment_(OwnEnvironment()),
      cgroups_(options_.use_cgroups),
      budget_(options_.offer) {}

training::Outcome CommandTrainer::Train(const training::AttemptWork& work,
                                        training::AttemptObserver& observer) {
  const v1::Command& command = work.study.trainer().command();
  const auto share = budget_.Take(command.resources(), [&] { return observer.StopRequested(); });
  if (absl::IsCancelled(share.status())) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kStopped;
    return outcome;
  }
  if (!share.ok()) return training::NotBegun(share.status());
  const auto folder = AttemptFolder::Make(options_.work_directory, NameOf(work), ++attempts_);
  if (!folder.ok()) return training::NotBegun(folder.status());
  std::optional<std::string> gpus;
  if (budget_.has_gpus()) gpus = (*share)->GpuNames();
  Attempt attempt({work, observer, **folder, environment_, cgroups_, gpus, options_.on_start});
  Outcome outcome = attempt.Run();
  if (Keeps(command.keep(), outcome.kind)) {
    const auto kept = (*folder)->Keep();
    attempt.log().Remark(kept.ok() ? absl::StrCat("this attempt's folder is kept: ", *kept)
                                   : absl::StrCat("this attempt's folder could not be kept: ",
                                                  kept.status().message()));
  }
  return outcome;
}

absl::StatusOr<training::TestResult> CommandTrainer::Evaluate(const v1::Study& /*study*/,
                                                              const v1::Trial& /*trial*/,
                                                              const std::string& /*weights*/) {
  return absl::UnimplementedError("a program meets no test set");
}

void RemoveLeftovers(const std::string& work_directory) {
  RemoveFolder(absl::StrCat(work_directory, "/running"));
}

}  // namespace caviar::command
