#include "worker/training/batch_norm_network_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/worker/few_files.h"
#include "tests/worker/training/trainer_fixture.h"

namespace caviar::training {
namespace {

using testing::HasSubstr;

using BatchNormNetworkTrainerTest = TrainerFixture;

TEST_F(BatchNormNetworkTrainerTest, LearnsAndReportsEveryEpoch) {
  Set("decay_rate", 0.5);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
  EXPECT_EQ(outcome.step, 4);
  ASSERT_EQ(recorder.measurements.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(recorder.measurements[i].step(), static_cast<int64_t>(i) + 1);
    EXPECT_EQ(recorder.measurements[i].metrics().size(), 7u);
    // Only a decay_rate is given: inverse_time.
    EXPECT_DOUBLE_EQ(recorder.Metric(i, "learning_rate"),
                     0.01 / (1 + 0.5 * static_cast<double>(i)));
  }
  EXPECT_LT(recorder.Metric(3, "train_loss"), recorder.Metric(0, "train_loss"));
  EXPECT_GT(recorder.Metric(3, "train_accuracy"), 0.93);
  EXPECT_GT(recorder.Metric(3, "validation_accuracy"), 0.9);

  const auto test = trainer_->Evaluate(study_, trial_, outcome.weights);
  ASSERT_TRUE(test.ok()) << test.status();
  EXPECT_EQ(test->metrics.size(), 3u);
  EXPECT_GT(test->metrics.at("test_accuracy"), 0.93);
  EXPECT_LT(test->metrics.at("test_loss"), 0.3);
  EXPECT_GT(test->metrics.at("test_macro_f1"), 0.93);
  EXPECT_EQ(trainer_->Evaluate(study_, trial_, outcome.weights)->metrics, test->metrics);
}

TEST_F(BatchNormNetworkTrainerTest, ReportsHowEachClassDidOnTheTestSet) {
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  const auto test = trainer_->Evaluate(study_, trial_, outcome.weights);
  ASSERT_TRUE(test.ok()) << test.status();
  ASSERT_EQ(test->classes.size(), 3u);
  int64_t right = 0;
  for (int i = 0; i < 3; ++i) {
    const v1::ClassResult& result = test->classes[static_cast<size_t>(i)];
    EXPECT_EQ(result.examples(), 50);
    ASSERT_EQ(result.predicted_as_size(), 3);
    right += result.predicted_as(i);
  }
  EXPECT_EQ(test->classes[0].name(), "east");
  EXPECT_DOUBLE_EQ(static_cast<double>(right) / 150, test->metrics.at("test_accuracy"));
}

TEST_F(BatchNormNetworkTrainerTest, MakesAModelOfTheKeptWeights) {
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.no_model, "");
  EXPECT_THAT(outcome.model, HasSubstr(R"(["x","y","noise"])")) << "the inputs' names";
  EXPECT_THAT(outcome.model, HasSubstr(R"(["east","north","west"])")) << "the classes' names";
}

TEST_F(BatchNormNetworkTrainerTest, KeepsTheWeightsOfTheBestStep) {
  // Large steps, so that the loss goes up and down.
  Set("learning_rate", 0.3);
  study_.mutable_trainer()->mutable_batch_norm_network()->set_epochs(8);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
  size_t best = 0;
  for (size_t i = 1; i < 8; ++i) {
    if (recorder.Metric(i, "validation_loss") < recorder.Metric(best, "validation_loss")) best = i;
  }
  EXPECT_EQ(outcome.weights_step, static_cast<int64_t>(best) + 1);
  EXPECT_EQ(ValidationLoss(outcome.weights), recorder.Metric(best, "validation_loss"));

  study_.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  Recorder again;
  const Outcome worst = trainer_->Train({study_, trial_}, again);
  EXPECT_NE(worst.weights_step, outcome.weights_step);
  EXPECT_EQ(ValidationLoss(worst.weights),
            again.Metric(static_cast<size_t>(worst.weights_step) - 1, "validation_loss"));
}

TEST_F(BatchNormNetworkTrainerTest, KeepsTheWeightsOfTheLastStepWhereTheStudySaysSo) {
  study_.mutable_objective()->set_value(v1::Objective::LAST);
  study_.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.weights_step, 4);
  EXPECT_EQ(ValidationLoss(outcome.weights), recorder.Metric(3, "validation_loss"));
}

TEST_F(BatchNormNetworkTrainerTest, GivesTheSameBitsAgainAlsoOnTwoThreadsAtOnce) {
  Recorder alone, one, two;
  const Outcome first = trainer_->Train({study_, trial_}, alone);
  ASSERT_FALSE(first.weights.empty());
  Outcome a, b;
  std::thread slot_one([&] { a = trainer_->Train({study_, trial_}, one); });
  std::thread slot_two([&] { b = trainer_->Train({study_, trial_}, two); });
  slot_one.join();
  slot_two.join();
  EXPECT_TRUE(a.weights == first.weights);
  EXPECT_TRUE(b.weights == first.weights);
  for (size_t i = 0; i < 4; ++i) {
    for (const auto& [name, value] : alone.measurements[i].metrics()) {
      if (name == "samples_per_second") continue;  // the only one that is measured, not computed
      EXPECT_EQ(one.Metric(i, name), value);
      EXPECT_EQ(two.Metric(i, name), value);
    }
  }
  trial_.set_number(4);
  Recorder other;
  EXPECT_FALSE(trainer_->Train({study_, trial_}, other).weights == first.weights);
  trial_.set_number(3);
  study_.mutable_sampler()->set_seed(8);
  EXPECT_FALSE(trainer_->Train({study_, trial_}, other).weights == first.weights);
}

TEST_F(BatchNormNetworkTrainerTest, EndsAsInfeasibleWhenItDiverges) {
  MakeDiverge();
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kInfeasible);
  EXPECT_EQ(outcome.step, 1);
  EXPECT_TRUE(outcome.weights.empty());
  EXPECT_TRUE(recorder.measurements.empty());
  EXPECT_THAT(outcome.message, testing::AllOf(HasSubstr("epoch 1"), HasSubstr("update"),
                                              HasSubstr("learning rate of 1000")));
}

TEST_F(BatchNormNetworkTrainerTest, SaysInWhichEpochItDiverged) {
  MakeDiverge();
  // One update an epoch: it takes some of them to leave the floats.
  Set("batch_size", int64_t{65536});
  Set("learning_rate", 10.0);
  study_.mutable_trainer()->mutable_batch_norm_network()->set_epochs(50);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kInfeasible);
  EXPECT_GT(outcome.step, 1);
  EXPECT_EQ(outcome.step, static_cast<int64_t>(recorder.measurements.size()) + 1);
  EXPECT_THAT(outcome.message, HasSubstr(absl::StrCat("epoch ", outcome.step)));
}

TEST_F(BatchNormNetworkTrainerTest, StopsAfterTheUpdateInWhichItIsAskedTo) {
  for (const int asked : {0, 5, 14}) {
    Recorder recorder(asked);
    const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kStopped);
    EXPECT_EQ(outcome.step, static_cast<int64_t>(recorder.measurements.size()));
    EXPECT_LE(recorder.measurements.size(), 1u);
    EXPECT_TRUE(outcome.weights.empty());
  }
}

TEST_F(BatchNormNetworkTrainerTest, TrainsWithEverySetting) {
  study_.mutable_trainer()->mutable_batch_norm_network()->set_epochs(1);
  for (const char* optimizer : {"sgd", "nesterov", "rmsprop", "adam", "adamw"}) {
    for (const char* activation : {"relu", "leaky_relu", "tanh", "sigmoid", "elu", "gelu"}) {
      for (const char* batch_norm : {"before_activation", "after_activation", "none"}) {
        Set("optimizer", optimizer);
        Set("activation", activation);
        Set("batch_norm", batch_norm);
        Recorder recorder;
        const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
        EXPECT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
        EXPECT_TRUE(trainer_->Evaluate(study_, trial_, outcome.weights).ok());
      }
    }
  }
  Set("hidden_layers", int64_t{0});
  Set("batch_size", int64_t{1});
  Recorder recorder;
  EXPECT_EQ(trainer_->Train({study_, trial_}, recorder).kind, Outcome::Kind::kCompleted);
}

TEST_F(BatchNormNetworkTrainerTest, LearnsWithEveryRegularization) {
  Set("units", "24,12");
  Set("dropout", 0.1);
  Set("label_smoothing", 0.1);
  Set("class_weights", "1,2,0.5");
  Set("clip_norm", 1.0);
  Set("l2", 1e-4);
  Set("optimizer", "adamw");
  Set("learning_rate_schedule", "one_cycle");
  Set("learning_rate", 0.03);
  Set("warmup_epochs", 0.5);
  Set("bias_correction", false);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
  EXPECT_EQ(network::ParseWeights(outcome.weights)->architecture.hidden,
            (std::vector<int>{24, 12}));
  EXPECT_GT(recorder.Metric(3, "validation_accuracy"), 0.9);
  EXPECT_GT(recorder.Metric(0, "gradient_norm"), 0);
  EXPECT_GT(recorder.Metric(0, "samples_per_second"), 0);
}

TEST_F(BatchNormNetworkTrainerTest, StopsOnAPlateauAndKeepsTheBest) {
  Set("early_stopping_patience", int64_t{3});
  Set("early_stopping_min_delta", 0.001);
  study_.mutable_trainer()->mutable_batch_norm_network()->set_epochs(1000);
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
  const auto epochs = static_cast<int64_t>(recorder.measurements.size());
  EXPECT_LT(epochs, 1000);
  EXPECT_EQ(outcome.step, epochs);
  EXPECT_LE(outcome.weights_step, epochs);
  EXPECT_EQ(ValidationLoss(outcome.weights),
            recorder.Metric(static_cast<size_t>(outcome.weights_step) - 1, "validation_loss"));
}

TEST_F(BatchNormNetworkTrainerTest, SaysWhatItsNumbersDependOn) {
  const std::string fingerprint = trainer_->NumericsFingerprint();
  EXPECT_LE(fingerprint.size(), 512u);
  EXPECT_THAT(fingerprint, testing::AllOf(HasSubstr("level "), HasSubstr("-O"), HasSubstr("glibc"),
                                          HasSubstr("compiler")));
}

TEST_F(BatchNormNetworkTrainerTest, FailsWithTheReadersMessage) {
  auto& csv =
      *study_.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_csv();
  csv.set_train("absent.csv");
  Recorder recorder;
  Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("absent.csv"));
  std::ofstream(folder_ / "broken.csv") << "x,y,noise,kind\n1,2,three,north\n";
  csv.set_train("broken.csv");
  outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("broken.csv"));
  // And goes on with the next trial.
  csv.set_train("train.csv");
  EXPECT_EQ(trainer_->Train({study_, trial_}, recorder).kind, Outcome::Kind::kCompleted);
}

TEST_F(BatchNormNetworkTrainerTest, DataThatCannotBeReadNowIsTheWorkersTrouble) {
  Recorder recorder;
  {
    const FewFiles none(0);
    const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kWorkerTrouble);
    EXPECT_THAT(outcome.message, HasSubstr("train.csv"));
  }
  EXPECT_EQ(trainer_->Train({study_, trial_}, recorder).kind, Outcome::Kind::kCompleted);
}

TEST_F(BatchNormNetworkTrainerTest, ATestSetThatCannotBeReadNowIsUnavailable) {
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted);
  data::DatasetCache fresh(folder_.string());
  BatchNormNetworkTrainer trainer(fresh);
  const FewFiles none(0);
  EXPECT_EQ(trainer.Evaluate(study_, trial_, outcome.weights).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(BatchNormNetworkTrainerTest, FailsWhereTheStudyAsksForWhatItCannotDo) {
  Recorder recorder;
  study_.mutable_objective()->set_metric("accuracy");
  Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message,
              testing::AllOf(HasSubstr("\"accuracy\""), HasSubstr("validation_accuracy")));
  study_.mutable_objective()->set_metric("train_loss");
  Set("learning_rat", 0.1);
  outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("learning_rat"));
  trial_.mutable_parameters()->erase("learning_rat");
  Set("hidden_units", int64_t{65536});
  Set("hidden_layers", int64_t{64});
  outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("lower hidden_units"));
}

TEST_F(BatchNormNetworkTrainerTest, RefusesToEvaluateWhatDoesNotFit) {
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  EXPECT_EQ(trainer_->Evaluate(study_, trial_, "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(trainer_->Evaluate(study_, trial_, outcome.weights.substr(1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  auto& csv =
      *study_.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_csv();
  // The same shape, other values: another seed's examples.
  WriteCsv("other.csv", 300, 99);
  csv.set_train("other.csv");
  EXPECT_THAT(std::string(trainer_->Evaluate(study_, trial_, outcome.weights).status().message()),
              HasSubstr("changed since"));
  csv.set_train("train.csv");
  csv.clear_test();
  EXPECT_EQ(trainer_->Evaluate(study_, trial_, outcome.weights).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

// A pair of IDX files: images of 4 x 3 whose bright row is the class.
TEST_F(BatchNormNetworkTrainerTest, TrainsOnImages) {
  const auto big_endian = [](uint32_t value) {
    return std::string{static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                       static_cast<char>(value >> 8), static_cast<char>(value)};
  };
  constexpr uint32_t kRows = 400;
  std::string images = big_endian(0x803) + big_endian(kRows) + big_endian(4) + big_endian(3);
  std::string labels = big_endian(0x801) + big_endian(kRows);
  const network::CounterRandom random(1, 2, 3, network::Purpose::kOrder);
  for (uint32_t i = 0; i < kRows; ++i) {
    for (uint32_t pixel = 0; pixel < 12; ++pixel) {
      const bool bright = pixel / 3 == i % 4;
      images += static_cast<char>(random.Below(i * 12 + pixel, 100) + (bright ? 120 : 0));
    }
    labels += static_cast<char>(i % 4);
  }
  std::ofstream(folder_ / "images", std::ios::binary) << images;
  std::ofstream(folder_ / "labels", std::ios::binary) << labels;
  auto& idx =
      *study_.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_train_images("images");
  idx.set_train_labels("labels");
  Recorder recorder;
  const Outcome outcome = trainer_->Train({study_, trial_}, recorder);
  ASSERT_EQ(outcome.kind, Outcome::Kind::kCompleted) << outcome.message;
  EXPECT_GT(recorder.Metric(3, "validation_accuracy"), 0.95);
  EXPECT_EQ(network::ParseWeights(outcome.weights)->architecture.inputs, 12);
}

}  // namespace
}  // namespace caviar::training
