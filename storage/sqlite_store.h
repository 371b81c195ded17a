// The Store in SQLite: <data_directory>/caviar.db in WAL mode, synced at every commit unless told
// otherwise.
#ifndef CAVIAR_STORAGE_SQLITE_STORE_H_
#define CAVIAR_STORAGE_SQLITE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/connection.h"
#include "storage/high_water.h"
#include "storage/store.h"
#include "storage/store_lock.h"

namespace caviar::storage {

// What a commit that was answered survives. Both survive the end of the process, kill -9 too.
enum class Durability {
  kFull,    // a power loss as well: every commit is synced
  kNormal,  // a power loss may take the commits since the log was last synced: when it is copied,
            // with a process's first commit, and with each that files go after; what is left is
            // whole
};

// That the schema of a database was brought to a newer version.
struct MigrationDone {
  int64_t from = 0;
  int64_t to = 0;
  std::string backup;  // file with the database as it was
};

struct SqliteOptions {
  Durability durability = Durability::kFull;
  // Largest size of caviar.db in pages of 4 KiB; what would go past it is RESOURCE_EXHAUSTED. 0: as
  // much as the disk holds.
  int64_t max_pages = 0;
  // Frames of 4 KiB in the write-ahead log from which a commit copies them to caviar.db. >= 1.
  int checkpoint_frames = 1000;
  // Reads the whole file's structure and indexes when it is opened (1 s for 100,000 trials), to
  // find damage early.
  bool check = true;
  // Goes on with a file that is older than what was acknowledged (high_water.h), and draws a new
  // epoch for it, so that tokens issued before are not issued again.
  bool accept_data_loss = false;
  // No other process reads the file, and none of its memory is shared through a file: what a
  // network's file system needs (file_system.h).
  bool network_file_system = false;
  // Name of a registered SQLite VFS; empty: SQLite's own. With another one no note of what was
  // acknowledged is kept (high_water.h), as that is a file of the operating system.
  std::string vfs;
  // Called by Open where it migrated an older database; may be null.
  std::function<void(const MigrationDone&)> on_migration = nullptr;
};

// Used by one thread at a time.
class SqliteStore : public Store {
 public:
  // Makes the folder and the file where they are missing, brings an older schema to the newest
  // version (with a copy of the file as it was left beside it), and keeps the data directory from
  // other coordinators until the store goes away. FAILED_PRECONDITION: the directory is in use or
  // not writable, or the file is another program's or a newer Caviar's. DATA_LOSS: the file is
  // damaged, no database, or was rolled back. The message says what to do.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const std::string& data_directory,
                                                           const SqliteOptions& options = {});

  // As SqliteOptions::max_pages, from now on; at least what is in use.
  absl::Status LimitPages(int64_t max_pages);

  // Store. After DATA_LOSS every call answers DATA_LOSS.
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
  absl::StatusOr<std::optional<int64_t>> FindLastStep(int64_t trial_id, int32_t attempt) override;
  absl::StatusOr<bool> HasStudyRows(int64_t study_id) override;
  absl::StatusOr<StoredValues> FindStored(const std::vector<MeasurementRow>& rows) override;
  absl::StatusOr<std::map<std::string, int64_t>> CountValues(int64_t trial_id) override;
  absl::StatusOr<std::optional<AttemptRow>> FindAttempt(int64_t token_epoch,
                                                        int64_t token_counter) override;

 private:
  SqliteStore(StoreLock lock, std::unique_ptr<Connection> connection, const SqliteOptions& options);

  // The batch inside an open transaction.
  absl::Status WriteBatch(const Batch& batch, int64_t commit);
  // Ends the transaction. Where nobody can tell whether the log holds it, DATA_LOSS.
  absl::Status Commit();
  // Whether the next commits outlive a power loss, from the answer on.
  absl::Status SetSync(bool sync);
  // Copies the write-ahead log to the file when it has grown long.
  absl::Status Checkpoint();
  // Copies it now; says whether all of it is there, and so on the disk. Only a failed sync is an
  // error: all else, as somebody who reads the file, is tried again after the next commit, and the
  // log holds everything meanwhile.
  absl::StatusOr<bool> CopyLog();
  // All up to the last commit survives a power loss.
  void NoteDurable();
  // Remembers DATA_LOSS for ever.
  absl::Status Note(absl::Status status);
  template <typename T>
  absl::StatusOr<T> Note(absl::StatusOr<T> result);

  StoreLock lock_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<HighWater> high_water_;  // null: none is kept
  const Durability durability_;
  const int checkpoint_frames_;
  bool sync_ = true;     // as SetSync
  int64_t commit_ = 0;   // the last one of this object; 0: none
  int wal_frames_ = 0;   // set by SQLite after each commit
  absl::Status broken_;  // DATA_LOSS once seen
  absl::flat_hash_map<std::string, int64_t> metric_ids_;
};

inline constexpr char kDatabase[] = "caviar.db";
// <data_directory>/caviar.db
std::string DatabaseFile(const std::string& data_directory);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_SQLITE_STORE_H_
