// One training of a batch-norm network, from its settings to its outcome.
#ifndef CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_
#define CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/dataset.h"
#include "worker/network/network.h"
#include "worker/network/settings.h"
#include "worker/training/batches.h"
#include "worker/training/objective_choice.h"
#include "worker/training/split_evaluation.h"
#include "worker/training/trainer.h"

namespace caviar::training {

// What names a training: the same four give the same bits.
struct TrainingKey {
  v1::Objective objective;
  int epochs = 1;
  uint64_t seed = 0;
  uint64_t trial = 0;
};

class TrainingRun {
 public:
  // Errors are those of the settings and of the network's size. `data` and `observer` outlive the
  // run. Throws std::bad_alloc where memory is short.
  static absl::StatusOr<std::unique_ptr<TrainingRun>> Create(
      const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
      const data::Dataset& data, AttemptObserver& observer);

  // Trains to the end. Called once.
  Outcome Run();

 private:
  TrainingRun(const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
              const network::Settings& settings, const Batches& batches, const data::Dataset& data,
              std::unique_ptr<network::Network> network, AttemptObserver& observer);

  // Trains one epoch. An outcome: the training ends with it.
  std::optional<Outcome> TrainEpoch(int epoch, double learning_rate, Score& score);
  // Validates and reports the epoch; keeps its weights if it is the objective's so far.
  std::optional<Outcome> FinishEpoch(int epoch, double learning_rate, const Score& train);
  std::string KeptWeights() const;

  const TrainingKey key_;
  const v1::BatchNormNetworkParameters parameters_;
  const network::Settings settings_;
  const Batches batches_;
  const data::Dataset& data_;
  const std::unique_ptr<network::Network> network_;
  AttemptObserver& observer_;
  const SplitEvaluation validation_;
  ObjectiveChoice choice_;
  // The order of the epoch's examples.
  std::vector<int32_t> order_;
  // The network at the chosen step.
  network::NetworkState kept_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_
