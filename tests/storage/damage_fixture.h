// A data directory that is damaged by hand, and what is said of it.
#ifndef CAVIAR_TESTS_STORAGE_DAMAGE_FIXTURE_H_
#define CAVIAR_TESTS_STORAGE_DAMAGE_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_store.h"
#include "storage/store_check.h"
#include "storage/tables.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {

class DamageTest : public testing::Test {
 protected:
  const std::string& path() const { return folder_.path(); }
  std::string database() const { return DatabaseFile(path()); }
  // What is wrong in the data directory, by its check.
  std::vector<std::string> Damage() {
    const absl::StatusOr<CheckReport> report = CheckStore(path());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->damage : std::vector<std::string>();
  }
  absl::Status OpenStatus(const SqliteOptions& options = {}) {
    return SqliteStore::Open(path(), options).status();
  }
  // The database and its log as they are now, put back by the returned function.
  std::function<void()> Remember() const {
    return [file = database(), whole = ReadFile(database()), log = ReadFile(database() + "-wal")] {
      WriteFile(file, whole);
      WriteFile(file + "-wal", log);
      std::filesystem::remove(file + "-shm");
    };
  }
  // Runs SQL by hand past the triggers, which are the same ones afterwards.
  void Edit(const std::string& sql) {
    const std::string triggers =
        Ask(path(), "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'");
    const std::string drop = Ask(path(),
                                 "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema "
                                 "WHERE type = 'trigger'");
    ASSERT_EQ(Ask(path(), absl::StrCat("BEGIN;", drop, sql, ";", triggers, "COMMIT")), "") << sql;
  }

  // The same, and the checksums of all rows fit: as what was written wrong in the first place.
  void EditAndSeal(const std::string& sql) {
    std::string all = sql;
    for (const Table& table : kTables) absl::StrAppend(&all, ";", SealSql(table.name));
    Edit(absl::StrCat(all, ";", SealSql(kStoreTable.name)));
  }
  std::string SealSql(const std::string& table) {
    const std::string columns =
        Ask(path(), absl::StrCat("SELECT group_concat(name) FROM pragma_table_info('", table,
                                 "') WHERE name <> 'checksum'"));
    return absl::StrCat("UPDATE ", table, " SET checksum = row_checksum(", columns, ")");
  }

  TemporaryFolder folder_;
};

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_DAMAGE_FIXTURE_H_
