// The Reader in SQLite: snapshots of <data_directory>/caviar.db, beside the writer.
#ifndef CAVIAR_STORAGE_SQLITE_READER_H_
#define CAVIAR_STORAGE_SQLITE_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/connection.h"
#include "storage/store.h"

namespace caviar::storage {

// Thread safe: each call has a connection of its own, taken from a few that are kept open, and is
// one read transaction.
class SqliteReader : public Reader {
 public:
  // Called with a DATA_LOSS that a read met, before it is returned: as with Store::Apply nothing
  // may be answered any more, and the process has to end. From any thread, perhaps several times.
  using OnDamage = std::function<void(const absl::Status&)>;

  // The file must be there, of the schema this build writes: open it after the SqliteStore.
  // FAILED_PRECONDITION: it is not. `vfs`: as the store's, kOneProcessVfs where that is on a
  // network's file system.
  static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const std::string& data_directory,
                                                            OnDamage on_damage = nullptr,
                                                            const std::string& vfs = "");

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
  SqliteReader(std::string file, std::string vfs, OnDamage on_damage)
      : file_(std::move(file)), vfs_(std::move(vfs)), on_damage_(std::move(on_damage)) {}

  // A connection from the kept ones, or a new one.
  absl::StatusOr<std::unique_ptr<Connection>> Take();
  void PutBack(std::unique_ptr<Connection> connection);

  // Runs `read` on a connection inside one read transaction.
  template <typename Result, typename Read>
  absl::StatusOr<Result> InSnapshot(Read read);
  template <typename Result, typename Read>
  absl::StatusOr<Result> TryInSnapshot(Read read);

  const std::string file_;
  const std::string vfs_;
  const OnDamage on_damage_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_SQLITE_READER_H_
