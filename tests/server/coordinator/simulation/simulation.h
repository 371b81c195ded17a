// Random histories of the coordinator's core under a virtual clock.
//
// timeline.h is time and chance; plan.h what a seed stands for; disk.h, process.h and frontend.h
// are the coordinator; network.h is between it and workers.h and people.h, who call it; faults.h
// breaks it; wrong.h has coordinators that are wrong on purpose; history.h is what is written down,
// and checker.h tells what of it breaks a promise; inspection.h looks inside.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_SIMULATION_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_SIMULATION_H_

#include <string>
#include <vector>

#include "tests/server/coordinator/simulation/history.h"
#include "tests/server/coordinator/simulation/plan.h"
#include "tests/server/coordinator/simulation/wrong.h"

namespace caviar::coordinator::simulation {

struct Outcome {
  History history;
  std::vector<std::string> faults;  // what the parts themselves found wrong
};

// Runs until all studies have ended. The same plan gives the same history.
Outcome Simulate(const Plan& plan, Wrong wrong = Wrong::kNothing);

// Equal for equal histories.
std::string Digest(const History& history);

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_SIMULATION_H_
