// A training that was stopped and went on, anywhere, against one that never stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/worker/training/trainer_fixture.h"
#include "worker/training/checkpoint.h"

namespace caviar::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ResumeTest : public TrainerFixture {
 protected:
  // Trains with a stop after `update` updates, and goes on in another trainer. Steps that come
  // twice are a failure.
  Outcome TrainInTwoParts(int update, Recorder& both) {
    Recorder first(update);
    const Outcome stopped = trainer_->Train({study_, trial_}, first);
    EXPECT_EQ(stopped.kind, Outcome::Kind::kStopped);
    EXPECT_EQ(first.checkpoint_steps.back(), static_cast<int64_t>(first.measurements.size()));
    data::DatasetCache datasets(folder_.string());
    BatchNormNetworkTrainer elsewhere(datasets);
    Recorder second;
    const Outcome outcome = elsewhere.Train({study_, trial_, &first.last_checkpoint}, second);
    both.measurements = first.measurements;
    both.measurements.insert(both.measurements.end(), second.measurements.begin(),
                             second.measurements.end());
    return outcome;
  }

  void ExpectEqual(const Recorder& a, const Recorder& b, int update) {
    ASSERT_EQ(a.measurements.size(), b.measurements.size()) << "stopped after update " << update;
    for (size_t i = 0; i < a.measurements.size(); ++i) {
      EXPECT_EQ(a.measurements[i].step(), b.measurements[i].step());
      for (const auto& [name, value] : a.measurements[i].metrics()) {
        if (name == "samples_per_second") continue;
        EXPECT_EQ(b.Metric(i, name), value)
            << name << " of step " << i + 1 << ", stopped after update " << update;
      }
    }
  }
};

TEST_F(ResumeTest, GoesOnBitForBitAfterAnyUpdate) {
  // Everything that has a state: momentum, running statistics, dropout, order, early stopping.
  Set("dropout", 0.2);
  Set("learning_rate", 0.05);
  Set("warmup_epochs", 1.5);
  Set("early_stopping_patience", int64_t{3});
  for (const auto& [optimizer, precision] : {std::pair{"adam", "float32"}, {"nesterov", "mixed"}}) {
    Set("optimizer", optimizer);
    Set("precision", precision);
    Recorder straight;
    const Outcome expected = trainer_->Train({study_, trial_}, straight);
    ASSERT_EQ(expected.kind, Outcome::Kind::kCompleted);
    // 361 examples in batches of 32 are 12 updates an epoch; an epoch's end is among these.
    for (int update = 0; update < 40; ++update) {
      Recorder both;
      const Outcome outcome = TrainInTwoParts(update, both);
      ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
      EXPECT_TRUE(outcome.weights == expected.weights) << "stopped after update " << update;
      EXPECT_EQ(outcome.weights_step, expected.weights_step);
      ExpectEqual(straight, both, update);
    }
  }
}

TEST_F(ResumeTest, HandsInACheckpointAfterEverySoManyEpochs) {
  auto& settings = *study_.mutable_trainer()->mutable_batch_norm_network();
  settings.set_epochs(7);
  Recorder by_default, every_third, never;
  trainer_->Train({study_, trial_}, by_default);
  EXPECT_THAT(by_default.checkpoint_steps, ElementsAre(1, 2, 3, 4, 5, 6)) << "none after the last";
  settings.set_checkpoint_every(3);
  trainer_->Train({study_, trial_}, every_third);
  EXPECT_THAT(every_third.checkpoint_steps, ElementsAre(3, 6));
  settings.set_checkpoint_every(0);
  trainer_->Train({study_, trial_}, never);
  EXPECT_THAT(never.checkpoint_steps, ElementsAre());
}

TEST_F(ResumeTest, MayGoOnToMoreEpochsThanItWasStartedFor) {
  Recorder first, longer, second;
  trainer_->Train({study_, trial_}, first);
  auto& settings = *study_.mutable_trainer()->mutable_batch_norm_network();
  settings.set_epochs(6);
  const Outcome expected = trainer_->Train({study_, trial_}, longer);
  const Outcome outcome = trainer_->Train({study_, trial_, &first.last_checkpoint}, second);
  EXPECT_TRUE(outcome.weights == expected.weights);
  EXPECT_EQ(second.measurements.front().step(), 4);
}

TEST_F(ResumeTest, RefusesACheckpointOfAnotherTraining) {
  Recorder recorder, other;
  trainer_->Train({study_, trial_}, recorder);
  const auto message = [&] {
    const Outcome outcome = trainer_->Train({study_, trial_, &recorder.last_checkpoint}, other);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kUnusableCheckpoint);
    return outcome.message;
  };
  trial_.set_number(4);
  EXPECT_THAT(message(), HasSubstr("another training"));
  trial_.set_number(3);
  study_.mutable_sampler()->set_seed(8);
  EXPECT_THAT(message(), HasSubstr("another training"));
  study_.mutable_sampler()->set_seed(7);
  Set("hidden_units", int64_t{17});
  EXPECT_THAT(message(), HasSubstr("another training"));
}

TEST_F(ResumeTest, RefusesADamagedCheckpointWhateverIsDamaged) {
  Set("hidden_units", int64_t{2});
  Recorder recorder, other;
  trainer_->Train({study_, trial_}, recorder);
  const std::string file = recorder.last_checkpoint;
  const auto kind_of = [&](const std::string& bytes) {
    return trainer_->Train({study_, trial_, &bytes}, other).kind;
  };
  ASSERT_EQ(kind_of(file), Outcome::Kind::kCompleted);
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_EQ(kind_of(file.substr(0, length)), Outcome::Kind::kUnusableCheckpoint) << length;
  }
  for (size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_EQ(kind_of(damaged), Outcome::Kind::kUnusableCheckpoint) << "byte " << i;
  }
}

}  // namespace
}  // namespace caviar::training
