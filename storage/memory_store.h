// A Store and Reader without a disk, for simulations and tests of what stands above them: the same
// rows, rules and answers as the SQLite form, and failures on demand. Nothing survives the object.
#ifndef CAVIAR_STORAGE_MEMORY_STORE_H_
#define CAVIAR_STORAGE_MEMORY_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/memory_tables.h"
#include "storage/store.h"

namespace caviar::storage {

// Thread safe.
class MemoryStore : public Store, public Reader {
 public:
  // Asked before each Apply, on its thread and outside of any lock: an error is Apply's answer, and
  // nothing is applied.
  using BeforeApply = std::function<absl::Status(const Batch&)>;

  explicit MemoryStore(int64_t store_epoch = 1) : store_epoch_(store_epoch) {}

  // What taking a backup back does to a store; no call may run beside it.
  void SetStoreEpoch(int64_t epoch) { store_epoch_ = epoch; }

  // Replaces the one before; nullptr: none.
  void SetBeforeApply(BeforeApply before_apply);

  // Store.
  absl::StatusOr<Snapshot> Load() override;
  absl::Status Apply(const Batch& batch, int64_t commit) override;
  absl::StatusOr<std::optional<RequestRow>> FindRequest(const std::string& client_id,
                                                        int64_t sequence) override;
  absl::StatusOr<std::optional<int64_t>> FindForgottenRequest(
      const std::string& client_id) override;
  absl::StatusOr<std::optional<int64_t>> FindOldestRequest() override;
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetric(
      int64_t trial_id, int32_t attempt, const std::string& metric) override;
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadCurve(
      int64_t trial_id, int32_t attempt, const std::string& metric) override;
  absl::StatusOr<StoredValues> FindStored(const std::vector<MeasurementRow>& rows) override;
  absl::StatusOr<std::map<std::string, int64_t>> CountValues(int64_t trial_id) override;
  absl::StatusOr<std::optional<AttemptRow>> FindAttempt(int64_t token_epoch,
                                                        int64_t token_counter) override;
  absl::StatusOr<std::optional<int64_t>> FindLastStep(int64_t trial_id, int32_t attempt) override;
  absl::StatusOr<bool> HasStudyRows(int64_t study_id) override;

  // Reader.
  absl::StatusOr<StudyReading> GetStudy(const std::string& name) override;
  absl::StatusOr<std::vector<StudyReading>> ListStudies(int64_t after_id, int32_t limit) override;
  absl::StatusOr<TrialReading> GetTrial(int64_t study_id, int32_t number, bool full) override;
  absl::StatusOr<std::vector<TrialReading>> ListTrials(const TrialQuery& query, bool full) override;
  absl::StatusOr<TrialPage> ReadTrialPage(const TrialQuery& query, bool full,
                                          int64_t max_rows) override;
  absl::StatusOr<std::vector<TrialReading>> ListBestTrials(int64_t study_id,
                                                           const v1::Study& definition,
                                                           int32_t count, bool full) override;
  absl::StatusOr<std::vector<MeasurementRow>> ListMeasurements(int64_t trial_id,
                                                               const std::string& metric) override;
  absl::StatusOr<std::vector<PrunerDecisionRow>> ListPrunerDecisions(int64_t trial_id) override;
  absl::StatusOr<std::vector<WarmStartTrialRow>> ListWarmStartTrials(int64_t study_id) override;
  absl::StatusOr<std::vector<StudyRevisionRow>> ListStudyRevisions(int64_t study_id) override;
  absl::StatusOr<std::optional<StudyRevisionRow>> FindStudyRevision(int64_t study_id,
                                                                    int32_t revision) override;
  absl::StatusOr<StoreUsage> ReadUsage() override;
  absl::StatusOr<ArtifactRow> GetArtifact(int64_t study_id, int32_t number, int32_t attempt,
                                          v1::Artifact::Kind kind, int64_t step) override;

 private:
  int64_t store_epoch_;
  absl::Mutex mutex_;
  BeforeApply before_apply_ ABSL_GUARDED_BY(mutex_);
  MemoryTables tables_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_MEMORY_STORE_H_
