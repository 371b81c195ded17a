// What becomes of databases that an earlier Caviar wrote.
#include "storage/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "caviar/v1/trial.pb.h"
#include "storage/migration_backup.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"
#include "storage/store_check.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/failing_files.h"
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

// One write to each table that is written with every hand-out, report or end.
constexpr const char* kWrites[] = {
    "UPDATE trial SET state = '', origin = '', repeats_state = '' WHERE id = 1",
    "UPDATE trial_parameter SET type = '' WHERE trial_id = 1 AND name = 'a'",
    "UPDATE trial_outcome SET not_finite = '' WHERE trial_id = 1 AND metric = 'a'",
    "UPDATE attempt SET outcome = '' WHERE trial_id = 1 AND number = 1",
    "UPDATE measurement SET not_finite = '' "
    "WHERE trial_id = 1 AND attempt = 1 AND metric_id = 1 AND step = 1",
    "UPDATE late_measurement SET not_finite = '' "
    "WHERE trial_id = 1 AND token_counter = 1 AND metric_id = 1 AND step = 1",
    "UPDATE pruner_decision SET decision = '' WHERE trial_id = 1 AND step = 1 AND decision = 'a'"};

TEST(PlainChecks, MakeNoTableForAWrite) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SqliteStore::Open(folder.path()).ok());
  for (const std::string write : kWrites) {
    EXPECT_THAT(Ask(folder.path(), "EXPLAIN " + write),
                AllOf(HasSubstr("Halt"), Not(HasSubstr("OpenEphemeral"))))
        << write;
  }
}

// Names of all values of an enum but that which stands for none.
std::vector<std::string> NamesOf(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return names;
}

TEST_F(Migration1, ChecksAllowWhatTheyDidAndNothingElse) {
  ASSERT_TRUE(Open().ok());
  struct Check {
    std::string table, column;
    std::vector<std::string> values;
  };
  const std::vector<Check> checks = {
      {"trial", "state", NamesOf(*v1::Trial::State_descriptor())},
      {"trial", "origin", NamesOf(*v1::Trial::Origin_descriptor())},
      {"trial", "repeats_state", {"COMPLETED", "FAILED", "INFEASIBLE", "CANCELLED"}},
      {"trial_parameter", "type", {"double", "int", "bool", "string"}},
      {"trial_outcome", "not_finite", {"nan", "inf", "-inf"}},
      {"attempt", "outcome", NamesOf(*v1::Attempt::Outcome_descriptor())},
      {"measurement", "not_finite", {"nan", "inf", "-inf"}},
      {"late_measurement", "not_finite", {"nan", "inf", "-inf"}},
      {"pruner_decision", "decision", NamesOf(*v1::PrunerDecision::Decision_descriptor())}};
  for (const auto& [table, column, values] : checks) {
    const std::string sql = Ask(
        folder_.path(), absl::StrCat("SELECT sql FROM sqlite_schema WHERE name = '", table, "'"));
    std::vector<std::string> terms;
    for (const std::string& value : values) {
      terms.push_back(absl::StrCat(column, " = '", value, "'"));
    }
    const std::string::size_type at = sql.find(absl::StrCat("CHECK (", column, " = "));
    ASSERT_NE(at, std::string::npos) << table << "." << column;
    const std::string::size_type begin = at + std::string("CHECK (").size();
    std::vector<std::string> found =
        absl::StrSplit(absl::string_view(sql).substr(begin, sql.find(')', begin) - begin), " OR ");
    for (std::string& term : found) absl::RemoveExtraAsciiWhitespace(&term);
    EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(terms)) << table << "." << column;
  }
  EXPECT_THAT(Ask(folder_.path(), "UPDATE attempt SET outcome = 'NONSENSE'"),
              HasSubstr("CHECK constraint failed: outcome"));
  EXPECT_THAT(Ask(folder_.path(), "UPDATE trial SET objective = 7.5 WHERE state = 'COMPLETED'"),
              HasSubstr("never change"));
}

TEST(Migration, FromEachVersionLeadsToOneSchemaWithAllThatWasThere) {
  for (int version = 1; version < NewestVersion(); ++version) {
    const TemporaryFolder folder;
    ASSERT_TRUE(PlaceOlderDatabase(folder.path(), version)) << version;
    EXPECT_EQ(Ask(folder.path(), "PRAGMA user_version"), absl::StrCat(version, "\n"));
    ASSERT_TRUE(SqliteStore::Open(folder.path()).ok()) << version;
    EXPECT_EQ(Ask(folder.path(), "SELECT count(*), sum(revision) FROM trials"), "14|14\n");
    // The structure and the schema among it.
    const auto report = CheckStore(folder.path());
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->damage, ::testing::IsEmpty()) << version;
  }
}

TEST(Migration5, CountsFailuresFromNowOnAndTheTimeThatIsStored) {
  const TemporaryFolder folder;
  ASSERT_TRUE(PlaceOlderDatabase(folder.path(), 4));
  auto store = SqliteStore::Open(folder.path());
  ASSERT_TRUE(store.ok()) << store.status();
  const auto snapshot = (*store)->Load();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  ASSERT_EQ(snapshot->study_activations.size(), 2u);
  for (const StudyActivationRow& row : snapshot->study_activations) {
    const auto final_trials =
        std::count_if(snapshot->trials.begin(), snapshot->trials.end(), [&](const TrialRow& trial) {
          return trial.study_id == row.study_id && trial.final_order > 0;
        });
    EXPECT_EQ(row.final_trials, final_trials);
  }
  const StudyRow& tuned = snapshot->studies[0];
  ASSERT_EQ(tuned.state, v1::Study::ACTIVE);
  EXPECT_EQ(tuned.active_time, tuned.active_since - tuned.create_time);
  EXPECT_GT(tuned.active_time, 0);
  EXPECT_LT(tuned.active_time, 30'000'000) << "it lived that long, and then lay for months";
  EXPECT_EQ(snapshot->studies[1].active_time, 21404378) << "of a study that is not ACTIVE";
}

TEST_F(Migration1, DoesNotHappenWhereItsCopyCannotBeSynced) {
  for (const std::string& ending : {std::string("/caviar.db.schema-1.part"), folder_.path()}) {
    const FailingFiles failing(FileFault::kSync, ending);
    const auto refused = Open();
    ASSERT_FALSE(refused.ok()) << ending;
    EXPECT_THAT(refused.status().message(), HasSubstr("nothing was changed"));
    EXPECT_EQ(Ask(folder_.path(), "PRAGMA user_version"), "1\n");
  }
}

TEST_F(Migration1, ComesBeforeReadersAndTheCheck) {
  const absl::Status reader = SqliteReader::Open(folder_.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(reader)) << reader;
  EXPECT_THAT(reader.message(), HasSubstr("let the coordinator of this build open it first"));
  const absl::Status check = CheckStore(folder_.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(check)) << check;
  EXPECT_THAT(check.message(), HasSubstr("start the coordinator on it once, then check again"));
}

TEST(Migration, OfANewDatabaseLeavesNoCopy) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SqliteStore::Open(folder.path()).ok());
  EXPECT_FALSE(std::filesystem::exists(MigrationBackupFile(folder.path(), 1)));
}

}  // namespace
}  // namespace caviar::storage
