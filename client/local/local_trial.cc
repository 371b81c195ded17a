#include "client/local/local_trial.h"

#include <signal.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "worker/training/command/command_trainer.h"

namespace caviar::local {
namespace {

using commands::LocalOutcome;
using commands::LocalTrial;
using commands::LocalTrialWatcher;

// Removed with all in it. Below /tmp, as the path of a socket in it has to be short.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/caviar-try-XXXXXX";
    if (mkdtemp(name) != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // Empty: it could not be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What the program gets beside what this process has in its environment.
std::map<std::string, std::string> AddedVariables(const command::ProgramSpec& program) {
  const command::Environment own = command::OwnEnvironment();
  std::map<std::string, std::string> added;
  for (const std::string& variable : program.environment) {
    const size_t equals = variable.find('=');
    const std::string name = variable.substr(0, equals);
    const std::string value = variable.substr(equals + 1);
    const auto found = own.find(name);
    if (found == own.end() || found->second != value) added[name] = value;
  }
  return added;
}

// Hands on what the trainer's threads say, one at a time.
class Observer final : public training::AttemptObserver {
 public:
  explicit Observer(LocalTrialWatcher& watcher) : watcher_(watcher) {}

  void OnMeasurement(const v1::Measurement& measurement) override {
    absl::MutexLock lock(&mutex_);
    watcher_.OnMeasurement(measurement);
  }
  void OnCheckpoint(int64_t step, std::string) override {
    absl::MutexLock lock(&mutex_);
    watcher_.OnCheckpoint(step);
  }
  void OnLog(absl::string_view text) override {
    absl::MutexLock lock(&mutex_);
    watcher_.OnLog(text);
  }
  void OnStart(const command::ProgramSpec& program) {
    absl::MutexLock lock(&mutex_);
    watcher_.OnStart(program.arguments, AddedVariables(program), program.folder);
  }
  bool StopRequested() const override { return watcher_.ShouldStop(); }
  // Nobody would go on from it.
  bool CheckpointRequested() const override { return false; }
  // There is no coordinator: the answer is always to continue.
  void AwaitAnswers(absl::Duration) override {}

 private:
  LocalTrialWatcher& watcher_;
  absl::Mutex mutex_;
};

// What this process may use: CUDA_VISIBLE_DEVICES; without it the first one there is.
std::vector<std::string> Gpus(int needed) {
  std::vector<std::string> gpus;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    return absl::StrSplit(visible, ',', absl::SkipWhitespace());
  }
  for (int i = 0; i < needed; ++i) gpus.push_back(absl::StrCat(i));
  return gpus;
}

LocalOutcome Failed(const std::string& message) { return {v1::Trial::FAILED, message}; }

LocalOutcome ToLocal(const training::Outcome& outcome) {
  using Kind = training::Outcome::Kind;
  switch (outcome.kind) {
    case Kind::kCompleted:
      return {v1::Trial::COMPLETED, outcome.message};
    case Kind::kInfeasible:
      return {v1::Trial::INFEASIBLE, outcome.message};
    case Kind::kStopped:
      return {v1::Trial::CANCELLED, outcome.message};
    case Kind::kRunAgain:
      return {v1::Trial::WAITING, outcome.message};
    case Kind::kFailed:
    case Kind::kUnusableCheckpoint:
    case Kind::kWorkerTrouble:
      break;
  }
  return Failed(outcome.message);
}

}  // namespace

LocalOutcome RunTrial(const LocalTrial& trial, LocalTrialWatcher& watcher) {
  // As in a worker: a program that closes its ends of pipes and sockets is no reason to die.
  signal(SIGPIPE, SIG_IGN);
  const TemporaryFolder folder;
  if (folder.path().empty()) {
    return Failed(absl::StrCat("no folder can be made below /tmp: ", std::strerror(errno)));
  }
  std::string archive;
  if (!trial.code.empty()) {
    archive = folder.path() + "/code";
    std::ofstream file(archive, std::ios::binary);
    file << trial.code;
    if (!file.flush()) return Failed(archive + " cannot be written: is /tmp full?");
  }
  const v1::Resources& resources = trial.study.trainer().command().resources();
  command::CommandTrainerOptions options;
  options.work_directory = folder.path();
  options.offer.gpus = Gpus(resources.gpus());
  if (static_cast<int>(options.offer.gpus.size()) < resources.gpus()) {
    return Failed(absl::StrCat("the study wants ", resources.gpus(),
                               " GPUs, and CUDA_VISIBLE_DEVICES names ",
                               options.offer.gpus.size()));
  }
  Observer observer(watcher);
  options.on_start = [&](const command::ProgramSpec& program) { observer.OnStart(program); };
  command::CommandTrainer trainer(std::move(options));
  const training::AttemptWork work{trial.study, trial.trial, /*checkpoint=*/nullptr,
                                   /*attempt=*/1, archive};
  return ToLocal(trainer.Train(work, observer));
}

}  // namespace caviar::local
