#include "worker/training/training_run.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/network/initialization.h"
#include "worker/network/random.h"
#include "worker/network/weights.h"

namespace caviar::training {
namespace {

Outcome Diverged(int epoch, double learning_rate, const std::string& where) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kInfeasible;
  outcome.step = epoch;
  outcome.message = absl::StrCat("diverged: the loss was not finite in epoch ", epoch, ", ", where,
                                 ", at a learning rate of ", learning_rate);
  return outcome;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(
    const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
    const data::Dataset& data, AttemptObserver& observer) {
  auto settings = network::ToSettings(parameters, data.inputs, data.classes);
  if (!settings.ok()) return settings.status();
  // Asked once before training, so that an unknown schedule is no surprise later.
  const auto rate = network::LearningRate(parameters, 0, key.epochs);
  if (!rate.ok()) return rate.status();
  const Batches batches(data.train.rows(), settings->batch_size);
  auto network = network::CreateNetwork(settings->architecture, settings->rule,
                                        std::max(batches.largest(), kEvaluationBatch));
  if (!network.ok()) return network.status();
  (*network)->SetState(
      network::InitialState(settings->architecture, settings->initialization, key.seed, key.trial));
  return std::unique_ptr<TrainingRun>(
      new TrainingRun(key, parameters, *settings, batches, data, *std::move(network), observer));
}

TrainingRun::TrainingRun(const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
                         const network::Settings& settings, const Batches& batches,
                         const data::Dataset& data, std::unique_ptr<network::Network> network,
                         AttemptObserver& observer)
    : key_(key),
      parameters_(parameters),
      settings_(settings),
      batches_(batches),
      data_(data),
      network_(std::move(network)),
      observer_(observer),
      validation_(data.validation),
      choice_(key.objective),
      order_(static_cast<size_t>(data.train.rows())) {}

Outcome TrainingRun::Run() {
  for (int epoch = 1; epoch <= key_.epochs; ++epoch) {
    const double rate = *network::LearningRate(parameters_, epoch - 1, key_.epochs);
    Score train;
    if (auto end = TrainEpoch(epoch, rate, train)) return *std::move(end);
    if (auto end = FinishEpoch(epoch, rate, train)) return *std::move(end);
  }
  Outcome outcome;
  outcome.step = key_.epochs;
  outcome.weights = KeptWeights();
  outcome.weights_step = choice_.step().value_or(0);
  return outcome;
}

std::optional<Outcome> TrainingRun::TrainEpoch(int epoch, double learning_rate, Score& score) {
  network::Permute(network::CounterRandom(key_.seed, key_.trial, static_cast<uint64_t>(epoch),
                                          network::Purpose::kOrder),
                   order_);
  double loss = 0;
  int64_t correct = 0;
  for (int i = 0; i < batches_.count(); ++i) {
    const int32_t* rows = order_.data() + batches_.start(i);
    const int count = batches_.size(i);
    data_.train.CopyRows(rows, count, network_->inputs());
    for (int k = 0; k < count; ++k) network_->labels()[k] = data_.train.label(rows[k]);
    const network::BatchResult result = network_->Update(count, learning_rate);
    if (!std::isfinite(result.loss)) {
      return Diverged(epoch, learning_rate,
                      absl::StrCat("update ", i + 1, " of ", batches_.count()));
    }
    loss += result.loss * count;
    correct += result.correct;
    if (observer_.StopRequested()) {
      Outcome outcome;
      outcome.kind = Outcome::Kind::kStopped;
      outcome.step = epoch - 1;
      outcome.message = absl::StrCat("stopped in epoch ", epoch);
      return outcome;
    }
  }
  score.loss = loss / data_.train.rows();
  score.accuracy = static_cast<double>(correct) / data_.train.rows();
  return std::nullopt;
}

std::optional<Outcome> TrainingRun::FinishEpoch(int epoch, double learning_rate,
                                                const Score& train) {
  const Score validation = validation_.Evaluate(*network_);
  if (!std::isfinite(validation.loss)) {
    return Diverged(epoch, learning_rate, "on the validation examples");
  }
  v1::Measurement measurement;
  measurement.set_step(epoch);
  auto& metrics = *measurement.mutable_metrics();
  metrics["train_loss"] = train.loss;
  metrics["train_accuracy"] = train.accuracy;
  metrics["validation_loss"] = validation.loss;
  metrics["validation_accuracy"] = validation.accuracy;
  metrics["learning_rate"] = learning_rate;
  if (choice_.Offer(epoch, metrics[key_.objective.metric()])) network_->GetState(kept_);
  observer_.OnMeasurement(measurement);
  return std::nullopt;
}

std::string TrainingRun::KeptWeights() const {
  network::Weights weights;
  weights.architecture = settings_.architecture;
  weights.mean = data_.mean;
  weights.inverse_deviation = data_.inverse_deviation;
  weights.class_names = data_.class_names;
  weights.state = kept_;
  return network::SerializeWeights(weights);
}

}  // namespace caviar::training
