// How much each parameter matters for getting into the best trials.
//
// PED-ANOVA (Watanabe, Bansal & Hutter 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter
// Importance in Arbitrary Subspaces", theorem 1): a parameter's importance is the Pearson
// divergence of where the best trials lie on its axis from where all do (contrast.h). What differs
// from the paper: the divergence that chance alone gives is taken off, so that a parameter of no
// importance gets none; and that of a conditional parameter, taken over the trials in which it is
// active, counts by their share, since it varies nothing in the others.
//
// PRUNED and INFEASIBLE trials, and those that break a constraint, are among all and never among
// the best: the method only asks which trials are the best, not by how much. FAILED ones say
// nothing.
#ifndef CAVIAR_SERVER_ANALYSIS_IMPORTANCE_H_
#define CAVIAR_SERVER_ANALYSIS_IMPORTANCE_H_

#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/study_service.pb.h"
#include "server/analysis/trial_record.h"

namespace caviar::analysis {

// Fewer say nothing: then the answer has no parameters, and its method says why.
inline constexpr int kFewestTrials = 10;
inline constexpr int kFewestCompleted = 3;

// Of losses, lower is better, some not finite: the worst that counts as it is. 
double WorstKept(const std::vector<double>& losses);

// Every parameter without a fixed value, the most important first, of equals in the study's order.
// The importances add up to 1, or are all 0 where nothing tells the best from the others. `study`
// is valid; `goal` is that of the objective that the records hold. Trials whose configuration is
// not of the space are left out.
v1::GetImportanceResponse ComputeImportance(const v1::Study& study, v1::Objective::Goal goal,
                                            const std::vector<TrialRecord>& trials);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_IMPORTANCE_H_
