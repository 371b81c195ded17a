// Rows as messages.
#ifndef CAVIAR_SERVER_COORDINATOR_MESSAGES_H_
#define CAVIAR_SERVER_COORDINATOR_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "google/protobuf/duration.pb.h"
#include "server/pruning/pruner.h"
#include "storage/store.h"

namespace caviar::coordinator {

// `now` in microseconds since the epoch, for a study's time so far.
v1::Study ToMessage(const storage::StudyReading& reading, int64_t now);
// The file that holds the network of the trial's objective, in one form or another; null where it
// has none.
const storage::ArtifactRow* FindKept(const storage::TrialReading& trial, v1::Artifact::Kind kind);
v1::Trial ToMessage(const std::string& study, const storage::TrialRow& row,
                    const std::optional<storage::AttemptRow>& newest);
// `full`: with measurements, weights_file and model_file.
v1::Trial ToMessage(const std::string& study, const storage::TrialReading& reading, bool full);
v1::Artifact ToMessage(const std::string& study, int32_t trial, const storage::ArtifactRow& row);

google::protobuf::Duration ToMessage(absl::Duration duration);
absl::Duration FromMessage(const google::protobuf::Duration& duration);

v1::PrunerDecision::Decision ToDecision(pruning::Act act);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_MESSAGES_H_
