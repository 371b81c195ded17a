// A trainer on three small clouds of points, and an observer that keeps what it is told.
#ifndef CAVIAR_TESTS_WORKER_TRAINING_TRAINER_FIXTURE_H_
#define CAVIAR_TESTS_WORKER_TRAINING_TRAINER_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "worker/network/network.h"
#include "worker/network/random.h"
#include "worker/network/weights.h"
#include "worker/training/batch_norm_network_trainer.h"
#include "worker/training/split_evaluation.h"

namespace caviar::training {

// Keeps what it is told, and says stop when it was asked often enough.
class Recorder : public AttemptObserver {
 public:
  explicit Recorder(int stop_after = -1) : left_(stop_after) {}
  void OnMeasurement(const v1::Measurement& measurement) override {
    measurements.push_back(measurement);
  }
  void OnCheckpoint(int64_t step, std::string checkpoint) override {
    checkpoint_steps.push_back(step);
    last_checkpoint = std::move(checkpoint);
  }
  bool StopRequested() const override { return left_ >= 0 && left_-- == 0; }
  bool CheckpointRequested() const override { return true; }
  void OnLog(absl::string_view /*text*/) override {}
  void AwaitAnswers(absl::Duration /*at_most*/) override {}

  double Metric(size_t i, const std::string& name) const {
    return measurements[i].metrics().at(name);
  }

  std::vector<v1::Measurement> measurements;
  std::vector<int64_t> checkpoint_steps;
  std::string last_checkpoint;

 private:
  mutable int left_;
};

class TrainerFixture : public testing::Test {
 protected:
  TrainerFixture() {
    folder_ =
        std::filesystem::path(testing::TempDir()) /
        absl::StrCat("trainer_", testing::UnitTest::GetInstance()->random_seed(), "_",
                     testing::UnitTest::GetInstance()->current_test_info()->name(), "_", getpid());
    std::filesystem::create_directories(folder_);
    // 401 rows with a tenth kept back leave a rest for the last batch.
    WriteCsv("train.csv", 401, 1);
    WriteCsv("test.csv", 150, 2);
    auto& trainer = *study_.mutable_trainer()->mutable_batch_norm_network();
    trainer.set_epochs(4);
    trainer.mutable_data()->mutable_csv()->set_train("train.csv");
    trainer.mutable_data()->mutable_csv()->set_test("test.csv");
    trainer.mutable_data()->mutable_csv()->set_label("kind");
    trainer.mutable_data()->set_validation_fraction(0.1);
    study_.mutable_objective()->set_metric("validation_loss");
    study_.mutable_objective()->set_goal(v1::Objective::MINIMIZE);
    study_.mutable_sampler()->set_seed(7);
    trial_.set_number(3);
    Set("learning_rate", 0.01);
    Set("batch_size", int64_t{32});
    Set("hidden_units", int64_t{16});
    datasets_.emplace(folder_.string());
    trainer_.emplace(*datasets_);
  }

  ~TrainerFixture() override { std::filesystem::remove_all(folder_); }

  // Three overlapping clouds in the plane, and an input that says nothing.
  void WriteCsv(const std::string& name, int rows, uint64_t key) const {
    const char* kinds[] = {"north", "east", "west"};
    const double centers[][2] = {{0, 2}, {2, -1}, {-2, -1}};
    const network::CounterRandom random(key, 0, 0, network::Purpose::kInitialization);
    std::ofstream out(folder_ / name);
    out << "x,y,noise,kind\n";
    for (int i = 0; i < rows; ++i) {
      const uint64_t at = 3 * static_cast<uint64_t>(i);
      out << 100 + centers[i % 3][0] + 0.7 * random.Normal(at) << ","
          << centers[i % 3][1] + 0.7 * random.Normal(at + 1) << "," << random.Normal(at + 2) << ","
          << kinds[i % 3] << "\n";
    }
  }

  void Set(const std::string& name, double value) {
    (*trial_.mutable_parameters())[name].set_double_value(value);
  }
  void Set(const std::string& name, int64_t value) {
    (*trial_.mutable_parameters())[name].set_int_value(value);
  }
  void Set(const std::string& name, bool value) {
    (*trial_.mutable_parameters())[name].set_bool_value(value);
  }
  void Set(const std::string& name, const char* value) {
    (*trial_.mutable_parameters())[name].set_string_value(value);
  }

  // A configuration that cannot stay finite: the penalty's step overshoots a million times.
  void MakeDiverge() {
    Set("optimizer", "sgd");
    Set("momentum", 0.0);
    Set("learning_rate", 1000.0);
    Set("l2", 1000.0);
    Set("batch_norm", "none");
    Set("activation", "leaky_relu");
  }

  // The validation loss of kept weights.
  double ValidationLoss(const std::string& bytes) {
    const auto weights = network::ParseWeights(bytes);
    EXPECT_TRUE(weights.ok()) << weights.status();
    const auto data = datasets_->Get(study_.trainer().batch_norm_network().data(), 7);
    EXPECT_TRUE(data.ok()) << data.status();
    auto network =
        *network::CreateNetwork(weights->architecture, network::UpdateRule(), kEvaluationBatch);
    network->SetState(weights->state);
    return SplitEvaluation((*data)->validation).Evaluate(*network).loss;
  }

  std::filesystem::path folder_;
  v1::Study study_;
  v1::Trial trial_;
  std::optional<data::DatasetCache> datasets_;
  std::optional<BatchNormNetworkTrainer> trainer_;
};

}  // namespace caviar::training

#endif  // CAVIAR_TESTS_WORKER_TRAINING_TRAINER_FIXTURE_H_
