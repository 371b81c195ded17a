// How much each parameter matters for the objective.
//
// fANOVA (Hutter, Hoos & Leyton-Brown 2014, "An efficient approach for assessing hyperparameter
// importance"): a model is fitted to the results, and the variance of its predictions over the
// whole space is shared out (total_effects.h). So it is of use on the histories of samplers, too,
// that look mostly near the best. What differs from the paper: the forest stands on a quadratic
// trend, without which it was further off; and shares are of total effects, in which a parameter
// that matters only together with another counts as well.
//
// What was measured: the mean absolute error of a share, over ten problems, two seeds each
// (tests/bench/importance_quality.cc --problems sums,mixed --seeds 0-1 --trials 34,100), after 34
// and 100 trials: on random histories .032 and .014, on those of tpe .056 and .103, on those of gp
// .093 and .078. PED-ANOVA, which compares where the best tenth lies with where all do, had .124
// and .134, .206 and .311, .227 and .281.
//
// What counts as what. Losses beyond the worst that is kept (WorstKept) are taken to be that: a few
// diverged trials would else be all there is to see. INFEASIBLE trials have the worst that is kept.
// PRUNED ones have no result, only one that was cut short, and are taken to end as the third
// quartile of the COMPLETED: left out, the places that are bad would be the ones nobody knows.
// Trials that break a constraint count as they were measured. FAILED ones say nothing.
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

// Of more trials than this the model gets an even selection, by loss, the best among them, since
// its time grows with them.
inline constexpr int kMostTrials = 2000;

// The worst of some losses, finite, at least one, that counts as it is: beyond it are at most a
// tenth of them, and those lie more than three interquartile ranges beyond the third quartile
// (Tukey 1977: "far out").
double WorstKept(std::vector<double> losses);

// Every parameter without a fixed value, the most important first, of equals in the study's order.
// The importances add up to 1, or are all 0 where all results are equal. `study` is valid; `goal`
// is that of the objective that the records hold. Trials whose configuration is not of the space
// are left out. The same bits for the same arguments.
v1::GetImportanceResponse ComputeImportance(const v1::Study& study, v1::Objective::Goal goal,
                                            const std::vector<TrialRecord>& trials);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_IMPORTANCE_H_
