// Configurations that a study's creator wants to be tried first.
#ifndef CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_
#define CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_

#include "caviar/v1/study.pb.h"
#include "server/coordinator/violations.h"
#include "server/search_space/search_space.h"

namespace caviar::coordinator {

// Adds what is wrong with `study.trials()`. The study's space is valid.
void CheckKnownTrials(const v1::Study& study, Violations& violations);

// Whether the conditions of a parameter hold beside these values.
bool IsActive(const v1::Parameter& parameter, const search_space::Configuration& configuration);

// Its configuration: the values given, each of its parameter's type, and those of the fixed
// parameters that are active beside them.
search_space::Configuration ToConfiguration(const v1::Study& study, const v1::KnownTrial& trial);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_KNOWN_TRIALS_H_
