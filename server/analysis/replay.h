// What another pruner would have made of the curves that are stored.
//
// The pruner itself is asked (server/pruning), with the measurements in the order in which they
// were stored, each trial's verdicts right behind its measurements, as the coordinator does it; a
// trial that it stops measures nothing any more. Of a study that ran under the same stopping
// pruner the replay ends the trials that were ended.
//
// What is not known: a pruner that frees slots early lets later trials start earlier, and a sampler
// would have learned from other results. Here trials start when they did, with the configurations
// that they had. Trials that the study itself cut short have no curve beyond: where the other
// pruner would have let them go on, they are counted as `cut_short`, and their steps beyond are
// missing in `steps_needed`.
//
// In the promoting form trials wait for one another, so that their times are not those that were
// stored: trials start in the order of their numbers on as many slots as were busy at the same time
// at most, each step takes the trial's median time, and a free slot takes a promotion before a new
// trial.
#ifndef CAVIAR_SERVER_ANALYSIS_REPLAY_H_
#define CAVIAR_SERVER_ANALYSIS_REPLAY_H_

#include <vector>

#include "caviar/v1/study_service.pb.h"
#include "server/analysis/trial_record.h"

namespace caviar::analysis {

// `study` is valid, with the other pruner in place of its own and all defaults filled in. A trial's
// steps are its last one; with WILCOXON, whose steps are instances, the number of them.
v1::ReplayPrunerResponse ReplayPruner(const v1::Study& study,
                                      const std::vector<TrialRecord>& trials);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_REPLAY_H_
