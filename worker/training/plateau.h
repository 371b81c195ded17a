// Early stopping: when the objective has stopped getting better.
#ifndef CAVIAR_WORKER_TRAINING_PLATEAU_H_
#define CAVIAR_WORKER_TRAINING_PLATEAU_H_

#include <cstdint>
#include <optional>

#include "caviar/v1/study.pb.h"

namespace caviar::training {

// Counts the epochs since the objective last got better than its best by more than min_delta
// (Prechelt 1998, "Early stopping - but when?", in the form that fixes the number of epochs).
class Plateau {
 public:
  // patience 0: never.
  Plateau(v1::Objective::Goal goal, int64_t patience, double min_delta)
      : goal_(goal), patience_(patience), min_delta_(min_delta) {}

  // The next epoch's value. True: `patience` epochs in a row brought nothing.
  bool Offer(double value);

  // What it remembers, for checkpoints.
  struct State {
    std::optional<double> best;
    int64_t epochs_without_gain = 0;
  };
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  v1::Objective::Goal goal_;
  int64_t patience_;
  double min_delta_;
  State state_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_PLATEAU_H_
