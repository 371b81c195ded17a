// Reads: answered from the store's snapshots, beside the sequencer.
#ifndef CAVIAR_SERVER_COORDINATOR_QUERIES_H_
#define CAVIAR_SERVER_COORDINATOR_QUERIES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/coordinator/clock.h"
#include "server/coordinator/coordinator.h"
#include "server/coordinator/verification.h"
#include "storage/artifact_store.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Thread safe. Calls block for as long as SQLite takes.
class Queries {
 public:
  Queries(storage::Reader& reader, const storage::ArtifactStore& artifacts, Clock& clock)
      : reader_(reader), artifacts_(artifacts), clock_(clock) {}

  absl::StatusOr<v1::Study> GetStudy(const v1::GetStudyRequest& request);
  absl::StatusOr<v1::ListStudiesResponse> ListStudies(const v1::ListStudiesRequest& request);
  absl::StatusOr<v1::Trial> GetTrial(const v1::GetTrialRequest& request);
  absl::StatusOr<v1::ListTrialsResponse> ListTrials(const v1::ListTrialsRequest& request);
  absl::StatusOr<v1::ListBestTrialsResponse> ListBestTrials(
      const v1::ListBestTrialsRequest& request);
  absl::StatusOr<Coordinator::StudyChanges> ReadStudyChanges(
      const std::string& study, std::optional<Coordinator::StudyPosition> after);
  absl::StatusOr<v1::DownloadChunkResponse> DownloadChunk(const v1::DownloadChunkRequest& request);
  absl::StatusOr<v1::ReadLogResponse> ReadLog(const v1::ReadLogRequest& request);
  absl::StatusOr<v1::ServerUsage> GetServerUsage();
  // queries_model.cc
  absl::StatusOr<v1::DownloadModelResponse> DownloadModel(const v1::DownloadModelRequest& request);
  // queries_analysis.cc
  absl::StatusOr<v1::GetImportanceResponse> GetImportance(const v1::GetImportanceRequest& request);
  absl::StatusOr<v1::LintStudyResponse> LintStudy(const v1::LintStudyRequest& request);
  absl::StatusOr<v1::ReplayPrunerResponse> ReplayPruner(const v1::ReplayPrunerRequest& request);
  absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(const v1::VerifyStudyRequest& request,
                                                      const OnVerified& on_verified);

 private:
  absl::StatusOr<storage::StudyReading> FindStudy(const std::string& name);
  absl::StatusOr<storage::TrialReading> FindTrial(const storage::StudyReading& study,
                                                  int32_t number, bool full);
  v1::Study Message(const storage::StudyReading& reading);
  // The study with the definition of this revision.
  absl::StatusOr<v1::Study> AtRevision(storage::StudyReading reading, int32_t revision);
  // Whether nothing more becomes of it by itself: all that its end brings is there.
  absl::StatusOr<bool> IsOver(const storage::StudyReading& reading);
  // Adds the trials that became final after the position, and moves the changes' own past them.
  absl::Status AddFinished(int64_t study_id, Coordinator::StudyPosition after,
                           Coordinator::StudyChanges& changes);
  storage::Reader& reader_;
  const storage::ArtifactStore& artifacts_;
  Clock& clock_;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_QUERIES_H_
