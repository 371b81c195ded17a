// Checkpoints of the built-in trainer: all the state from which a training goes on bit for bit.
//
//   file     = magic version identity position sums choice plateau network kept crc32
//   magic    = "CAVIARCP"            8 bytes
//   version  = u32                   1
//   identity = length:u32 byte*      what has to be the same: data, configuration, seed, trial
//   position = epoch:i64 updates:i64 the epoch being trained, from 1, and updates done in it
//   sums     = loss:f64 correct:i64 gradient_norm:f64   over those updates
//   choice   = has:u32 step:i64 value:f64               of ObjectiveChoice
//   plateau  = has:u32 best:f64 epochs:i64              of Plateau; what it has not is 0
//   network  = updates:u64 parameters statistics first second steps:u64
//   kept     = has:u32 (updates:u64 parameters statistics)?   the network at the chosen step
//   crc32    = u32                   zlib's, of everything before
//
// parameters, statistics, first and second are count:u64 f32*, in the places of the network's
// Layout. Data order and dropout are functions of seed, trial and position: there is no other
// state.
#ifndef CAVIAR_WORKER_TRAINING_CHECKPOINT_H_
#define CAVIAR_WORKER_TRAINING_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/network/architecture.h"
#include "worker/training/objective_choice.h"
#include "worker/training/plateau.h"

namespace caviar::training {

// Of the updates that an epoch has made so far.
struct EpochSums {
  double loss = 0;  // times examples
  int64_t correct = 0;
  double gradient_norm = 0;  // times examples
};

struct Checkpoint {
  std::string identity;
  int64_t epoch = 1;
  int64_t updates = 0;
  EpochSums sums;
  ObjectiveChoice::State choice;
  Plateau::State plateau;
  network::TrainingState network;
  std::optional<network::NetworkState> kept;
};

std::string SerializeCheckpoint(const Checkpoint& checkpoint);

// Reads what SerializeCheckpoint wrote. INVALID_ARGUMENT: anything else, and what does not fit:
// another identity, or arrays of other sizes than those of `expected`. Every length is checked
// before it is believed.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view bytes, absl::string_view identity,
                                           const network::TrainingState& expected);

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_CHECKPOINT_H_
