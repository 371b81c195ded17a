// What a seed stands for: which studies, how many callers, which faults.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PLAN_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PLAN_H_

#include <cstdint>
#include <vector>

#include "caviar/v1/study.pb.h"

namespace caviar::coordinator::simulation {

// Steps that a trial trains.
constexpr int kEpochs = 4;
constexpr char kMetric[] = "validation_accuracy";
constexpr char kAskedMetric[] = "accuracy";
constexpr char kTestMetric[] = "test_accuracy";
// The parameter by which trials that people add are told apart.
constexpr char kRate[] = "learning_rate";

struct Plan {
  uint64_t seed = 0;
  std::vector<v1::Study> studies;  // one loop of one's own asks each external one
  int workers = 4;
  bool slow_sampler = false;
  bool people_add = true;
  bool people_learn = false;   // create one more study, which learns from the first one
  bool people_stop = false;    // and resume
  bool people_delete = false;  // and create again
  // Of every commit: that it fails, stalls the coordinator, or that the process is killed before
  // or after it.
  double fail = 0.01;
  double stall = 0.002;
  double kill = 0.01;
  bool kill_in_commits = true;  // or only between them
  // And it is killed at this one, counted from 1; 0: at none.
  int kill_at = 0;
  bool kill_after = false;  // it, not before
  bool jumps = false;       // of the calendar's clock
  bool freezes = true;      // of workers, and of the coordinator, for longer than the TTL
};

// Whether its best trial is evaluated at its end.
bool HasTestSet(const v1::Study& study);

// Five pruners, three samplers, one to three studies, limits of each kind; some studies run
// programs, have a test set, or learn from another one.
Plan MakePlan(uint64_t seed);
// The same studies and callers; nothing goes wrong but what the caller adds.
Plan MakeCalmPlan(uint64_t seed);
// Thousands of workers that ask at the same moment, for one short trial each.
Plan MakeCrowd(uint64_t seed, int workers);

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_PLAN_H_
