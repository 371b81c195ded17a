// Which step's measurement is the objective: the one whose weights are kept.
#ifndef CAVIAR_WORKER_TRAINING_OBJECTIVE_CHOICE_H_
#define CAVIAR_WORKER_TRAINING_OBJECTIVE_CHOICE_H_

#include <cstdint>
#include <optional>

#include "caviar/v1/study.pb.h"

namespace caviar::training {

// Follows the measurements of one attempt, in the order of their steps.
class ObjectiveChoice {
 public:
  explicit ObjectiveChoice(const v1::Objective& objective) : objective_(objective) {}

  // The metric's value at `step`. True: it is the objective so far. BEST takes the best finite
  // value, the earliest of equals; LAST takes each.
  bool Offer(int64_t step, double value);

  // The step chosen so far; none while no value could be.
  std::optional<int64_t> step() const { return state_.step; }

  // What it remembers, for checkpoints.
  struct State {
    std::optional<int64_t> step;
    double value = 0;
  };
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  v1::Objective objective_;
  State state_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_OBJECTIVE_CHOICE_H_
