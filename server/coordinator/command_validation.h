// What a study that runs the user's own program must be to be taken in. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_COMMAND_VALIDATION_H_
#define CAVIAR_SERVER_COORDINATOR_COMMAND_VALIDATION_H_

#include "caviar/v1/study.pb.h"
#include "server/coordinator/violations.h"

namespace caviar::coordinator {

// Its trainer, where that is a command.
void CheckCommand(const v1::Study& study, Violations& violations);

// `metrics`, `workers` and `checkpoints`, of any study.
void CheckMetrics(const v1::Study& study, Violations& violations);
void CheckWorkers(const v1::Study& study, Violations& violations);
void CheckCheckpoints(const v1::Study& study, Violations& violations);

// Whether they lie in a folder that all workers share, not with the coordinator.
bool IsShared(const v1::Checkpoints& checkpoints);

// Writes out all defaults.
void FillCommandDefaults(v1::Study& study);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_COMMAND_VALIDATION_H_
