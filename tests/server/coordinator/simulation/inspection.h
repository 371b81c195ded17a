// Looks into a simulated coordinator: whether its memory, its leases and its files are what they
// have to be. What a caller can see is checked from the history instead (checker.h).
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_INSPECTION_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_INSPECTION_H_

#include <string>

#include "tests/server/coordinator/simulation/world.h"

namespace caviar::coordinator::simulation {

// What samplers, pruners and people see, as text. The same before and after a restart.
std::string DescribeMemory(const State& state);

// After any event; each finding is a fault of the world.
void Inspect(World& world);
// When all studies have ended.
void InspectEnd(World& world);

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_INSPECTION_H_
