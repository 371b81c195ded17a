// What becomes of databases that an earlier Caviar wrote.
#include "storage/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/migration_backup.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"
#include "storage/store_check.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/older_database.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

using ::testing::HasSubstr;

class Migration1 : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(PlaceOlderDatabase(folder_.path())); }

  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() {
    SqliteOptions options;
    options.on_migration = [this](const MigrationDone& done) { done_ = done; };
    return SqliteStore::Open(folder_.path(), options);
  }

  TemporaryFolder folder_;
  std::optional<MigrationDone> done_;
};

TEST_F(Migration1, LeavesACopyOfWhatWasThereAndSaysSo) {
  const std::string before = ReadFile(DatabaseFile(folder_.path()));
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(done_.has_value());
  EXPECT_EQ(done_->from, 1);
  EXPECT_EQ(done_->to, NewestVersion());
  EXPECT_EQ(done_->backup, absl::StrCat(folder_.path(), "/caviar.db.schema-1"));
  EXPECT_EQ(Ask(folder_.path(), "PRAGMA user_version"), absl::StrCat(NewestVersion(), "\n"));

  const TemporaryFolder older;
  std::filesystem::copy_file(done_->backup, DatabaseFile(older.path()));
  EXPECT_EQ(Ask(older.path(), "PRAGMA user_version"), "1\n");
  EXPECT_EQ(Ask(older.path(), "SELECT count(*) FROM trial"), "14\n");
  EXPECT_EQ(Ask(older.path(), "PRAGMA integrity_check"), "ok\n");
}

TEST_F(Migration1, KeepsAllThatWasThereAndGivesStudiesTheirFirstRevision) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const auto snapshot = (*store)->Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  ASSERT_EQ(snapshot->studies.size(), 2u);
  ASSERT_EQ(snapshot->study_revisions.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(snapshot->studies[i].revision, 1);
    EXPECT_EQ(snapshot->study_revisions[i].revision, 1);
    EXPECT_EQ(snapshot->study_revisions[i].definition.SerializeAsString(),
              snapshot->studies[i].definition.SerializeAsString());
    EXPECT_EQ(snapshot->study_revisions[i].time, snapshot->studies[i].create_time);
  }
  EXPECT_EQ(Ask(folder_.path(), "SELECT DISTINCT study, revision FROM trials ORDER BY study"),
            "queue|1\ntuned|1\n");
  EXPECT_EQ(snapshot->trials.size(), 14u);
  EXPECT_EQ(snapshot->pruner_decisions.size(), 26u);
  for (const TrialRow& trial : snapshot->trials) EXPECT_EQ(trial.revision, 1);
  store->reset();
  const auto report = CheckStore(folder_.path());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damage, ::testing::IsEmpty());
}

TEST_F(Migration1, HappensOnce) {
  ASSERT_TRUE(Open().ok());
  done_.reset();
  ASSERT_TRUE(Open().ok());
  EXPECT_FALSE(done_.has_value());
}

TEST_F(Migration1, DoesNotHappenWithoutItsCopy) {
  // In the way of the copy.
  std::filesystem::create_directories(MigrationBackupFile(folder_.path(), 1) + ".part/x");
  const auto refused = Open();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("nothing was changed"));
  EXPECT_EQ(Ask(folder_.path(), "PRAGMA user_version"), "1\n");
}

TEST(Migration, OfANewDatabaseLeavesNoCopy) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SqliteStore::Open(folder.path()).ok());
  EXPECT_FALSE(std::filesystem::exists(MigrationBackupFile(folder.path(), 1)));
}

}  // namespace
}  // namespace caviar::storage
