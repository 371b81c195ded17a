#include "worker/training/batch_norm_network_trainer.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/objectives.h"
#include "caviar/v1/vocabulary.h"
#include "worker/network/network.h"
#include "worker/network/weights.h"
#include "worker/training/class_counts.h"
#include "worker/training/model_file.h"
#include "worker/training/not_begun.h"
#include "worker/training/split_evaluation.h"
#include "worker/training/training_run.h"

namespace caviar::training {
namespace {

constexpr char kOutOfMemory[] =
    "out of memory: lower batch_size, hidden_units or hidden_layers, or run fewer slots";

Outcome Failed(const absl::Status& status) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  outcome.message = std::string(status.message());
  return outcome;
}

absl::Status CheckStudy(const v1::Study& study) {
  const std::vector<std::string> metrics = {"validation_accuracy", "validation_loss",
                                            "train_accuracy", "train_loss"};
  const std::string& metric = vocabulary::FirstObjective(study).metric();
  if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("objective.metric: the built-in trainer does not measure \"", metric,
                     "\"; it measures ", absl::StrJoin(metrics, ", ")));
  }
  const int epochs = study.trainer().batch_norm_network().epochs();
  if (epochs < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("trainer.batch_norm_network.epochs: ", epochs, " is not in [1, 100000]"));
  }
  return absl::OkStatus();
}

// Whether `weights` were trained on this data, standardized in this way.
absl::Status CheckSameData(const network::Weights& weights, const data::Dataset& data) {
  const network::Architecture& architecture = weights.architecture;
  if (architecture.inputs != data.inputs || architecture.classes != data.classes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the weights are of a network with ", architecture.inputs, " inputs and ",
                     architecture.classes, " classes, but the data has ", data.inputs, " and ",
                     data.classes, ": the data files were changed since it was trained"));
  }
  // Far more than machines differ by, far less than other data would.
  constexpr float kTolerance = 1e-3f;
  for (size_t i = 0; i < weights.mean.size(); ++i) {
    const float shift =
        std::abs(weights.mean[i] - data.mean[i]) * std::abs(data.inverse_deviation[i]);
    const float ratio = std::abs(weights.inverse_deviation[i] - data.inverse_deviation[i]);
    // Written so that NaN is refused.
    if (!(shift <= kTolerance && ratio <= kTolerance * std::abs(data.inverse_deviation[i]))) {
      return absl::InvalidArgumentError(
          absl::StrCat("input ", i, " had mean ", weights.mean[i], " and inverse deviation ",
                       weights.inverse_deviation[i], " when the weights were trained, now ",
                       data.mean[i], " and ", data.inverse_deviation[i],
                       ": the data files, the seed or validation_fraction were changed since"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Outcome BatchNormNetworkTrainer::Train(const AttemptWork& work, AttemptObserver& observer) {
  const v1::Study& study = work.study;
  const v1::Trial& trial = work.trial;
  try {
    if (absl::Status status = CheckStudy(study); !status.ok()) return Failed(status);
    const auto parameters = vocabulary::ToBatchNormNetworkParameters(trial.parameters());
    if (!parameters.ok()) return Failed(parameters.status());
    const auto data =
        datasets_.Get(study.trainer().batch_norm_network().data(), study.sampler().seed());
    // Too little memory is not the worker's trouble: the next one may have as little.
    if (absl::IsUnavailable(data.status())) return NotBegun(data.status());
    if (!data.ok()) return Failed(data.status());
    if ((*data)->train.rows() < 1 || (*data)->validation.rows() < 1) {
      return Failed(absl::InvalidArgumentError(absl::StrCat(
          "the split leaves ", (*data)->train.rows(), " training and ", (*data)->validation.rows(),
          " validation examples, at least one of each is needed: change validation_fraction")));
    }
    TrainingKey key;
    key.objective = vocabulary::FirstObjective(study);
    const v1::BatchNormNetwork& settings = study.trainer().batch_norm_network();
    key.epochs = settings.epochs();
    if (settings.has_checkpoint_every()) key.checkpoint_every = settings.checkpoint_every();
    key.seed = study.sampler().seed();
    key.trial = static_cast<uint64_t>(trial.number());
    auto run = TrainingRun::Create(key, *parameters, **data, observer);
    if (!run.ok()) return Failed(run.status());
    if (work.checkpoint != nullptr) {
      if (const absl::Status resumed = (*run)->Resume(*work.checkpoint); !resumed.ok()) {
        Outcome outcome = Failed(resumed);
        outcome.kind = Outcome::Kind::kUnusableCheckpoint;
        return outcome;
      }
    }
    Outcome outcome = (*run)->Run();
    run->reset();  // its memory is free for the model
    if (outcome.kind == Outcome::Kind::kCompleted) {
      AddModel(study, trial, (*data)->input_names, outcome);
    }
    return outcome;
  } catch (const std::bad_alloc&) {
    return Failed(absl::ResourceExhaustedError(kOutOfMemory));
  }
}

absl::StatusOr<TestResult> BatchNormNetworkTrainer::Evaluate(const v1::Study& study,
                                                             const v1::Trial& /*trial*/,
                                                             const std::string& weights) {
  try {
    const auto parsed = network::ParseWeights(weights);
    if (!parsed.ok()) return parsed.status();
    const auto data =
        datasets_.Get(study.trainer().batch_norm_network().data(), study.sampler().seed());
    if (!data.ok()) return data.status();
    if ((*data)->test.rows() < 1) {
      return absl::FailedPreconditionError("the study has no test set to evaluate on");
    }
    if (absl::Status status = CheckSameData(*parsed, **data); !status.ok()) return status;
    const auto network =
        network::CreateNetwork(parsed->architecture, network::UpdateRule(), kEvaluationBatch);
    if (!network.ok()) return network.status();
    (*network)->SetState(parsed->state);
    ClassCounts counts((*data)->classes);
    const Score score = SplitEvaluation((*data)->test).Evaluate(**network, &counts);
    TestResult result;
    result.metrics = {{"test_accuracy", score.accuracy},
                      {"test_loss", score.loss},
                      {"test_macro_f1", counts.MacroF1()}};
    result.classes = counts.Results((*data)->class_names);
    return result;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(kOutOfMemory);
  }
}

std::string BatchNormNetworkTrainer::NumericsFingerprint() const {
  return network::NumericsFingerprint();
}

}  // namespace caviar::training
