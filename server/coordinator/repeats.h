// Configurations and their trials: which belong together, and what they came to.
//
// Without repeats each trial is a configuration of its own, and all of this is about that one.
#ifndef CAVIAR_SERVER_COORDINATOR_REPEATS_H_
#define CAVIAR_SERVER_COORDINATOR_REPEATS_H_

#include <cstdint>

#include "server/coordinator/state.h"

namespace caviar::coordinator {

// How many trials each configuration of the study gets, >= 1.
int32_t RepeatsOf(const v1::Study& study);

// Puts the trial behind the others, among those with its configuration.
void PlaceTrial(StudyState& study, TrialState trial);

// The index of the configuration whose first trial has this number.
int32_t ConfigurationOf(const StudyState& study, int32_t first);

// Its first trial.
const TrialState& FirstTrial(const StudyState& study, int32_t configuration);

// Whether all of its trials are there and final.
bool IsComplete(const StudyState& study, int32_t configuration);

// What its trials came to, as rows remember it. It is final when it is complete; an ENDED study's
// also where some of its trials were never handed out. Then it is INFEASIBLE where any trial is,
// else COMPLETED where any is, else FAILED where any is, else CANCELLED. The mean is that of the
// COMPLETED ones, and it is feasible where all of these are.
storage::RepeatsRow SumUp(const StudyState& study, int32_t configuration);

// Of a study with repeats: whether its first trial's row says that it is final.
bool IsSettled(const StudyState& study, int32_t configuration);

// Whether the study has ENDED and has open trials yet, or configurations to settle.
bool IsEnding(const StudyState& study);

// A complete configuration becomes the history's last observation. By how much it exceeds a
// constraint is what the worst of its COMPLETED trials does.
void Observe(StudyState& study, int32_t configuration);

// The study has another pruner: what its history says of rungs becomes that one's.
void RefreshRungs(StudyState& study);

// The objective that counts for the configuration of this first trial: the mean over repeats.
// nullopt: it is not COMPLETED and feasible, or one of several.
std::optional<double> ObjectiveOf(const StudyState& study, int32_t first);

// Makes the configuration of this first trial the study's best one if it is. One with more
// COMPLETED repeats is better than one with fewer, so that no lucky single one wins; then the
// objective tells, then the lower number.
void NoteBest(StudyState& study, int32_t first);

// The trial with the best objective among those with the configuration of this first trial, which
// is COMPLETED; the lowest number of equals.
int32_t BestRepeat(const StudyState& study, int32_t first);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_REPEATS_H_
