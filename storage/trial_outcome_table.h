// The table `trial_outcome`: what trials came to, metric by metric.
#ifndef CAVIAR_STORAGE_TRIAL_OUTCOME_TABLE_H_
#define CAVIAR_STORAGE_TRIAL_OUTCOME_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "storage/outcome.h"
#include "storage/pareto_front.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

// Before the trial's own row becomes final: then it is too late. Writes nothing where it is stored
// already; INVALID_ARGUMENT: another one is.
absl::Status WriteOutcome(const WriteContext& context, int64_t trial_id, const Outcome& outcome);

absl::StatusOr<Outcome> ReadOutcome(Connection& connection, int64_t trial_id);

// Fills in the outcomes of all these trials from one pass over the table.
absl::Status ReadAllOutcomes(Connection& connection, std::vector<TrialRow>& trials);

// What the study's COMPLETED, feasible trials came to in each of these objectives, by number. Those
// without a finite value of each are left out.
absl::StatusOr<std::vector<Candidate>> ReadCandidates(Connection& connection, int64_t study_id,
                                                      const std::vector<v1::Objective>& objectives);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_TRIAL_OUTCOME_TABLE_H_
