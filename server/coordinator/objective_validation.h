// What is wrong with a study's objectives and constraints. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_OBJECTIVE_VALIDATION_H_
#define CAVIAR_SERVER_COORDINATOR_OBJECTIVE_VALIDATION_H_

#include "caviar/v1/study.pb.h"
#include "server/coordinator/violations.h"

namespace caviar::coordinator {

// The study's `objective` or `objectives`, and what several of them exclude: pruners, some samplers
// and limits.
void CheckObjectives(const v1::Study& study, Violations& violations);

void CheckConstraints(const v1::Study& study, Violations& violations);

// The weights kept are those of the best epoch, so that a value of the last one would not be
// theirs. Of a study with the built-in trainer.
void CheckEarlyStopping(const v1::Study& study, Violations& violations);

// Which measurement of a trial counts, where the study does not say it.
void FillObjectiveDefaults(v1::Study& study);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_OBJECTIVE_VALIDATION_H_
