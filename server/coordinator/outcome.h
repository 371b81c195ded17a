// What a trial came to: its objectives and constraints, read from its curves once it was trained.
// Pure; internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_OUTCOME_H_
#define CAVIAR_SERVER_COORDINATOR_OUTCOME_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "google/protobuf/map.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Step to value of one metric, and such curves by metric.
using Curve = std::map<int64_t, double>;
using Curves = std::map<std::string, Curve>;

struct Outcome {
  // COMPLETED; INFEASIBLE where an objective is not finite; FAILED where a metric that the study
  // needs was never measured.
  v1::Trial::State state = v1::Trial::COMPLETED;
  // Why it is not COMPLETED.
  std::string message;
  // All below: of COMPLETED ones, as in TrialRow.
  int64_t step = 0;
  double objective = 0;
  storage::Outcome values;
  std::optional<bool> feasible;
};

// `objective` is the curve of the first objective's metric, `others` has those of the other metrics
// that the study needs. One objective: its best or last measurement counts, as the study says.
// Several: all are read at the last step that has them all. A constraint's metric is read at that
// step; where it was not measured there, at the nearest step before, or else after it. A value that
// is not finite keeps no constraint.
Outcome ReadOutcome(const v1::Study& study, const Curve& objective, const Curves& others);

// The same where all metrics are told at once, at `step`.
Outcome OutcomeOf(const v1::Study& study, const google::protobuf::Map<std::string, double>& told,
                  int64_t step);

// INVALID_ARGUMENT: what was told lacks a metric that the study needs.
absl::Status CheckTold(const v1::Study& study,
                       const google::protobuf::Map<std::string, double>& told);

// Whether a final trial came to what is told now.
bool CameTo(const storage::TrialRow& row, const v1::Study& study,
            const google::protobuf::Map<std::string, double>& told);

// Whether a trial's message is why a training that went to its end was not COMPLETED.
bool IsWhyNotCompleted(absl::string_view message);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_OUTCOME_H_
