// What a study's trials say to the people who decide what to do next: how much each parameter
// matters (importance.h), what an experienced colleague would remark (lint.h), and what another
// pruner would have made of the same curves (replay.h).
//
// All of it is pure functions of a study's definition and the records below. This room may know
// search spaces, pruners and the messages of proto; it must never know calls, storage, threads or
// clocks.
#ifndef CAVIAR_SERVER_ANALYSIS_TRIAL_RECORD_H_
#define CAVIAR_SERVER_ANALYSIS_TRIAL_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "server/search_space/search_space.h"

namespace caviar::analysis {

// A value of the objective's metric.
struct Measured {
  int64_t step = 0;
  double value = 0;  // as it was reported: may be NaN or infinite
  int64_t time = 0;  // microseconds since the Unix epoch, when it was stored
};

struct Decided {
  int64_t step = 0;
  v1::PrunerDecision::Decision decision = v1::PrunerDecision::CONTINUE;
};

// A trial that is stored. In studies with repeats a configuration: its number, curve and times are
// the first trial's, its result is what all of them came to.
struct TrialRecord {
  int32_t number = 0;
  v1::Trial::State state = v1::Trial::WAITING;
  search_space::Configuration parameters;
  std::optional<double> objective;  // COMPLETED only; finite
  std::optional<int64_t> objective_step;
  bool feasible = true;    // whether it keeps the study's constraints
  std::string message;     // why it ended so
  int64_t start_time = 0;  // microseconds since the Unix epoch; 0: not yet
  int64_t end_time = 0;
  std::vector<Measured> curve;     // by step
  std::vector<Decided> decisions;  // of the study's own pruner, by step
};

// Lower is better.
inline double Loss(v1::Objective::Goal goal, double value) {
  return goal == v1::Objective::MAXIMIZE ? -value : value;
}

// Whether the trial has a result that may be the study's best.
inline bool HasResult(const TrialRecord& trial) {
  return trial.state == v1::Trial::COMPLETED && trial.objective && trial.feasible;
}

// Indices of the trials that have one, the best first, of equals the lower number.
std::vector<size_t> BestFirst(const std::vector<TrialRecord>& trials, v1::Objective::Goal goal);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_TRIAL_RECORD_H_
