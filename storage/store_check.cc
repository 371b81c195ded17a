#include "storage/store_check.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/artifact_store.h"
#include "storage/connection.h"
#include "storage/file_system.h"
#include "storage/high_water.h"
#include "storage/migration.h"
#include "storage/schema_check.h"
#include "storage/sqlite_store.h"
#include "storage/statement.h"
#include "storage/store_lock.h"
#include "storage/store_table.h"
#include "storage/stored_files.h"

namespace caviar::storage {
namespace {

// Of each kind of damage so much is told; more says nothing new.
constexpr int kMaxLines = 20;

// Runs on in spite of damage, so that all of it is told.
class DatabaseCheck {
 public:
  explicit DatabaseCheck(Connection& connection) : connection_(connection) {}

  void Database() {
    Structure();
    Note(CheckSchema(connection_));
    ForeignKeys();
    absl::StatusOr<StoreRow> store = ReadStore(connection_);
    if (!Note(store.status())) return;
    store_ = *store;
    for (const Table& table : kTables) Rows(table);
    Counters();
    Found(absl::StrCat("store: epoch ", store_.epoch, ", commit ", store_.commit));
    Found(absl::StrCat("rows: ", rows_, " in ", std::size(kTables) + 1, " tables"));
  }

  void Files(const std::string& data_directory) {
    const absl::StatusOr<std::vector<StoredFile>> stored = ReadStoredFiles(connection_);
    if (!Note(stored.status())) return;
    int64_t bytes = 0;
    if (stored->empty()) return;
    const absl::StatusOr<ArtifactStore> files = ArtifactStore::Open(data_directory);
    if (!Note(files.status())) return;
    for (const StoredFile& file : *stored) {
      Note(files->Verify(file.name, file.size, file.crc32));
      bytes += file.size;
    }
    Found(absl::StrCat("files: ", stored->size(), " of ", bytes, " bytes"));
  }

  void Watermark(const std::string& data_directory) {
    Note(CheckHighWater(data_directory, {store_.epoch, store_.commit}));
  }

  CheckReport Report() && { return std::move(report_); }

 private:
  void Found(std::string line) { report_.found.push_back(std::move(line)); }
  void Damage(std::string line) {
    if (std::count(report_.damage.begin(), report_.damage.end(), line) > 0) return;
    report_.damage.push_back(std::move(line));
  }
  // Whether it is OK.
  bool Note(const absl::Status& status) {
    if (!status.ok()) Damage(std::string(status.message()));
    return status.ok();
  }

  void Structure() {
    Query query(connection_, absl::StrCat("PRAGMA integrity_check(", kMaxLines, ")"));
    while (query.Next()) {
      if (query.Text(0) != "ok") Damage(absl::StrCat("structure: ", query.Text(0)));
    }
    Note(query.status());
  }

  void ForeignKeys() {
    Query query(connection_, "PRAGMA foreign_key_check");
    for (int i = 0; i < kMaxLines && query.Next(); ++i) {
      Damage(absl::StrCat("table ", query.Text(0), ": a row is of a row of ", query.Text(2),
                          " that is not there"));
    }
    Note(query.status());
  }

  void Rows(const Table& table) {
    Query query(connection_, absl::StrCat("SELECT * FROM ", table.name));
    for (int damaged = 0; damaged < kMaxLines && query.Next();) {
      ++rows_;
      const int64_t commit = query.Integer(table.columns - 2);
      if (!Note(query.CheckRow(table))) {
        ++damaged;
      } else if (commit > store_.commit) {
        ++damaged;
        Damage(absl::StrCat("table ", table.name, ": a row is of commit ", commit,
                            ", but the store's last one is ", store_.commit));
      }
    }
    Note(query.status());
  }

  // `sql` asks for what is wrong, a line each.
  void Ask(const char* sql) {
    Query query(connection_, sql);
    for (int i = 0; i < kMaxLines && query.Next(); ++i) {
      Damage(absl::StrCat("counters: ", query.Text(0)));
    }
    Note(query.status());
  }

  void Counters() {
    Ask("SELECT 'study ' || study_id || ' has ' || sum(stored) || ' trials that are ' || state || "
        "', but ' || sum(counted) || ' are counted' FROM ("
        "SELECT study_id, state, count(*) AS stored, 0 AS counted FROM trial "
        "GROUP BY study_id, state UNION ALL "
        "SELECT study_id, state, 0, count FROM trial_count) "
        "GROUP BY study_id, state HAVING sum(stored) <> sum(counted)");
    Ask("SELECT 'the next study is ' || next_study_id || ', but there is study ' || "
        "(SELECT max(id) FROM study) FROM store "
        "WHERE next_study_id <= (SELECT max(id) FROM study)");
    Ask("SELECT 'the next trial is ' || next_trial_id || ', but there is trial ' || "
        "(SELECT max(id) FROM trial) FROM store "
        "WHERE next_trial_id <= (SELECT max(id) FROM trial)");
    Ask("SELECT 'the next token is ' || next_token_counter || ', but there is token ' || "
        "max(token_counter) FROM store JOIN attempt ON token_epoch = epoch "
        "HAVING next_token_counter <= max(token_counter)");
    Ask("SELECT 'study ' || study_id || ' has ' || count(*) || ' trials, the last of them number ' "
        "|| max(number) FROM trial JOIN study ON study.id = study_id AND deleted = 0 "
        "GROUP BY study_id HAVING count(*) <> max(number) + 1");
  }

  Connection& connection_;
  CheckReport report_;
  StoreRow store_;
  int64_t rows_ = 0;
};

// Only to read, and without copying the log to the file, so that what is damaged stays as it is.
absl::StatusOr<std::unique_ptr<Connection>> OpenToCheck(const std::string& file,
                                                        const std::string& vfs) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no ", file, "; is it the right data directory?"));
  }
  // What may not write cannot keep the file for its process alone, and shares memory by a file.
  const auto mode =
      vfs == kOneProcessVfs ? Connection::Mode::kReadWriteCreate : Connection::Mode::kReadOnly;
  auto connection = Connection::Open(file, mode, vfs, 0);
  if (!connection.ok()) return connection.status();
  sqlite3_db_config((*connection)->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (absl::Status status = CheckFile(**connection); !status.ok()) return status;
  const absl::StatusOr<int64_t> version = (*connection)->ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version != NewestVersion()) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, " has schema version ", *version, ", not ", NewestVersion(),
                     "; start the coordinator on it once, then check again"));
  }
  return connection;
}

}  // namespace

absl::StatusOr<CheckReport> CheckUnlockedStore(const std::string& data_directory,
                                               const std::string& vfs) {
  auto connection = OpenToCheck(DatabaseFile(data_directory), vfs);
  if (absl::IsDataLoss(connection.status())) {
    return CheckReport{{}, {std::string(connection.status().message())}};
  }
  if (!connection.ok()) return connection.status();
  DatabaseCheck check(**connection);
  check.Database();
  check.Watermark(data_directory);
  check.Files(data_directory);
  return std::move(check).Report();
}

absl::StatusOr<CheckReport> CheckStore(const std::string& data_directory, const std::string& vfs) {
  std::error_code error;
  if (!std::filesystem::is_directory(data_directory, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no folder ", data_directory, "; is it the right data directory?"));
  }
  const absl::StatusOr<StoreLock> lock = StoreLock::Acquire(data_directory);
  if (!lock.ok()) return lock.status();
  return CheckUnlockedStore(data_directory, vfs);
}

absl::Status CheckDatabase(const std::string& file, const std::string& vfs) {
  auto connection = OpenToCheck(file, vfs);
  if (!connection.ok()) return connection.status();
  DatabaseCheck check(**connection);
  check.Database();
  const CheckReport report = std::move(check).Report();
  if (report.damage.empty()) return absl::OkStatus();
  return absl::DataLossError(report.damage.front());
}

}  // namespace caviar::storage
