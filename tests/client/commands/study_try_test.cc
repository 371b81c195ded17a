#include "absl/strings/str_replace.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTryStudy[] =
    "study: digits\nobjective: {metric: accuracy, goal: maximize}\ntrainer: {command: {run: "
    "[python3, train.py, '${args}']}}\nparameters: {lr: {min: 1e-4, max: 1e-2, scale: log}, "
    "layers: {min: 1, max: 5}, optimizer: {values: [sgd, adam]}, momentum: {min: 0.9, max: 0.99, "
    "when: {optimizer: adam}}}\n";

v1::Measurement At(int64_t step, const std::string& metric, double value) {
  v1::Measurement measurement;
  measurement.set_step(step);
  (*measurement.mutable_metrics())[metric] = value;
  return measurement;
}

class StudyTry : public CommandTest {
 protected:
  // Tries `study` with a program that does this.
  int Try(const std::string& study, std::function<LocalOutcome(LocalTrialWatcher&)> program,
          std::vector<std::string> values = {}) {
    in_.clear();
    in_.str(study);
    run_trial_ = [this, program](const LocalTrial& trial, LocalTrialWatcher& watcher) {
      trial_ = trial;
      return program(watcher);
    };
    std::vector<std::string> arguments = {"study", "try", "-"};
    arguments.insert(arguments.end(), values.begin(), values.end());
    return Run(arguments);
  }

  LocalTrial trial_;
};

TEST_F(StudyTry, PrintsWhatHappensAndTheOutcome) {
  EXPECT_EQ(Try(kTryStudy,
                [this](LocalTrialWatcher& watcher) {
                  watcher.OnStart({"python3", "train.py", "--lr=0.001", "a b"},
                                  {{"CAVIAR_TRIAL", "0"}, {"A", "\x1b[2J"}}, "/tmp/x");
                  watcher.OnLog("epo");
                  watcher.OnLog("ch 1\n10%\r100%\nlast");
                  watcher.OnMeasurement(At(1, "accuracy", 0.5));
                  watcher.OnMeasurement(At(2, "accuracy", 0.75));
                  watcher.OnLog("bye");
                  now_ += absl::Seconds(3);
                  return LocalOutcome{v1::Trial::COMPLETED, ""};
                }),
            kDone)
      << err();
  EXPECT_EQ(out(),
            "one trial of digits, not stored: lr=0.001 layers=3 optimizer=sgd\n"
            "in /tmp/x\n"
            "  A= [2J\n"
            "  CAVIAR_TRIAL=0\n"
            "$ python3 train.py --lr=0.001 'a b'\n"
            "| epoch 1\n"
            "| 100%\n"
            "| last\n"
            "+ measured at step 1: accuracy=0.5\n"
            "+ measured at step 2: accuracy=0.75\n"
            "| bye\n"
            "\n"
            "COMPLETED after 3.0s\n"
            "METRIC    TIMES  LAST  LOWEST  HIGHEST\n"
            "accuracy      2  0.75     0.5     0.75\n"
            "\n"
            "nothing is missing; `caviar run` tunes with it on this machine\n");
  EXPECT_EQ(options_.address, "");
}

TEST_F(StudyTry, TakesValuesAndTheMiddleOfTheOthers) {
  const auto nothing = [](LocalTrialWatcher&) { return LocalOutcome{v1::Trial::FAILED, "no"}; };
  EXPECT_EQ(Try(kTryStudy, nothing, {"optimizer=adam", "layers=2"}), kFailed);
  const auto& values = trial_.trial.parameters();
  EXPECT_EQ(values.at("layers").int_value(), 2);
  EXPECT_DOUBLE_EQ(values.at("lr").double_value(), 1e-3);
  EXPECT_EQ(values.at("optimizer").string_value(), "adam");
  EXPECT_DOUBLE_EQ(values.at("momentum").double_value(), 0.945);
  EXPECT_EQ(Try(kTryStudy, nothing, {"units=2"}), kWrongUsage);
  EXPECT_EQ(Try(kTryStudy, nothing, {"accuracy=2"}), kWrongUsage);
}

TEST_F(StudyTry, AnObjectiveThatOnlyAPatternReadsIsSaidReadyToPaste) {
  EXPECT_EQ(Try(kTryStudy,
                [](LocalTrialWatcher& watcher) {
                  watcher.OnLog("loading\naccuracy: 0.93\n");
                  return LocalOutcome{v1::Trial::COMPLETED, ""};
                }),
            kFailed);
  EXPECT_THAT(out(), HasSubstr("FAILED after 0s: it ended well, and did not measure all"));
  EXPECT_THAT(out(), HasSubstr("accuracy  never"));
  EXPECT_THAT(out(), HasSubstr("accuracy was never measured. Lines that look like it, and what "
                               "reads them, under trainer.command:\n"
                               "  | accuracy: 0.93\n"
                               "    patterns: ['accuracy: (?P<accuracy>[0-9.]+)']\n"));
  EXPECT_THAT(out(), Not(HasSubstr("nothing is missing")));
}

TEST_F(StudyTry, OtherMetricsAreOffered) {
  EXPECT_EQ(Try(kTryStudy,
                [](LocalTrialWatcher& watcher) {
                  watcher.OnMeasurement(At(1, "val_acc", 0.5));
                  return LocalOutcome{v1::Trial::COMPLETED, ""};
                }),
            kFailed);
  EXPECT_THAT(out(), HasSubstr("objective: {metric: val_acc, goal: ...}"));
  EXPECT_EQ(Try(kTryStudy,
                [](LocalTrialWatcher&) {
                  return LocalOutcome{v1::Trial::COMPLETED, ""};
                }),
            kFailed);
  EXPECT_THAT(out(), HasSubstr("caviar: {\"step\": 1, \"accuracy\": 0.93}"));
}

TEST_F(StudyTry, WhatPrunersMetricsAndCheckpointsLackIsSaid) {
  const auto program = [](LocalTrialWatcher& watcher) {
    watcher.OnMeasurement(At(7, "accuracy", 0.5));
    return LocalOutcome{v1::Trial::COMPLETED, ""};
  };
  const std::string study = kTryStudy;
  EXPECT_EQ(Try(study + "pruner: {algorithm: asha}\n", program), kDone);
  EXPECT_THAT(out(), HasSubstr("    max_step: 7\n"));
  EXPECT_EQ(Try(study + "pruner: {algorithm: asha, max_step: 9}\n", program), kDone);
  EXPECT_THAT(out(), HasSubstr("max_step is 9, and the training ended at step 7"));
  EXPECT_EQ(Try(study + "pruner: {algorithm: median}\n", program), kDone);
  EXPECT_THAT(out(), HasSubstr("measured only once"));
  EXPECT_EQ(Try(study + "metrics: [loss]\n", program), kDone);
  EXPECT_THAT(out(), HasSubstr("loss, of `metrics`, was never measured"));
  const std::string resumable =
      absl::StrReplaceAll(study, {{"{command: {run:", "{command: {resumable: true, run:"}});
  EXPECT_EQ(Try(resumable, program), kDone);
  EXPECT_THAT(out(), HasSubstr("CAVIAR_CHECKPOINT_DIR/step-N"));
  EXPECT_EQ(Try(resumable,
                [&](LocalTrialWatcher& watcher) {
                  watcher.OnCheckpoint(7);
                  return program(watcher);
                }),
            kDone);
  EXPECT_THAT(out(), HasSubstr("+ checkpoint at step 7"));
  EXPECT_THAT(out(), HasSubstr("nothing is missing"));
}

TEST_F(StudyTry, CtrlCStopsTheProgram) {
  EXPECT_EQ(Try(kTryStudy,
                [this](LocalTrialWatcher& watcher) {
                  EXPECT_FALSE(watcher.ShouldStop());
                  interrupt_();
                  EXPECT_TRUE(watcher.ShouldStop());
                  return LocalOutcome{v1::Trial::CANCELLED, ""};
                }),
            kInterrupted);
  EXPECT_THAT(out(), HasSubstr("stopped after"));
}

TEST_F(StudyTry, WhatCannotBeTriedIsSaid) {
  const auto never = [](LocalTrialWatcher&) {
    ADD_FAILURE() << "was run";
    return LocalOutcome();
  };
  EXPECT_EQ(Try("study: a\ntrainer: {external: {}}\nparameters: {x: {min: 1, max: 2}}\n", never),
            kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("trainer.command: is missing"));
  EXPECT_EQ(Try("study: a\ntrainer: {command: {}}\n", never), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("trainer.command.run: is missing"));
  EXPECT_EQ(Try("study: a\ntrainer: {command: {run: [a]}}\n", never), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("objective: is missing"));
  EXPECT_EQ(Try("stud: a\n", never), kWrongUsage);
}

}  // namespace
}  // namespace caviar::commands
