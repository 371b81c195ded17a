// A part of CheckCalls (checker.h).
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECK_REQUESTS_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECK_REQUESTS_H_

#include "tests/server/coordinator/simulation/checker.h"

namespace caviar::coordinator::simulation {

// once, acknowledged-is-durable: what requests did, and how often.
void CheckRequests(const Past& past, Violations& violations);

}  // namespace caviar::coordinator::simulation

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_SIMULATION_CHECK_REQUESTS_H_
