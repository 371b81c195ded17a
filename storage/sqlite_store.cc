#include "storage/sqlite_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <variant>

#include "absl/memory/memory.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/artifact_table.h"
#include "storage/attempt_table.h"
#include "storage/curve.h"
#include "storage/durable_folder.h"
#include "storage/erase_study.h"
#include "storage/evaluation_table.h"
#include "storage/file_system.h"
#include "storage/measurement_table.h"
#include "storage/migration.h"
#include "storage/migration_backup.h"
#include "storage/pruner_decision_table.h"
#include "storage/request_table.h"
#include "storage/restore.h"
#include "storage/schema_check.h"
#include "storage/sqlite_error.h"
#include "storage/statement.h"
#include "storage/store_table.h"
#include "storage/study_activation_table.h"
#include "storage/study_end_table.h"
#include "storage/study_revision_table.h"
#include "storage/study_table.h"
#include "storage/trial_count_table.h"
#include "storage/trial_table.h"
#include "storage/warm_start_trial_table.h"
#include "storage/worker_table.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;

// SQLite throws away the log of an empty database file, with all that is in it.
absl::Status CheckNothingMissing(const std::string& file) {
  std::error_code error;
  const uintmax_t log = fs::file_size(file + "-wal", error);
  if (error || log == 0) return absl::OkStatus();
  const uintmax_t size = fs::file_size(file, error);
  if (!error && size > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(file, " is missing or empty, but its log ", file, "-wal is not: bring back ",
                   file, " from where it went, or restore a backup and remove the log"));
}

absl::Status SetUp(Connection& connection) {
  absl::StatusOr<std::string> mode = connection.ReadText("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") {
    return absl::FailedPreconditionError(
        absl::StrCat(sqlite3_db_filename(connection.handle(), "main"),
                     ": the file system cannot hold a write-ahead log (journal mode stays ", *mode,
                     "); use a local disk"));
  }
  return connection.Execute("PRAGMA synchronous = FULL");
}

// Whether files go once this is stored: rows that came back after a power loss would lack them.
bool TakesFilesAway(const Change& change) {
  const auto* study = std::get_if<StudyRow>(&change);
  return std::holds_alternative<EraseArtifact>(change) ||
         std::holds_alternative<EraseStudyChunk>(change) || (study != nullptr && study->deleted);
}

// SQLite words a page that could not be read, in passing or not, like damage.
bool IsReadError(absl::string_view verdict) {
  const std::vector<absl::string_view> parts = absl::StrSplit(verdict, "error code=");
  int code = 0;
  return parts.size() == 2 && absl::SimpleAtoi(parts[1], &code) && (code & 0xff) == SQLITE_IOERR;
}

absl::Status CheckStructure(Connection& connection) {
  absl::StatusOr<std::string> verdict = connection.ReadText("PRAGMA integrity_check(1)");
  if (!verdict.ok()) return verdict.status();
  if (*verdict == "ok") return CheckSchema(connection);
  const char* file = sqlite3_db_filename(connection.handle(), "main");
  if (IsReadError(*verdict)) {
    return absl::UnavailableError(
        absl::StrCat(file, " cannot be read: ", *verdict, "; check the disk, then start again"));
  }
  return absl::DataLossError(absl::StrCat(file, " is damaged: ", *verdict, "; restore a backup"));
}

// What the store holds, if that is all that was acknowledged, or what is missing is accepted.
absl::StatusOr<StoreRow> CheckNote(const std::string& data_directory, Connection& connection,
                                   const SqliteOptions& options) {
  absl::StatusOr<StoreRow> store = ReadStore(connection);
  if (!store.ok()) return store.status();
  const absl::Status status = CheckHighWater(data_directory, {store->epoch, store->commit});
  if (status.ok()) return store;
  if (!absl::IsDataLoss(status) || !options.accept_data_loss) return status;
  const absl::StatusOr<int64_t> epoch = DrawEpoch();
  if (!epoch.ok()) return epoch.status();
  store->epoch = *epoch;
  if (absl::Status drawn = WriteStore(connection, *store); !drawn.ok()) return drawn;
  return store;
}

// Brings the schema to the newest version, after the database was copied as it is.
absl::Status MigrateWithBackup(Connection& connection, const std::string& data_directory,
                               const SqliteOptions& options) {
  const absl::StatusOr<int64_t> version = connection.ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const bool is_old = *version > 0 && *version < NewestVersion();
  if (!is_old || !options.vfs.empty()) return Migrate(connection);
  const auto copy = BackUpBeforeMigration(connection, data_directory, *version);
  if (!copy.ok()) return copy.status();
  const absl::Status status = Migrate(connection);
  if (status.ok() && options.on_migration) {
    options.on_migration({*version, NewestVersion(), *copy});
  }
  return status;
}

int NoteFrames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

std::string DatabaseFile(const std::string& data_directory) {
  return absl::StrCat(data_directory, "/", kDatabase);
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& data_directory,
                                                               const SqliteOptions& options) {
  absl::Status status = MakeDataDirectory(data_directory);
  if (!status.ok()) return status;
  absl::StatusOr<StoreLock> lock = StoreLock::Acquire(data_directory);
  if (!lock.ok()) return lock.status();
  const std::string file = DatabaseFile(data_directory);
  if (status = CheckNothingMissing(file); !status.ok()) return status;
  if (status = EndRestore(data_directory); !status.ok()) return status;
  // The only writer never waits for another one.
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(file, Connection::Mode::kReadWriteCreate,
                       options.network_file_system ? kOneProcessVfs : options.vfs, 0);
  if (!connection.ok()) return connection.status();
  status = CheckFile(**connection);
  if (status.ok()) status = CheckWritable(**connection);
  if (status.ok()) status = SetUp(**connection);
  if (status.ok()) status = MigrateWithBackup(**connection, data_directory, options);
  if (status.ok() && options.check) status = CheckStructure(**connection);
  if (!status.ok()) return status;
  absl::StatusOr<StoreRow> row = options.vfs.empty()
                                     ? CheckNote(data_directory, **connection, options)
                                     : ReadStore(**connection);
  if (!row.ok()) return row.status();
  std::unique_ptr<SqliteStore> store =
      absl::WrapUnique(new SqliteStore(*std::move(lock), *std::move(connection), options));
  // A sync that failed in the process before may have left its log readable only until the next
  // power loss: what is answered from now on must not stand on it.
  absl::StatusOr<bool> copied = store->CopyLog();
  status = copied.status();
  if (status.ok() && !*copied && options.durability == Durability::kNormal) {
    // Nor on commits that were not synced: a synced one behind them takes them along.
    status = WriteStore(*store->connection_, *row);
  }
  if (status.ok() && options.max_pages > 0) status = store->LimitPages(options.max_pages);
  if (status.ok() && options.vfs.empty()) {
    auto high_water = HighWater::Start(data_directory, {row->epoch, row->commit});
    status = high_water.status();
    if (status.ok()) store->high_water_ = *std::move(high_water);
  }
  if (!status.ok()) return status;
  return store;
}

SqliteStore::SqliteStore(StoreLock lock, std::unique_ptr<Connection> connection,
                         const SqliteOptions& options)
    : lock_(std::move(lock)),
      connection_(std::move(connection)),
      durability_(options.durability),
      checkpoint_frames_(options.checkpoint_frames) {
  // In place of SQLite's own checkpoints, which would hide a failed sync.
  sqlite3_wal_hook(connection_->handle(), &NoteFrames, &wal_frames_);
}

absl::Status SqliteStore::LimitPages(int64_t max_pages) {
  return connection_
      ->ReadInteger(
          absl::StrCat("PRAGMA max_page_count = ", max_pages > 0 ? max_pages : 0xfffffffe))
      .status();
}

absl::StatusOr<Snapshot> SqliteStore::Load() {
  if (!broken_.ok()) return broken_;
  Snapshot snapshot;
  absl::Status status = connection_->Execute("BEGIN");
  if (status.ok()) {
    const absl::StatusOr<StoreRow> store = ReadStore(*connection_);
    status = store.status();
    if (status.ok()) {
      snapshot.commit = store->commit;
      snapshot.store_epoch = store->epoch;
      snapshot.counters = store->counters;
    }
  }
  const auto read = [this, &status](auto& rows, auto reader) {
    if (!status.ok()) return;
    auto result = reader(*connection_);
    status = result.status();
    if (status.ok()) rows = *std::move(result);
  };
  read(snapshot.studies, &ReadAllStudies);
  read(snapshot.trials, &ReadAllTrials);
  read(snapshot.attempts, &ReadLiveAttempts);
  read(snapshot.evaluations, &ReadAllEvaluations);
  read(snapshot.artifacts, &ReadAllArtifacts);
  read(snapshot.pruner_decisions, &ReadAllPrunerDecisions);
  read(snapshot.workers, &ReadAllWorkers);
  read(snapshot.warm_start_trials, &ReadAllWarmStartTrials);
  read(snapshot.study_revisions, &ReadPrunerRevisions);
  read(snapshot.study_activations, &ReadAllStudyActivations);
  read(snapshot.study_ends, &ReadAllStudyEnds);
  if (status.ok()) status = CheckCounts(*connection_, snapshot.trials);
  if (status.ok()) status = CheckMetrics(*connection_);
  connection_->Rollback();  // nothing was written
  if (!status.ok()) return Note(status);
  return snapshot;
}

absl::Status SqliteStore::Apply(const Batch& batch, int64_t commit) {
  if (!broken_.ok()) return broken_;
  // The first commit of a process says which fencing tokens it issues: another one must not begin
  // with the same.
  const bool sync = durability_ == Durability::kFull || commit_ == 0 ||
                    std::any_of(batch.begin(), batch.end(), &TakesFilesAway);
  absl::Status status = SetSync(sync);
  if (status.ok()) status = connection_->Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = WriteBatch(batch, commit);
  if (status.ok()) status = Commit();
  if (!status.ok()) {
    connection_->Rollback();
    metric_ids_.clear();
    return Note(status);
  }
  commit_ = commit;
  if (sync) NoteDurable();
  return Checkpoint();
}

absl::Status SqliteStore::SetSync(bool sync) {
  if (sync == sync_) return absl::OkStatus();
  const absl::Status status =
      connection_->Execute(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (status.ok()) sync_ = sync;
  return status;
}

absl::Status SqliteStore::WriteBatch(const Batch& batch, int64_t commit) {
  absl::Status status = AdvanceCommit(*connection_, commit);
  WriteContext context{*connection_, commit, metric_ids_};
  for (const Change& change : batch) {
    if (!status.ok()) return status;
    status = std::visit([&context](const auto& row) { return WriteRow(context, row); }, change);
    ++context.position;
  }
  return status;
}

absl::Status SqliteStore::Commit() {
  absl::Status status = connection_->Execute("COMMIT");
  if (status.ok() || LeavesNothingInLog(sqlite3_extended_errcode(connection_->handle()))) {
    return status;
  }
  return absl::DataLossError(absl::StrCat(
      status.message(), "; whether it was stored shows when the coordinator is started again"));
}

absl::Status SqliteStore::Checkpoint() {
  return wal_frames_ < checkpoint_frames_ ? absl::OkStatus() : CopyLog().status();
}

absl::StatusOr<bool> SqliteStore::CopyLog() {
  int frames = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), "main",
                                             SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
  if (code == SQLITE_OK) {
    const bool all = frames == copied;
    if (all) NoteDurable();
    return all;
  }
  absl::Status status = SqliteError(connection_->handle(), code, "copying the write-ahead log");
  if (absl::IsDataLoss(status)) return Note(status);
  return false;
}

void SqliteStore::NoteDurable() {
  if (high_water_ != nullptr) high_water_->Reach(commit_);
}

absl::Status SqliteStore::Note(absl::Status status) {
  if (absl::IsDataLoss(status)) broken_ = status;
  return status;
}

template <typename T>
absl::StatusOr<T> SqliteStore::Note(absl::StatusOr<T> result) {
  // No limit refuses what was asked: the log's index had to grow, and there will be room again.
  if (absl::IsResourceExhausted(result.status())) {
    return absl::UnavailableError(result.status().message());
  }
  if (!result.ok()) return Note(result.status());
  return result;
}

absl::StatusOr<std::optional<RequestRow>> SqliteStore::FindRequest(const std::string& client_id,
                                                                   int64_t sequence) {
  if (!broken_.ok()) return broken_;
  return Note(ReadRequest(*connection_, client_id, sequence));
}

absl::StatusOr<std::optional<int64_t>> SqliteStore::FindForgottenRequest(
    const std::string& client_id) {
  if (!broken_.ok()) return broken_;
  return Note(ReadForgottenRequest(*connection_, client_id));
}

absl::StatusOr<std::optional<int64_t>> SqliteStore::FindOldestRequest() {
  if (!broken_.ok()) return broken_;
  return Note(ReadOldestRequest(*connection_));
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> SqliteStore::ReadMetric(
    int64_t trial_id, int32_t attempt, const std::string& metric) {
  if (!broken_.ok()) return broken_;
  return Note(ReadMetricValues(*connection_, trial_id, attempt, metric));
}

absl::StatusOr<std::vector<std::pair<int64_t, double>>> SqliteStore::ReadCurve(
    int64_t trial_id, int32_t attempt, const std::string& metric) {
  if (!broken_.ok()) return broken_;
  const auto attempts = ReadAttempts(*connection_, trial_id);
  if (!attempts.ok()) return Note(attempts).status();
  return Note(ReadMetricValues(*connection_, trial_id, CurveParts(*attempts, attempt), metric));
}

absl::StatusOr<std::optional<int64_t>> SqliteStore::FindLastStep(int64_t trial_id,
                                                                 int32_t attempt) {
  if (!broken_.ok()) return broken_;
  return Note(ReadLastStep(*connection_, trial_id, attempt));
}

absl::StatusOr<bool> SqliteStore::HasStudyRows(int64_t study_id) {
  if (!broken_.ok()) return broken_;
  Query query(*connection_, "SELECT 1 FROM study WHERE id = ?");
  const bool found = query.Bind(study_id).Next();
  return Note(query.status().ok() ? absl::StatusOr<bool>(found) : query.status());
}

absl::StatusOr<StoredValues> SqliteStore::FindStored(const std::vector<MeasurementRow>& rows) {
  if (!broken_.ok()) return broken_;
  return Note(FindStoredValues(*connection_, rows));
}

absl::StatusOr<std::map<std::string, int64_t>> SqliteStore::CountValues(int64_t trial_id) {
  if (!broken_.ok()) return broken_;
  return Note(CountTrialValues(*connection_, trial_id));
}

absl::StatusOr<std::optional<AttemptRow>> SqliteStore::FindAttempt(int64_t token_epoch,
                                                                   int64_t token_counter) {
  if (!broken_.ok()) return broken_;
  return Note(ReadAttemptWithToken(*connection_, token_epoch, token_counter));
}

}  // namespace caviar::storage
