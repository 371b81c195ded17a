#include "worker/training/training_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "worker/network/initialization.h"
#include "worker/network/random.h"
#include "worker/network/weights.h"

namespace caviar::training {
namespace {

Outcome Diverged(int64_t epoch, double learning_rate, const std::string& where) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kInfeasible;
  outcome.step = epoch;
  outcome.message = absl::StrCat("diverged: the loss was not finite in epoch ", epoch, ", ", where,
                                 ", at a learning rate of ", learning_rate);
  return outcome;
}

std::string Bytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

// The number of epochs is no part of it: a study may be given more.
std::string IdentityOf(const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
                       const data::Dataset& data) {
  return absl::StrCat("seed ", key.seed, " trial ", key.trial, " inputs ", data.inputs, " classes ",
                      data.classes, " examples ", data.train.rows(), " validation ",
                      data.validation.rows(), " objective ", Bytes(key.objective),
                      " configuration ", Bytes(parameters));
}

std::vector<int64_t> ExamplesByClass(const data::Dataset& data) {
  std::vector<int64_t> examples(static_cast<size_t>(data.classes), 0);
  for (int row = 0; row < data.train.rows(); ++row) {
    ++examples[static_cast<size_t>(data.train.label(row))];
  }
  return examples;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(
    const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
    const data::Dataset& data, AttemptObserver& observer) {
  auto settings = network::ToSettings(parameters, data.inputs, data.classes, ExamplesByClass(data));
  if (!settings.ok()) return settings.status();
  settings->rule.seed = key.seed;
  settings->rule.trial = key.trial;
  const Batches batches(data.train.rows(), settings->batch_size);
  const auto schedule = network::Schedule::Create(parameters, key.epochs, batches.count());
  if (!schedule.ok()) return schedule.status();
  auto network = network::CreateNetwork(settings->architecture, settings->rule,
                                        std::max(batches.largest(), kEvaluationBatch));
  if (!network.ok()) return network.status();
  (*network)->SetState(
      network::InitialState(settings->architecture, settings->initialization, key.seed, key.trial));
  return std::unique_ptr<TrainingRun>(new TrainingRun(
      key, parameters, *settings, batches, *schedule, data, *std::move(network), observer));
}

TrainingRun::TrainingRun(const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
                         const network::Settings& settings, const Batches& batches,
                         const network::Schedule& schedule, const data::Dataset& data,
                         std::unique_ptr<network::Network> network, AttemptObserver& observer)
    : key_(key),
      parameters_(parameters),
      settings_(settings),
      batches_(batches),
      schedule_(schedule),
      data_(data),
      network_(std::move(network)),
      observer_(observer),
      validation_(data.validation),
      identity_(IdentityOf(key, parameters, data)),
      choice_(key.objective),
      plateau_(key.objective.goal(), parameters.early_stopping_patience(),
               parameters.early_stopping_min_delta()),
      order_(static_cast<size_t>(data.train.rows())) {}

absl::Status TrainingRun::Resume(const std::string& checkpoint) {
  network_->GetTrainingState(network_state_);
  auto parsed = ParseCheckpoint(checkpoint, identity_, network_state_);
  if (!parsed.ok()) return parsed.status();
  if (parsed->updates >= batches_.count() && parsed->updates > 0) {
    return absl::InvalidArgumentError(absl::StrCat("checkpoint: update ", parsed->updates,
                                                   " of an epoch that has ", batches_.count()));
  }
  network_->SetTrainingState(parsed->network);
  epoch_ = parsed->epoch;
  updates_ = parsed->updates;
  sums_ = parsed->sums;
  choice_.set_state(parsed->choice);
  plateau_.set_state(parsed->plateau);
  if (parsed->kept) kept_ = *std::move(parsed->kept);
  return absl::OkStatus();
}

Outcome TrainingRun::Run() {
  while (epoch_ <= key_.epochs) {
    if (auto end = TrainEpoch()) return *std::move(end);
    const Score validation = validation_.Evaluate(*network_);
    if (!std::isfinite(validation.loss)) {
      return Diverged(epoch_, schedule_.LearningRate(UpdateNumber() - 1),
                      "on the validation examples");
    }
    if (ReportEpoch(validation)) break;
    const bool last = epoch_ > key_.epochs;
    if (!last && key_.checkpoint_every > 0 && (epoch_ - 1) % key_.checkpoint_every == 0) {
      HandInCheckpoint();
    }
  }
  return Completed();
}

std::optional<Outcome> TrainingRun::TrainEpoch() {
  network::Permute(network::CounterRandom(key_.seed, key_.trial, static_cast<uint64_t>(epoch_),
                                          network::Purpose::kOrder),
                   order_);
  const auto start = std::chrono::steady_clock::now();
  for (; updates_ < batches_.count(); ++updates_) {
    // Before an update, so that a stop never waits for a validation too.
    if (observer_.StopRequested()) return Stopped();
    const double rate = schedule_.LearningRate(UpdateNumber());
    const int batch = static_cast<int>(updates_);
    const network::BatchResult result = TrainBatch(batch, rate);
    if (!std::isfinite(result.loss)) {
      return Diverged(epoch_, rate, absl::StrCat("update ", batch + 1, " of ", batches_.count()));
    }
    const int count = batches_.size(batch);
    sums_.loss += result.loss * count;
    sums_.correct += result.correct;
    sums_.gradient_norm += result.gradient_norm * count;
    timed_examples_ += count;
  }
  timed_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return std::nullopt;
}

network::BatchResult TrainingRun::TrainBatch(int batch, double learning_rate) {
  const int32_t* rows = order_.data() + batches_.start(batch);
  const int count = batches_.size(batch);
  data_.train.CopyRows(rows, count, network_->inputs());
  for (int k = 0; k < count; ++k) network_->labels()[k] = data_.train.label(rows[k]);
  return network_->Update(count, learning_rate);
}

bool TrainingRun::ReportEpoch(const Score& validation) {
  const double examples = data_.train.rows();
  v1::Measurement measurement;
  measurement.set_step(epoch_);
  auto& metrics = *measurement.mutable_metrics();
  metrics["train_loss"] = sums_.loss / examples;
  metrics["train_accuracy"] = static_cast<double>(sums_.correct) / examples;
  metrics["validation_loss"] = validation.loss;
  metrics["validation_accuracy"] = validation.accuracy;
  metrics["gradient_norm"] = sums_.gradient_norm / examples;
  metrics["learning_rate"] = schedule_.LearningRate(UpdateNumber() - 1);
  metrics["samples_per_second"] =
      static_cast<double>(timed_examples_) / std::max(timed_seconds_, 1e-9);
  const double objective = metrics[key_.objective.metric()];
  if (choice_.Offer(epoch_, objective)) network_->GetState(kept_);
  observer_.OnMeasurement(measurement);
  ++epoch_;
  updates_ = 0;
  sums_ = {};
  timed_examples_ = 0;
  return plateau_.Offer(objective);
}

Outcome TrainingRun::Stopped() {
  if (observer_.CheckpointRequested()) HandInCheckpoint();
  Outcome outcome;
  outcome.kind = Outcome::Kind::kStopped;
  outcome.step = epoch_ - 1;
  outcome.message = absl::StrCat("stopped in epoch ", epoch_);
  return outcome;
}

Outcome TrainingRun::Completed() {
  Outcome outcome;
  outcome.step = epoch_ - 1;
  outcome.weights = KeptWeights();
  outcome.weights_step = choice_.step().value_or(0);
  return outcome;
}

void TrainingRun::HandInCheckpoint() {
  Checkpoint checkpoint;
  checkpoint.identity = identity_;
  checkpoint.epoch = epoch_;
  checkpoint.updates = updates_;
  checkpoint.sums = sums_;
  checkpoint.choice = choice_.state();
  checkpoint.plateau = plateau_.state();
  network_->GetTrainingState(checkpoint.network);
  if (choice_.step()) checkpoint.kept = kept_;
  observer_.OnCheckpoint(epoch_ - 1, SerializeCheckpoint(checkpoint));
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
