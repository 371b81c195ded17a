// What a study is after: one objective or several, and the constraints beside them.
//
// All functions are pure and thread safe.
#ifndef CAVIAR_PROTO_CAVIAR_V1_OBJECTIVES_H_
#define CAVIAR_PROTO_CAVIAR_V1_OBJECTIVES_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"

namespace caviar::vocabulary {

// `objective` alone, or all of `objectives`.
std::vector<v1::Objective> ObjectivesOf(const v1::Study& study);
bool HasSeveralObjectives(const v1::Study& study);

// The only objective, or the first of several: the one that Trial.objective is of.
const v1::Objective& FirstObjective(const v1::Study& study);

// The metrics of Trial.outcome: the objectives', then the constraints', in the study's order. None
// where there is one objective and no constraint.
std::vector<std::string> OutcomeMetrics(const v1::Study& study);

// An objective's value with the sign that makes less better.
double Loss(const v1::Objective& objective, double value);

// By how much a metric is beyond its bounds: at most 0 where it keeps them, then minus the distance
// to the nearer one. Finite where `value` is; NaN where that is not finite, which keeps no bounds.
double Excess(const v1::Constraint& constraint, double value);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_OBJECTIVES_H_
