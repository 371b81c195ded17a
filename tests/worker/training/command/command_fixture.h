// A command trainer with a folder of its own, and an observer that keeps what it is told.
#ifndef CAVIAR_TESTS_WORKER_TRAINING_COMMAND_COMMAND_FIXTURE_H_
#define CAVIAR_TESTS_WORKER_TRAINING_COMMAND_COMMAND_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "worker/training/command/command_trainer.h"

namespace caviar::command {

using training::Outcome;
using Kind = training::Outcome::Kind;

// Thread safe, as observers are.
class Recorder : public training::AttemptObserver {
 public:
  void OnMeasurement(const v1::Measurement& measurement) override {
    {
      absl::MutexLock lock(&mutex_);
      measurements_.push_back(measurement);
    }
    if (on_measurement) on_measurement(measurement);
  }
  void OnCheckpoint(int64_t step, std::string checkpoint) override {
    {
      absl::MutexLock lock(&mutex_);
      checkpoint_steps_.push_back(step);
      checkpoint_ = std::move(checkpoint);
    }
    if (on_checkpoint) on_checkpoint(step);
  }
  // The last one that was stored, and the newest.
  std::set<int64_t> CheckpointsInUse() const override {
    absl::MutexLock lock(&mutex_);
    std::set<int64_t> steps;
    for (const int64_t step : checkpoint_steps_) {
      if (step <= last_stored) steps = {step};
    }
    if (!checkpoint_steps_.empty()) steps.insert(checkpoint_steps_.back());
    return steps;
  }
  bool StopRequested() const override { return stop || pause; }
  bool CheckpointRequested() const override { return pause; }
  void OnLog(absl::string_view text) override {
    {
      absl::MutexLock lock(&mutex_);
      absl::StrAppend(&log_, text);
    }
    if (on_log) on_log(std::string(text));
  }
  void AwaitAnswers(absl::Duration /*at_most*/) override { ++awaited; }

  // "1 accuracy=0.5", and so on.
  std::vector<std::string> measurements() const {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> texts;
    for (const v1::Measurement& measurement : measurements_) {
      std::string text = absl::StrCat(measurement.step());
      for (const auto& [name, value] : std::map<std::string, double>(measurement.metrics().begin(),
                                                                     measurement.metrics().end())) {
        absl::StrAppend(&text, " ", name, "=", value);
      }
      texts.push_back(text);
    }
    return texts;
  }
  std::vector<int64_t> checkpoint_steps() const {
    absl::MutexLock lock(&mutex_);
    return checkpoint_steps_;
  }
  std::string checkpoint() const {
    absl::MutexLock lock(&mutex_);
    return checkpoint_;
  }
  std::string log() const {
    absl::MutexLock lock(&mutex_);
    return log_;
  }
  // Of its lines "name=number".
  std::vector<int> Numbers(const std::string& name) const {
    std::vector<int> numbers;
    const std::string text = log();
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      int number = 0;
      if (absl::ConsumePrefix(&line, name + "=") && absl::SimpleAtoi(line, &number)) {
        numbers.push_back(number);
      }
    }
    return numbers;
  }

  // Called after what they are named for was kept; set before the training starts.
  std::function<void(const v1::Measurement&)> on_measurement;
  std::function<void(int64_t)> on_checkpoint;
  std::function<void(const std::string&)> on_log;
  std::atomic<bool> stop = false;
  std::atomic<bool> pause = false;
  std::atomic<int> awaited = 0;
  // Later checkpoints do not get through.
  std::atomic<int64_t> last_stored = std::numeric_limits<int64_t>::max();

 private:
  mutable absl::Mutex mutex_;
  std::vector<v1::Measurement> measurements_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> checkpoint_steps_ ABSL_GUARDED_BY(mutex_);
  std::string checkpoint_ ABSL_GUARDED_BY(mutex_);
  std::string log_ ABSL_GUARDED_BY(mutex_);
};

class CommandFixture : public testing::Test {
 protected:
  CommandFixture() {
    std::string name = "/tmp/caviar-XXXXXX";  // short, for the sockets
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    options_.work_directory = name;
    study_.set_name("digits");
    study_.mutable_objective()->set_metric("accuracy");
    study_.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
    study_.mutable_sampler()->set_seed(7);
    trial_.set_number(3);
    command().mutable_stop_grace()->set_seconds(60);
  }
  ~CommandFixture() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  v1::Command& command() { return *study_.mutable_trainer()->mutable_command(); }

  void SetRun(const std::vector<std::string>& run) {
    command().clear_run();
    for (const std::string& argument : run) command().add_run(argument);
  }
  void AddParameter(const std::string& name, const v1::Value* value) {
    study_.add_parameters()->set_name(name);
    if (value != nullptr) (*trial_.mutable_parameters())[name] = *value;
  }

  Outcome Train() { return CommandTrainer(options_).Train(work_, seen_); }
  // Runs `script` with sh. ${...} in it is the trainer's.
  Outcome Run(const std::string& script) {
    SetRun({"sh", "-c", script});
    return Train();
  }
  // Once more from the newest checkpoint, as attempt 2.
  Outcome Resume() {
    checkpoint_ = seen_.checkpoint();
    work_.checkpoint = &checkpoint_;
    ++work_.attempt;
    return Train();
  }

  std::string Kept(const std::string& name) const {
    std::ifstream file(folder_ / "kept" / name);
    return file ? std::string(std::istreambuf_iterator<char>(file), {}) : "(none)";
  }

  static bool IsAlive(int process) { return kill(process, 0) == 0; }

  std::filesystem::path folder_;
  CommandTrainerOptions options_;
  v1::Study study_;
  v1::Trial trial_;
  training::AttemptWork work_{study_, trial_, nullptr, 1, ""};
  std::string checkpoint_;
  Recorder seen_;
};

}  // namespace caviar::command

#endif  // CAVIAR_TESTS_WORKER_TRAINING_COMMAND_COMMAND_FIXTURE_H_
