// One trial with real programs.
#include "client/local/local_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "client/archive/archive.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::local {
namespace {

using commands::LocalOutcome;
using commands::LocalTrial;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class Recorder final : public commands::LocalTrialWatcher {
 public:
  void OnStart(const std::vector<std::string>& words,
               const std::map<std::string, std::string>& variables,
               const std::string& folder) override {
    words_ = words;
    variables_ = variables;
    folder_ = folder;
  }
  void OnMeasurement(const v1::Measurement& measurement) override {
    measurements_.push_back(measurement);
  }
  void OnCheckpoint(int64_t step) override { checkpoints_.push_back(step); }
  void OnLog(absl::string_view text) override {
    log_.append(text.data(), text.size());
    if (stop_at_log_) stop_ = true;
  }
  bool ShouldStop() const override { return stop_; }

  std::vector<std::string> words_;
  std::map<std::string, std::string> variables_;
  std::string folder_;
  std::vector<v1::Measurement> measurements_;
  std::vector<int64_t> checkpoints_;
  std::string log_;
  bool stop_at_log_ = false;
  std::atomic<bool> stop_ = false;
};

// A shell script as the program of a study.
LocalTrial Script(const std::string& text) {
  LocalTrial trial;
  trial.study.set_name("s");
  trial.study.mutable_objective()->set_metric("accuracy");
  trial.study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  v1::Command& command = *trial.study.mutable_trainer()->mutable_command();
  for (const char* word : {"sh", "-c", text.c_str(), "name", "${args}"}) command.add_run(word);
  command.mutable_stop_grace()->set_seconds(1);
  v1::Parameter& parameter = *trial.study.add_parameters();
  parameter.set_name("lr");
  parameter.set_type(v1::Parameter::DOUBLE);
  parameter.set_max(1);
  (*trial.trial.mutable_parameters())["lr"].set_double_value(0.25);
  return trial;
}

TEST(LocalTrial, RunsTheProgramAndHandsOnWhatItSays) {
  Recorder recorder;
  const LocalOutcome outcome =
      RunTrial(Script("echo hello $1; echo 'caviar: {\"step\": 3, \"accuracy\": 0.5}'"), recorder);
  EXPECT_EQ(outcome.state, v1::Trial::COMPLETED) << outcome.message;
  EXPECT_THAT(recorder.log_, HasSubstr("hello --lr=0.25\n"));
  ASSERT_EQ(recorder.measurements_.size(), 1u);
  EXPECT_EQ(recorder.measurements_[0].step(), 3);
  EXPECT_EQ(recorder.measurements_[0].metrics().at("accuracy"), 0.5);
  EXPECT_EQ(recorder.words_.back(), "--lr=0.25");
  EXPECT_THAT(recorder.variables_, Contains(Pair("CAVIAR_PARAMETERS", "{\"lr\": 0.25}")));
  EXPECT_FALSE(recorder.variables_.contains("PATH"));
  EXPECT_FALSE(recorder.folder_.empty());
  EXPECT_FALSE(std::filesystem::exists(recorder.folder_));
}

TEST(LocalTrial, TheFolderThatIsTakenAlongIsTheProgramsOwn) {
  const storage::TemporaryFolder folder;
  std::ofstream(folder.path() + "/data.txt") << "0.75";
  LocalTrial trial = Script("echo accuracy=$(cat data.txt)");
  trial.study.mutable_trainer()->mutable_command()->mutable_code()->set_upload(".");
  trial.code = *archive::Pack(folder.path(), {});
  Recorder recorder;
  EXPECT_EQ(RunTrial(trial, recorder).state, v1::Trial::COMPLETED);
  ASSERT_EQ(recorder.measurements_.size(), 1u);
  EXPECT_EQ(recorder.measurements_[0].metrics().at("accuracy"), 0.75);
}

TEST(LocalTrial, SaysHowItEnded) {
  Recorder recorder;
  LocalOutcome outcome = RunTrial(Script("echo no such file; exit 3"), recorder);
  EXPECT_EQ(outcome.state, v1::Trial::FAILED);
  EXPECT_THAT(outcome.message, HasSubstr("no such file"));
  EXPECT_EQ(RunTrial(Script("exit 65"), recorder).state, v1::Trial::INFEASIBLE);
  EXPECT_EQ(RunTrial(Script("exit 75"), recorder).state, v1::Trial::WAITING);
}

TEST(LocalTrial, AProgramThatIsToStopIsStopped) {
  Recorder recorder;
  recorder.stop_at_log_ = true;
  const LocalOutcome outcome = RunTrial(Script("echo begun; sleep 1000"), recorder);
  EXPECT_EQ(outcome.state, v1::Trial::CANCELLED);
}

TEST(LocalTrial, GpusThatAreNotThereAreSaid) {
  setenv("CUDA_VISIBLE_DEVICES", "0", 1);
  LocalTrial trial = Script("true");
  trial.study.mutable_trainer()->mutable_command()->mutable_resources()->set_gpus(2);
  Recorder recorder;
  const LocalOutcome outcome = RunTrial(trial, recorder);
  unsetenv("CUDA_VISIBLE_DEVICES");
  EXPECT_EQ(outcome.state, v1::Trial::FAILED);
  EXPECT_THAT(outcome.message, HasSubstr("wants 2 GPUs, and CUDA_VISIBLE_DEVICES names 1"));
}

}  // namespace
}  // namespace caviar::local
