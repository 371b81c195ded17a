// A damaged, cut, rolled back or foreign store is refused, with what is wrong and what to do; or
// what is read from it is what was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "storage/sqlite_reader.h"
#include "storage/store_check.h"
#include "storage/tables.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/filled_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
  // Runs SQL by hand past the triggers, which are the same ones afterwards.
  void Edit(const std::string& sql) {
    const std::string triggers =
        Ask(path(), "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'");
    const std::string drop = Ask(path(),
                                 "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema "
                                 "WHERE type = 'trigger'");
    ASSERT_EQ(Ask(path(), absl::StrCat("BEGIN;", drop, sql, ";", triggers, "COMMIT")), "") << sql;
  }

  TemporaryFolder folder_;
};

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

TEST_F(DamageTest, FilesAreCheckedAgainstTheirRows) {
  FilledStore(path());
  WriteFile(path() + "/artifacts/1/1/1-weights-5.bin", "weighty");
  EXPECT_THAT(Damage(), ElementsAre(AllOf(HasSubstr("1-weights-5.bin is missing, or is not"),
                                          HasSubstr("restore a backup"))));
  fs::remove_all(path() + "/artifacts");
  EXPECT_EQ(Damage().size(), 2);
}

TEST_F(DamageTest, TheCheckIsNotForAServingStore) {
  const auto store = FilledStore(path());
  const absl::Status status = CheckStore(path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("in use by another coordinator"));
}

TEST_F(DamageTest, TheCheckMakesNothing) {
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckStore(path() + "/none").status()));
  EXPECT_FALSE(fs::exists(path() + "/none"));
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckStore(path()).status()));
  EXPECT_FALSE(fs::exists(database()));
}

// The database and its log as they are now, put back by the returned function.
std::function<void()> Remember(const std::string& file) {
  return [file, database = ReadFile(file), log = ReadFile(file + "-wal")] {
    WriteFile(file, database);
    WriteFile(file + "-wal", log);
    fs::remove(file + "-shm");
  };
}

TEST_F(DamageTest, ALostLogIsRefusedUntilTheLossIsAccepted) {
  auto store = FilledStore(path());
  const int64_t epoch = store->Load()->store_epoch;
  const auto put_back = Remember(database());
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

// All that a store holds, as text; what an error says where it cannot be read.
std::string Everything(const std::string& folder) {
  std::string sql = "SELECT * FROM store; SELECT * FROM trial_count";
  for (const Table& table : kTables) absl::StrAppend(&sql, "; SELECT * FROM ", table.name);
  const std::string all = Ask(folder, sql);
  auto store = SqliteStore::Open(folder);
  if (!store.ok()) return "refused";
  const absl::StatusOr<Snapshot> snapshot = (*store)->Load();
  return all + (snapshot.ok() ? Text(*snapshot) : "refused");
}

// Flips one bit of `file`, here and there, and counts what becomes of it: refused at the start or
// by the check, or nothing at all. Anything else fails the test.
void FlipBits(const std::string& folder, const std::string& file, int flips,
              const std::function<void()>& put_back) {
  constexpr unsigned kSeed = 20260311;
  std::mt19937 random(kSeed);
  put_back();
  const std::string expected = Everything(folder);
  int refused = 0, reported = 0;
  for (int i = 0; i < flips; ++i) {
    put_back();
    std::string bytes = ReadFile(file);
    const size_t bit = std::uniform_int_distribution<size_t>(0, bytes.size() * 8 - 1)(random);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    WriteFile(file, bytes);
    const absl::StatusOr<CheckReport> report = CheckStore(folder);
    if (!report.ok() || !report->damage.empty()) {
      ++reported;
      if (!SqliteStore::Open(folder).ok()) ++refused;
      continue;
    }
    ASSERT_EQ(Everything(folder), expected)
        << "bit " << bit << " of " << file << ", seed " << kSeed;
  }
  testing::Test::RecordProperty("reported", reported);
  testing::Test::RecordProperty("refused", refused);
  std::printf("%d bits flipped: %d reported by the check, %d of these refused at the start\n",
              flips, reported, refused);
  EXPECT_GT(reported, flips / 10) << "most bits of so small a file mean nothing";
}

TEST_F(DamageTest, AFlippedBitInTheDatabaseIsReportedOrChangesNothing) {
  FilledStore(path());
  FlipBits(path(), database(), 100, Remember(database()));
}

TEST_F(DamageTest, AFlippedBitInTheLogIsReportedOrChangesNothing) {
  auto store = FilledStore(path());
  const auto put_back = Remember(database());
  store.reset();
  FlipBits(path(), database() + "-wal", 30, put_back);
}

}  // namespace
}  // namespace caviar::storage
