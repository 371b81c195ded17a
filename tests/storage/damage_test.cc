// A damaged, cut, rolled back or foreign store is refused, with what is wrong and what to do; or
// what is read from it is what was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "storage/artifact_store.h"
#include "storage/code_file.h"
#include "storage/connection.h"
#include "storage/sqlite_reader.h"
#include "storage/statement.h"
#include "storage/tables.h"
#include "tests/storage/damage_fixture.h"
#include "tests/storage/filled_store.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(DamageTest, AWholeStoreIsFoundWhole) {
  FilledStore(path());
  EXPECT_THAT(Damage(), IsEmpty());
  EXPECT_THAT(CheckStore(path())->found,
              ElementsAre(HasSubstr(", commit 5"), HasSubstr("rows: 4"), HasSubstr("files: 2")));
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(DamageTest, NoTableIsWithoutChecksums) {
  FilledStore(path());
  std::string tables;
  for (const Table& table : kTables) {
    absl::StrAppend(&tables, tables.empty() ? "'" : ", '", table.name, "'");
    EXPECT_NE(Ask(path(), absl::StrCat("SELECT count(*) FROM ", table.name)), "0\n") << table.name;
  }
  EXPECT_EQ(Ask(path(), absl::StrCat("SELECT name FROM sqlite_schema WHERE type = 'table' "
                                     "AND name NOT IN (",
                                     tables, ", 'store', 'trial_count')")),
            "");
}

TEST_F(DamageTest, AnEditedRowOfAnyTableIsReportedWithItsPlace) {
  FilledStore(path());
  const std::string whole = ReadFile(database());
  for (const Table& table : kTables) {
    ASSERT_NO_FATAL_FAILURE(
        Edit(absl::StrCat("UPDATE ", table.name, " SET commit_number = commit_number - 1")));
    EXPECT_THAT(Damage(), Contains(AllOf(HasSubstr(absl::StrCat("table ", table.name, ", row of ")),
                                         HasSubstr("restore a backup"))));
    WriteFile(database(), whole);
  }
  ASSERT_NO_FATAL_FAILURE(Edit("UPDATE store SET next_token_counter = next_token_counter + 1"));
  EXPECT_THAT(Damage(), Contains(HasSubstr("table store, row of id 1")));
  EXPECT_THAT(OpenStatus().message(), HasSubstr("table store, row of id 1"));
}

// A column that reads otherwise; % is its name.
constexpr absl::string_view kOtherwise[] = {
    "iif(% IS NULL, 0, NULL)",
    "CASE typeof(%) WHEN 'integer' THEN % + 1 WHEN 'real' THEN % + 0.5 WHEN 'text' THEN % || 'x' "
    "WHEN 'blob' THEN CAST(% || 'x' AS BLOB) ELSE '' END",
    "CASE typeof(%) WHEN 'integer' THEN % + 4294967296 WHEN 'real' THEN 2 * % + 1e-300 "
    "WHEN 'text' THEN 'x' || % WHEN 'blob' THEN x'' ELSE 0.0 END",
    "CASE typeof(%) WHEN 'text' THEN CAST(% AS BLOB) WHEN 'null' THEN x'' ELSE CAST(% AS TEXT) END",
};

TEST_F(DamageTest, EveryColumnOfEveryTableCounts) {
  FilledStore(path());
  const auto connection = Connection::Open(database(), Connection::Mode::kReadOnly, "", 0).value();
  const auto expect = [&](const Table& table, const std::vector<std::string>& columns,
                          const std::string& where, bool whole) {
    const std::string sql =
        absl::StrCat("SELECT ", absl::StrJoin(columns, ", "), " FROM ", table.name, where);
    Query query(*connection, sql);
    while (query.Next()) ASSERT_EQ(query.CheckRow(table).ok(), whole) << sql;
    ASSERT_TRUE(query.status().ok()) << query.status();
  };
  std::vector<Table> tables(std::begin(kTables), std::end(kTables));
  tables.push_back(kStoreTable);
  for (const Table& table : tables) {
    const std::vector<std::string> columns = absl::StrSplit(
        Ask(path(), absl::StrCat("SELECT name FROM pragma_table_info('", table.name, "')")), '\n',
        absl::SkipEmpty());
    ASSERT_EQ(columns.size(), static_cast<size_t>(table.columns)) << table.name;
    ASSERT_NO_FATAL_FAILURE(expect(table, columns, "", true));
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_checksum = i + 1 == columns.size();
      std::vector<std::string> others = columns;
      for (const absl::string_view otherwise : kOtherwise) {
        if (is_checksum) break;
        others[i] = absl::StrReplaceAll(otherwise, {{"%", columns[i]}});
        ASSERT_NO_FATAL_FAILURE(expect(table, others, "", false));
      }
      for (int bit = 0; is_checksum && bit < 32; ++bit) {
        others[i] = absl::StrCat("checksum + (", int64_t{1} << bit, ")");
        ASSERT_NO_FATAL_FAILURE(expect(table, others, "", false));
      }
      others[i] = columns[i];
      if (i + 2 >= columns.size()) continue;
      std::swap(others[i], others[i + 1]);
      ASSERT_NO_FATAL_FAILURE(expect(
          table, others, absl::StrCat(" WHERE ", columns[i], " IS NOT ", columns[i + 1]), false));
    }
  }
}

TEST_F(DamageTest, NoDamagedRowIsEverRead) {
  FilledStore(path());
  ASSERT_NO_FATAL_FAILURE(Edit(R"(
    UPDATE trial_parameter SET value = 'adam' WHERE name = 'optimizer' AND trial_id = 2;
    UPDATE measurement SET value = 0.99 WHERE step = 100;
    UPDATE request SET response = x'00' )"));
  auto store = SqliteStore::Open(path()).value();
  std::vector<absl::Status> told;
  auto reader = SqliteReader::Open(path(), [&](const absl::Status& damage) {
                  told.push_back(damage);
                }).value();
  EXPECT_TRUE(reader->GetTrial(1, 0, false).ok());
  EXPECT_TRUE(absl::IsNotFound(reader->GetTrial(1, 77, false).status()));
  EXPECT_THAT(told, IsEmpty());
  EXPECT_TRUE(absl::IsDataLoss(reader->GetTrial(1, 0, true).status()));
  ASSERT_EQ(told.size(), 1u) << "the process has to end";
  EXPECT_THAT(told[0].message(), HasSubstr("table measurement"));
  const absl::Status parameter = reader->GetTrial(2, 0, false).status();
  EXPECT_TRUE(absl::IsDataLoss(parameter)) << parameter;
  EXPECT_THAT(parameter.message(),
              HasSubstr("table trial_parameter, row of trial_id 2, name optimizer"));
  EXPECT_TRUE(absl::IsDataLoss(store->ReadMetric(1, 1, "loss").status()));
  EXPECT_TRUE(absl::IsDataLoss(store->Apply({}, kFilledCommits + 1)));
  store.reset();
  store = SqliteStore::Open(path()).value();
  EXPECT_TRUE(absl::IsDataLoss(store->FindRequest("client", 3).status()));
  store.reset();
  store = SqliteStore::Open(path()).value();
  EXPECT_TRUE(absl::IsDataLoss(store->Load().status()));
}

TEST_F(DamageTest, CountersAreCheckedAgainstRows) {
  FilledStore(path());
  ASSERT_NO_FATAL_FAILURE(Edit("UPDATE trial_count SET count = 7 WHERE state = 'RUNNING'"));
  EXPECT_THAT(Damage(),
              ElementsAre(HasSubstr("study 1 has 1 trials that are RUNNING, but 7 are counted")));
}

TEST_F(DamageTest, AMissingRowIsReported) {
  FilledStore(path());
  ASSERT_NO_FATAL_FAILURE(Edit("DELETE FROM trial WHERE id = 3"));
  EXPECT_THAT(Damage(), AllOf(Contains(HasSubstr("table attempt: a row is of a row of trial")),
                              Contains(HasSubstr("0 trials that are RUNNING, but 1 are counted"))));
}

TEST_F(DamageTest, AnEditedSchemaIsRefusedButAnAddedIndexIsNot) {
  FilledStore(path());
  Ask(path(), "CREATE INDEX mine ON attempt (worker)");
  EXPECT_THAT(Damage(), IsEmpty());
  EXPECT_TRUE(OpenStatus().ok());
  Ask(path(), "DROP TRIGGER trial_stays_final");
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("trial_stays_final is missing")));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
}

TEST_F(DamageTest, AnEditedTriggerOrAnotherTableIsRefused) {
  FilledStore(path());
  const std::string whole = ReadFile(database());
  Ask(path(),
      "DROP TRIGGER trial_outcome_stays; CREATE TRIGGER trial_outcome_stays BEFORE DELETE ON "
      "trial_outcome BEGIN SELECT 1; END");
  EXPECT_THAT(Damage(),
              ElementsAre(HasSubstr("trial_outcome_stays is not what this Caviar makes")));
  EXPECT_THAT(OpenStatus().message(), HasSubstr("trial_outcome_stays is not what"));
  WriteFile(database(), whole);
  Ask(path(), "DROP TABLE late_measurement");
  EXPECT_THAT(Damage(), Contains(HasSubstr("late_measurement is missing")));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
}

// All rows are whole, and are found by a scan; by the index one is not.
TEST_F(DamageTest, AnIndexThatDoesNotFitItsTableIsRefused) {
  FilledStore(path());
  int64_t page = 0;
  ASSERT_TRUE(absl::SimpleAtoi(
      Ask(path(), "SELECT rootpage FROM sqlite_schema WHERE name = 'trial_by_commit'"), &page));
  std::string bytes = ReadFile(database());
  // The end of the entry that was written first, which is a trial's id.
  bytes[static_cast<size_t>(page) * 4096 - 1] ^= 1;
  WriteFile(database(), bytes);
  EXPECT_THAT(Damage(), Contains(AllOf(HasSubstr("structure: "), HasSubstr("trial_by_commit"))));
  const absl::Status status = OpenStatus();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("is damaged: "), HasSubstr("trial_by_commit"),
                                      HasSubstr("restore a backup")));
}

TEST_F(DamageTest, TheCheckChangesNothing) {
  auto store = FilledStore(path());
  const auto put_back = Remember();
  store.reset();
  put_back();
  const std::string file = ReadFile(database()), log = ReadFile(database() + "-wal"),
                    note = ReadFile(path() + "/highwater");
  EXPECT_THAT(Damage(), IsEmpty());
  EXPECT_EQ(ReadFile(database()), file);
  EXPECT_EQ(ReadFile(database() + "-wal"), log) << "what the log holds stays to be looked at";
  EXPECT_EQ(ReadFile(path() + "/highwater"), note);
}

TEST_F(DamageTest, FilesAreCheckedAgainstTheirRows) {
  FilledStore(path());
  const std::string file = path() + "/artifacts/1/1/1-weights-5.bin";
  for (const std::string wrong : {"weighty", "weight", "weights and more", ""}) {
    WriteFile(file, wrong);
    EXPECT_EQ(Damage().size(), 1) << wrong;
  }
  WriteFile(file, "weighty");
  EXPECT_THAT(Damage(), ElementsAre(AllOf(HasSubstr("1-weights-5.bin is missing, or is not"),
                                          HasSubstr("restore a backup"))));
  fs::remove_all(path() + "/artifacts");
  EXPECT_EQ(Damage().size(), 2);
}

TEST_F(DamageTest, ACodeArchiveIsCheckedAgainstItsStudy) {
  auto store = FilledStore(path());
  StudyRow study = SampleStudy(3, "c");
  v1::CodeArchive& code =
      *study.definition.mutable_trainer()->mutable_command()->mutable_code()->mutable_archive();
  code.set_sha256(std::string(64, 'a'));
  code.set_size(4);
  code.set_crc32(Crc32("code"));
  ASSERT_TRUE(store->Apply({study, CountersRow{4, 4, 3}}, kFilledCommits + 1).ok());
  store.reset();
  const std::string file = CodeFile(code.sha256());
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr(file + " is missing, or is not the 4 bytes")));
  ArtifactStore files = ArtifactStore::Open(path()).value();
  ASSERT_TRUE(files.Write(file, 0, "code").ok());
  ASSERT_TRUE(files.Commit(file, 4, Crc32("code")).ok());
  EXPECT_THAT(Damage(), IsEmpty());
  WriteFile(absl::StrCat(path(), "/", file), "cope");
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr(file)));
}

TEST_F(DamageTest, TheCheckSaysWhoseDatabaseItIs) {
  FilledStore(path());
  const std::string whole = ReadFile(database());
  Ask(path(), "PRAGMA application_id = 7");
  EXPECT_THAT(CheckStore(path()).status().message(), HasSubstr("is another program's database"));
  WriteFile(database(), whole);
  Ask(path(), "PRAGMA user_version = 1000");
  EXPECT_THAT(CheckStore(path()).status().message(), HasSubstr("was written by a newer Caviar"));
  WriteFile(database(), whole);
  Ask(path(), "PRAGMA user_version = -1");
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("its schema has version -1, which there is not")));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus())) << OpenStatus();
  WriteFile(database(), std::string(10'000, 'x'));
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("is not a database, or is damaged")));
}

// https://www.sqlite.org/fileformat2.html#the_database_header
TEST_F(DamageTest, AFormatOfSqlitesThatThereIsNotIsRefused) {
  FilledStore(path());
  const std::string whole = ReadFile(database());
  const auto with = [&](size_t at, char value) {
    std::string damaged = whole;
    damaged[at] = value;
    WriteFile(database(), damaged);
  };
  with(47, 5);  // the schema's format number
  EXPECT_THAT(Damage(), ElementsAre(HasSubstr("is not a database, or is damaged")));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus())) << OpenStatus();
  with(18, 3);  // the version needed to write
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenStatus())) << OpenStatus();
  EXPECT_THAT(OpenStatus().message(), HasSubstr("can be read but not written"));
}

TEST_F(DamageTest, TheCheckIsNotForAServingStore) {
  const auto store = FilledStore(path());
  const absl::Status status = CheckStore(path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("in use by another coordinator"));
}

TEST_F(DamageTest, TheCheckMakesNothing) {
  const absl::Status none = CheckStore(path() + "/none").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(none)) << none;
  EXPECT_THAT(none.message(), HasSubstr("is it the right data directory?"));
  EXPECT_FALSE(fs::exists(path() + "/none"));
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckStore(path()).status()));
  EXPECT_FALSE(fs::exists(database()));
}

TEST_F(DamageTest, ALostLogIsRefusedUntilTheLossIsAccepted) {
  auto store = FilledStore(path());
  const int64_t epoch = store->Load()->store_epoch;
  const auto put_back = Remember();
  store.reset();
  put_back();
  ASSERT_TRUE(OpenStatus().ok()) << "the log has it all";
  put_back();
  const std::string log = ReadFile(database() + "-wal");
  // Cut within the fourth of five commits, and gone.
  for (const size_t size : {log.size() / 2, size_t{0}}) {
    put_back();
    fs::resize_file(database() + "-wal", size);
    const absl::Status status = OpenStatus();
    // Of the first commit's log not even the tables were left.
    ASSERT_FALSE(status.ok());
    ASSERT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), AllOf(HasSubstr("5"), HasSubstr("--accept-data-loss")));
    EXPECT_THAT(Damage(), Contains(HasSubstr("--accept-data-loss")));
  }
  SqliteOptions accept;
  accept.accept_data_loss = true;
  store = SqliteStore::Open(path(), accept).value();
  const Snapshot snapshot = store->Load().value();
  EXPECT_LT(snapshot.commit, kFilledCommits);
  EXPECT_NE(snapshot.store_epoch, epoch) << "tokens of lost commits must not be issued again";
  EXPECT_TRUE(store->Apply({}, snapshot.commit + 1).ok());
  store.reset();
  EXPECT_TRUE(OpenStatus().ok()) << "once is enough";
  EXPECT_EQ(SqliteStore::Open(path(), accept).value()->Load()->store_epoch, snapshot.store_epoch)
      << "where nothing is lost, nothing is accepted";
}

TEST_F(DamageTest, AnOlderCopyIsRefusedAndSaysHowFarItIsBehind) {
  FilledStore(path());
  const std::string old = ReadFile(database());
  {
    auto store = SqliteStore::Open(path()).value();
    for (int64_t commit = 6; commit <= 9; ++commit) ASSERT_TRUE(store->Apply({}, commit).ok());
  }
  WriteFile(database(), old);
  const absl::Status status = OpenStatus();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(status.message(), AllOf(HasSubstr("at commit 5, but commit 9 was acknowledged"),
                                      HasSubstr("4 commits are gone"),
                                      HasSubstr("restore a backup into another data directory")));
  EXPECT_EQ(ReadFile(database()), old) << "nothing was changed";
}

TEST_F(DamageTest, ADatabaseWithoutItsOwnNoteIsRefused) {
  TemporaryFolder other;
  FilledStore(other.path());
  FilledStore(path());
  const std::string note = ReadFile(path() + "/highwater");
  fs::remove(path() + "/highwater");
  EXPECT_THAT(OpenStatus().message(),
              AllOf(HasSubstr("highwater is missing"), HasSubstr("copied alone"),
                    HasSubstr("--accept-data-loss")));
  WriteFile(path() + "/highwater", note.substr(0, note.size() - 4));
  EXPECT_THAT(OpenStatus().message(), HasSubstr("highwater is damaged"));
  WriteFile(path() + "/highwater", ReadFile(other.path() + "/highwater"));
  EXPECT_THAT(OpenStatus().message(), HasSubstr("is not the one that"));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
  WriteFile(path() + "/highwater", note);
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(DamageTest, TheNoteFollowsWithinAMomentWhileItServes) {
  auto store = SqliteStore::Open(path()).value();
  const std::string before = ReadFile(path() + "/highwater");
  ASSERT_FALSE(before.empty());
  ASSERT_TRUE(store->Apply({SampleStudy(1, "a")}, 1).ok());
  while (ReadFile(path() + "/highwater") == before) std::this_thread::yield();
  EXPECT_THAT(ReadFile(path() + "/highwater"), HasSubstr(" 1 "));
}

}  // namespace
}  // namespace caviar::storage
