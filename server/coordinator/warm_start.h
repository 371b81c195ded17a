// What a new study learns from earlier ones (Study.warm_start).
//
// Their trials are copied as they are when the study is created; what becomes of the earlier
// studies later changes nothing.
#ifndef CAVIAR_SERVER_COORDINATOR_WARM_START_H_
#define CAVIAR_SERVER_COORDINATOR_WARM_START_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/coordinator/state.h"
#include "server/search_space/search_space.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Trials that are copied for one study, in all: they are written by the command that creates it.
inline constexpr int kMaxWarmStartTrials = 960;

// The rows of a new study, their study_id left open, by source and number: of each study in
// `earlier`, which are those that definition.warm_start names, the COMPLETED and feasible
// configurations that are ones of the new space, too, whether they keep its linear constraints or
// not. Each study has an equal share of kMaxWarmStartTrials; of one with
// more, its best and its latest are looked at, half of each. The definition is told how many were
// of use.
//
// Parameters are matched by name. A number is taken as the type that the new space gives it. A
// configuration is left out where a value is none that the parameter can take now, or where one is
// missing that has neither a fixed value nor a default. What the new space does not know, or what
// is inactive there, is forgotten.
//
// INVALID_ARGUMENT, of the field warm_start[i]: another metric or goal, several objectives, no
// parameter in common, or no configuration that is of use.
absl::StatusOr<std::vector<storage::WarmStartTrialRow>> CopyTrials(
    v1::Study& definition, const search_space::SearchSpace& space,
    const std::vector<const StudyState*>& earlier);

// The rows, by source and number, as the study's sampler reads them.
absl::StatusOr<std::shared_ptr<const WarmStart>> ToObservations(
    const search_space::SearchSpace& space, const std::vector<storage::WarmStartTrialRow>& rows);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_WARM_START_H_
