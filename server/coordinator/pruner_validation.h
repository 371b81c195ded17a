// What is wrong with a study's pruner.
#ifndef CAVIAR_SERVER_COORDINATOR_PRUNER_VALIDATION_H_
#define CAVIAR_SERVER_COORDINATOR_PRUNER_VALIDATION_H_

#include "caviar/v1/study.pb.h"
#include "server/coordinator/violations.h"

namespace caviar::coordinator {

// Adds what is wrong with `study.pruner()`.
void CheckPruner(const v1::Study& study, Violations& violations);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_PRUNER_VALIDATION_H_
