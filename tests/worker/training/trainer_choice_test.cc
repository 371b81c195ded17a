#include "worker/training/trainer_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace caviar::training {
namespace {

using testing::HasSubstr;

class Observer final : public AttemptObserver {
 public:
  void OnMeasurement(const v1::Measurement& /*measurement*/) override {}
  void OnCheckpoint(int64_t /*step*/, std::string /*checkpoint*/) override {}
  bool StopRequested() const override { return false; }
  bool CheckpointRequested() const override { return false; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}
};

// Says its name.
class NamedTrainer final : public Trainer {
 public:
  explicit NamedTrainer(std::string name) : name_(std::move(name)) {}
  Outcome Train(const AttemptWork&, AttemptObserver&) override {
    Outcome outcome;
    outcome.message = name_;
    return outcome;
  }
  absl::StatusOr<TestResult> Evaluate(const v1::Study&, const v1::Trial&,
                                      const std::string&) override {
    return absl::UnavailableError(name_);
  }
  std::string NumericsFingerprint() const override { return name_; }

 private:
  const std::string name_;
};

class TrainerChoiceTest : public testing::Test {
 protected:
  TrainerChoiceTest() {
    network_study_.mutable_trainer()->mutable_batch_norm_network();
    command_study_.set_name("mine");
    command_study_.mutable_trainer()->mutable_command();
    external_study_.mutable_trainer()->mutable_external();
  }
  Outcome Train(TrainerChoice& trainer, const v1::Study& study) {
    Observer observer;
    return trainer.Train({.study = study, .trial = trial_}, observer);
  }
  std::string Evaluate(TrainerChoice& trainer, const v1::Study& study) {
    return std::string(trainer.Evaluate(study, trial_, "weights").status().message());
  }

  NamedTrainer network_{"network"}, command_{"command"};
  v1::Study network_study_, command_study_, external_study_, unknown_study_;
  v1::Trial trial_;
};

TEST_F(TrainerChoiceTest, EachStudyGoesToTheTrainerOfItsKind) {
  TrainerChoice trainer(network_, &command_);
  EXPECT_EQ(Train(trainer, network_study_).message, "network");
  EXPECT_EQ(Train(trainer, command_study_).message, "command");
  EXPECT_EQ(Evaluate(trainer, network_study_), "network");
  EXPECT_EQ(Evaluate(trainer, command_study_), "command");
  EXPECT_EQ(trainer.NumericsFingerprint(), "network");
}

TEST_F(TrainerChoiceTest, WithoutProgramsTheirStudiesFailAndSayWhatToDo) {
  TrainerChoice trainer(network_, nullptr);
  EXPECT_EQ(Train(trainer, network_study_).message, "network");
  const Outcome outcome = Train(trainer, command_study_);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("\"mine\""));
  EXPECT_THAT(outcome.message, HasSubstr("--allow-commands"));
  EXPECT_THAT(Evaluate(trainer, command_study_), HasSubstr("--allow-commands"));
}

TEST_F(TrainerChoiceTest, AKindThatIsNotKnownFails) {
  TrainerChoice trainer(network_, &command_);
  for (const v1::Study* study : {&external_study_, &unknown_study_}) {
    const Outcome outcome = Train(trainer, *study);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
    EXPECT_THAT(outcome.message, HasSubstr("does not know the trainer"));
  }
}

}  // namespace
}  // namespace caviar::training
