// One training of a batch-norm network, from its settings to its outcome.
#ifndef CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_
#define CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/dataset.h"
#include "worker/network/network.h"
#include "worker/network/schedule.h"
#include "worker/network/settings.h"
#include "worker/training/batches.h"
#include "worker/training/checkpoint.h"
#include "worker/training/objective_choice.h"
#include "worker/training/plateau.h"
#include "worker/training/split_evaluation.h"
#include "worker/training/trainer.h"

namespace caviar::training {

// What a training is of, beside its configuration and data: the same give the same bits.
struct TrainingKey {
  v1::Objective objective;
  int epochs = 1;
  // Epochs between checkpoints; 0: only where the observer asks.
  int checkpoint_every = 1;
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

  // Goes on from there, before Run. INVALID_ARGUMENT: it is damaged, or of another training.
  absl::Status Resume(const std::string& checkpoint);

  // Trains to the end. Called once.
  Outcome Run();

 private:
  TrainingRun(const TrainingKey& key, const v1::BatchNormNetworkParameters& parameters,
              const network::Settings& settings, const Batches& batches,
              const network::Schedule& schedule, const data::Dataset& data,
              std::unique_ptr<network::Network> network, AttemptObserver& observer);

  // Trains what is left of the epoch. An outcome: the training ends with it.
  std::optional<Outcome> TrainEpoch();
  network::BatchResult TrainBatch(int batch, double learning_rate);
  // Validates and reports the epoch, keeps its weights if it is the objective's so far, and goes on
  // to the next one. True: early stopping ends the training.
  bool ReportEpoch(const Score& validation);
  Outcome Stopped();
  Outcome Completed();
  // The number of the next update, from 0 over all epochs.
  int64_t UpdateNumber() const { return (epoch_ - 1) * batches_.count() + updates_; }
  void HandInCheckpoint();
  std::string KeptWeights() const;

  const TrainingKey key_;
  const v1::BatchNormNetworkParameters parameters_;
  const network::Settings settings_;
  const Batches batches_;
  const network::Schedule schedule_;
  const data::Dataset& data_;
  const std::unique_ptr<network::Network> network_;
  AttemptObserver& observer_;
  const SplitEvaluation validation_;
  // What has to be the same where a checkpoint is taken up.
  const std::string identity_;

  // Where the training stands: all that a checkpoint holds beside the network.
  int64_t epoch_ = 1;
  int64_t updates_ = 0;
  EpochSums sums_;
  ObjectiveChoice choice_;
  Plateau plateau_;
  // The network at the chosen step.
  network::NetworkState kept_;

  // The order of the epoch's examples.
  std::vector<int32_t> order_;
  // Examples and seconds of this epoch's updates in this run.
  int64_t timed_examples_ = 0;
  double timed_seconds_ = 0;
  // Its memory is used again.
  network::TrainingState network_state_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_TRAINING_RUN_H_
