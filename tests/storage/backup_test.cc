// A backup is everything as of one commit, and only a whole one is taken back.
#include "storage/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/backup_format.h"
#include "storage/migration.h"
#include "storage/restore.h"
#include "storage/store_check.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/failing_files.h"
#include "tests/storage/filled_store.h"
#include "tests/storage/no_room.h"
#include "tests/storage/older_database.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class BackupTest : public testing::Test {
 protected:
  std::string source() const { return folder_.path() + "/source"; }
  std::string target() const { return folder_.path() + "/target"; }
  std::string file() const { return folder_.path() + "/backup"; }

  // What a backup that was begun reads, in small pieces.
  static std::string Rest(Backup& backup) {
    std::string all;
    for (;;) {
      const absl::StatusOr<std::string> piece = backup.Read(1000);
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) return all;
      all += *piece;
    }
  }
  // Backs `source()` up into `file()`.
  void BackUp() {
    const auto backup = Backup::Take(source());
    ASSERT_TRUE(backup.ok()) << backup.status();
    ASSERT_TRUE((*backup)->Verify().ok()) << (*backup)->Verify();
    const std::string all = Rest(**backup);
    WriteFile(file(), all);
    EXPECT_EQ((*backup)->bytes(), static_cast<int64_t>(all.size()));
    EXPECT_EQ((*backup)->crc32(), Crc32(all));
  }
  absl::Status RestoreStatus() { return Restore(file(), target()).status(); }

  TemporaryFolder folder_;
};

TEST_F(BackupTest, WhatIsTakenBackIsWhatWasThereButForTheEpoch) {
  auto store = FilledStore(source());
  ASSERT_NO_FATAL_FAILURE(BackUp());
  EXPECT_FALSE(fs::exists(source() + "/backup.part")) << "nothing is left of it";
  const auto contents = Restore(file(), target());
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->commit, kFilledCommits);
  EXPECT_EQ(contents->files, 2);
  EXPECT_EQ(contents->bytes, static_cast<int64_t>(fs::file_size(file())));
  EXPECT_THAT(CheckStore(target())->damage, IsEmpty());
  const auto restored = SqliteStore::Open(target()).value();
  const Snapshot before = store->Load().value(), after = restored->Load().value();
  EXPECT_EQ(Text(after), Text(before));
  EXPECT_NE(after.store_epoch, before.store_epoch) << "tokens from before are stale";
  EXPECT_EQ(restored->FindRequest("client", 3).value()->response, std::string("\0\xff\x01", 3));
  EXPECT_EQ(restored->ReadMetric(1, 1, "loss")->size(), 200);
  const std::string weights = "/artifacts/1/1/1-weights-4.bin";
  EXPECT_EQ(ReadFile(target() + weights), ReadFile(source() + weights));
  EXPECT_TRUE(restored->Apply({}, kFilledCommits + 1).ok());
}

TEST_F(BackupTest, EachIsOneMomentBesideAWriter) {
  auto store = FilledStore(source());
  std::atomic<bool> stop = false;
  int64_t commit = kFilledCommits;
  std::thread writer([&] {
    for (; !stop; ++commit) {
      Batch batch;
      for (int64_t i = 0; i < 20; ++i) {
        batch.push_back(SampleMeasurement(3, 1, "loss", commit * 20 + i, 0.5));
      }
      ASSERT_TRUE(store->Apply(batch, commit + 1).ok());
    }
  });
  int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    ASSERT_NO_FATAL_FAILURE(BackUp());
    fs::remove_all(target());
    const auto contents = Restore(file(), target());
    ASSERT_TRUE(contents.ok()) << contents.status();
    const auto restored = SqliteStore::Open(target()).value();
    const int64_t moment = restored->Load()->commit;
    EXPECT_EQ(contents->commit, moment);
    EXPECT_GE(moment, last);
    EXPECT_EQ(restored->ReadMetric(3, 1, "loss")->size(), (moment - kFilledCommits) * 20);
    last = moment;
  }
  stop = true;
  writer.join();
  EXPECT_GT(last, kFilledCommits) << "it wrote meanwhile";
}

TEST_F(BackupTest, FilesThatGoAwayMeanwhileAreInIt) {
  const auto store = FilledStore(source());
  auto backup = Backup::Take(source()).value();
  fs::remove_all(source() + "/artifacts");
  WriteFile(file(), Rest(*backup));
  ASSERT_TRUE(RestoreStatus().ok()) << RestoreStatus();
  EXPECT_EQ(ReadFile(target() + "/artifacts/1/1/1-weights-5.bin"), "weights");
}

TEST_F(BackupTest, ADamagedStoreGivesNone) {
  const auto store = FilledStore(source());
  WriteFile(source() + "/artifacts/1/1/1-weights-5.bin", "weighty");
  auto backup = Backup::Take(source()).value();
  EXPECT_TRUE(backup->Verify().ok());
  absl::StatusOr<std::string> piece;
  do {
    piece = backup->Read(1 << 20);
  } while (piece.ok() && !piece->empty());
  EXPECT_TRUE(absl::IsDataLoss(piece.status())) << piece.status();
  backup.reset();
  Ask(source(), "UPDATE measurement SET value = 0.99 WHERE step = 100");
  backup = Backup::Take(source()).value();
  EXPECT_TRUE(absl::IsDataLoss(backup->Verify()));
  backup.reset();
  fs::remove(source() + "/artifacts/1/1/1-weights-5.bin");
  EXPECT_TRUE(absl::IsDataLoss(Backup::Take(source()).status()));
  fs::remove_all(source() + "/artifacts");
  EXPECT_TRUE(absl::IsDataLoss(Backup::Take(source()).status()));
}

TEST_F(BackupTest, ACutOneIsRefusedAndNothingIsMade) {
  FilledStore(source());
  ASSERT_NO_FATAL_FAILURE(BackUp());
  const std::string whole = ReadFile(file());
  for (const size_t size : {whole.size() - 1, whole.size() - 4, whole.size() - 17, whole.size() / 2,
                            size_t{100}, size_t{17}, size_t{16}, size_t{3}, size_t{0}}) {
    WriteFile(file(), whole.substr(0, size));
    const absl::Status status = RestoreStatus();
    EXPECT_TRUE(absl::IsDataLoss(status)) << size << ": " << status;
    EXPECT_FALSE(fs::exists(target()));
  }
  WriteFile(file(), whole + "x");
  EXPECT_TRUE(absl::IsDataLoss(RestoreStatus()));
  WriteFile(file(), whole);
  EXPECT_TRUE(RestoreStatus().ok());
}

TEST_F(BackupTest, AFlippedBitIsAlwaysNoticed) {
  FilledStore(source());
  ASSERT_NO_FATAL_FAILURE(BackUp());
  const std::string whole = ReadFile(file());
  constexpr unsigned kSeed = 20260312;
  std::mt19937 random(kSeed);
  for (int i = 0; i < 200; ++i) {
    // The first ones in the frame of the format, which is small.
    const size_t last = i < 60 ? size_t{64 * 8} : whole.size() * 8;
    const size_t bit = std::uniform_int_distribution<size_t>(0, last - 1)(random);
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    WriteFile(file(), damaged);
    ASSERT_FALSE(RestoreStatus().ok()) << "bit " << bit << ", seed " << kSeed;
    ASSERT_FALSE(fs::exists(target()));
  }
  // The end: how many files, the commit, the checksum of all.
  for (size_t i = 1; i <= 17; ++i) {
    std::string damaged = whole;
    damaged[damaged.size() - i] = static_cast<char>(damaged[damaged.size() - i] ^ 1);
    WriteFile(file(), damaged);
    ASSERT_FALSE(RestoreStatus().ok()) << i << " bytes before the end";
    ASSERT_FALSE(fs::exists(target()));
  }
}

TEST_F(BackupTest, IsTakenBackIntoAnEmptyFolderOnly) {
  auto store = FilledStore(source());
  ASSERT_NO_FATAL_FAILURE(BackUp());
  const absl::Status in_use = Restore(file(), source()).status();
  EXPECT_THAT(in_use.message(), HasSubstr("in use by another coordinator"));
  store.reset();
  const std::string before = ReadFile(DatabaseFile(source()));
  const absl::Status full = Restore(file(), source()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(full));
  EXPECT_THAT(full.message(), HasSubstr("is not empty"));
  EXPECT_EQ(ReadFile(DatabaseFile(source())), before);
  EXPECT_TRUE(absl::IsNotFound(Restore(file() + "2", target()).status()));
}

TEST_F(BackupTest, ARestoreThatWasCutOffIsNoStore) {
  FilledStore(source());
  ASSERT_NO_FATAL_FAILURE(BackUp());
  fs::create_directories(target() + "/restore.part");
  WriteFile(target() + "/restore.part/caviar.db", "half");
  const absl::Status status = SqliteStore::Open(target()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("run it again with --restore"));
  EXPECT_TRUE(RestoreStatus().ok()) << RestoreStatus();
  EXPECT_FALSE(fs::exists(target() + "/restore.part"));
  EXPECT_TRUE(SqliteStore::Open(target()).ok());
}

// A backup with right checksums of these files.
std::string BackupOf(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string all(kBackupMagic);
  for (const auto& [name, content] : files) {
    absl::StrAppend(&all, BackupEntryHead(name, static_cast<int64_t>(content.size())), content,
                    BackupChecksum(Crc32(content)));
  }
  absl::StrAppend(&all, BackupEnd(static_cast<uint32_t>(files.size()), 1));
  return all + BackupChecksum(Crc32(all));
}

TEST_F(BackupTest, WritesNowhereElse) {
  for (const std::string name :
       {"../escaped", "/tmp/escaped", "artifacts/../../escaped", "artifacts/1/../../../escaped",
        "artifacts", "highwater", "artifacts/a\\b", "artifacts//x", "caviar.db-wal", "artifacts/.x",
        "other/x"}) {
    WriteFile(file(), BackupOf({{"caviar.db", "x"}, {name, "x"}}));
    EXPECT_TRUE(absl::IsDataLoss(RestoreStatus())) << name;
    EXPECT_FALSE(fs::exists(target())) << name;
  }
}

TEST_F(BackupTest, WithTwoFilesInOnePlaceIsRefused) {
  for (const std::string name : {"caviar.db", "artifacts/1", "artifacts/1/2"}) {
    WriteFile(file(), BackupOf({{"caviar.db", "x"}, {"artifacts/1", "x"}, {name, "x"}}));
    EXPECT_TRUE(absl::IsDataLoss(RestoreStatus())) << RestoreStatus();
    EXPECT_FALSE(fs::exists(DatabaseFile(target())));
  }
}

TEST_F(BackupTest, WhatIsInItMustBeAStore) {
  WriteFile(file(), BackupOf({{"caviar.db", "no database"}}));
  EXPECT_TRUE(absl::IsDataLoss(RestoreStatus())) << RestoreStatus();
  EXPECT_FALSE(fs::exists(DatabaseFile(target())));
}

TEST_F(BackupTest, WhatIsInItMustBeWhole) {
  FilledStore(source());
  const std::string weights4 = "artifacts/1/1/1-weights-4.bin",
                    weights5 = "artifacts/1/1/1-weights-5.bin";
  const std::pair<std::string, std::string> first = {
      weights4, ReadFile(absl::StrCat(source(), "/", weights4))};
  const std::pair<std::string, std::string> second = {weights5, "weights"};
  const std::string database = ReadFile(DatabaseFile(source()));
  ASSERT_EQ(Ask(source(), "UPDATE measurement SET value = 0.99 WHERE step = 100"), "");
  const std::string edited = ReadFile(DatabaseFile(source()));

  const auto expect_refused = [this](const std::string& backup, const std::string& words) {
    WriteFile(file(), backup);
    const absl::Status status = RestoreStatus();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_FALSE(fs::exists(DatabaseFile(target())));
    EXPECT_FALSE(fs::exists(target() + "/restore.part"));
  };
  expect_refused(BackupOf({{"caviar.db", edited}, first, second}), "table measurement, row of");
  expect_refused(BackupOf({{"caviar.db", database}, first}), "1-weights-5.bin is missing");
  expect_refused(BackupOf({{"caviar.db", database}, first, {weights5, "weighty"}}),
                 "1-weights-5.bin is missing, or is not the 7 bytes");
  WriteFile(file(), BackupOf({{"caviar.db", database}, first, second}));
  EXPECT_TRUE(RestoreStatus().ok()) << RestoreStatus();
}

TEST_F(BackupTest, WhatIsNoDatabaseOfThisCaviarIsRefused) {
  FilledStore(source());
  const std::string whole = ReadFile(DatabaseFile(source()));
  std::string newer = whole, foreign = whole;
  newer[60] = 1;    // the first byte of user_version
  foreign[68] = 0;  // the first byte of application_id
  for (const std::string& database : {newer, foreign}) {
    WriteFile(file(), BackupOf({{"caviar.db", database}}));
    EXPECT_TRUE(absl::IsFailedPrecondition(RestoreStatus())) << RestoreStatus();
    EXPECT_FALSE(fs::exists(DatabaseFile(target())));
  }
}

// Everything fits its checksum, and still it is no backup of this format.
TEST_F(BackupTest, APartThatIsNoneIsRefusedBeforeAnythingIsMade) {
  const auto sealed = [](const std::string& all) {
    return absl::StrCat(all, BackupChecksum(Crc32(all)));
  };
  const std::string head = BackupEntryHead("caviar.db", 1), end = BackupEnd(1, 1);
  const std::string entry = absl::StrCat(head, "x", BackupChecksum(Crc32("x")));
  const std::string long_name(3000, 'n');
  const std::vector<std::pair<std::string, std::string>> backups = {
      {absl::StrCat("CAVIAR BACKUP 2\n", entry, end), "is no backup of this Caviar"},
      {absl::StrCat(kBackupMagic, entry, "G", end.substr(1)), "neither a file nor the end follows"},
      {absl::StrCat(kBackupMagic, end), "does not fit the checksum at its end"},
      {absl::StrCat(kBackupMagic, BackupEnd(0, 1)), "does not fit the checksum at its end"},
      {absl::StrCat(kBackupMagic, entry, BackupEnd(2, 1)), "does not fit the checksum at its end"},
      {absl::StrCat(kBackupMagic, head, "x", BackupChecksum(Crc32("y")), end),
       "caviar.db does not fit its checksum"},
      {absl::StrCat(kBackupMagic, BackupEntryHead(long_name, 1), "x", BackupChecksum(Crc32("x")),
                    end),
       "a file's name is too long"},
  };
  for (const auto& [backup, words] : backups) {
    WriteFile(file(), sealed(backup));
    const absl::Status status = RestoreStatus();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_FALSE(fs::exists(target())) << words;
  }
}

TEST_F(BackupTest, OneForWhichThereIsNoRoomIsNone) {
  const auto store = FilledStore(source());
  {
    const NoRoom no_room(100'000);
    EXPECT_FALSE(Backup::Take(source()).ok());
  }
  EXPECT_FALSE(fs::exists(source() + "/backup.part"));
  EXPECT_TRUE(Backup::Take(source()).ok());
}

TEST_F(BackupTest, WhatCannotBeReadOrSyncedIsNoBackupAndNoStore) {
  const auto store = FilledStore(source());
  {
    auto backup = Backup::Take(source()).value();
    const FailingFiles failing(FileFault::kRead, "/backup.part/2");
    absl::StatusOr<std::string> piece;
    do {
      piece = backup->Read(1 << 20);
    } while (piece.ok() && !piece->empty());
    EXPECT_TRUE(absl::IsUnavailable(piece.status())) << piece.status();
  }
  ASSERT_NO_FATAL_FAILURE(BackUp());
  for (const std::string& ending :
       {std::string("/restore.part/caviar.db"), std::string("/1-weights-5.bin"),
        std::string("/restore.part/artifacts/1"), std::string("/restore.part"), target()}) {
    const FailingFiles failing(FileFault::kSync, ending);
    EXPECT_FALSE(RestoreStatus().ok()) << ending;
    EXPECT_GT(failing.met(), 0) << ending;
    EXPECT_FALSE(fs::exists(DatabaseFile(target()))) << ending;
  }
  EXPECT_TRUE(RestoreStatus().ok()) << RestoreStatus();
}

TEST_F(BackupTest, OneOfAnEarlierVersionIsBroughtUpToDate) {
  const TemporaryFolder older;
  ASSERT_TRUE(PlaceOlderDatabase(older.path()));
  WriteFile(file(), BackupOf({{"caviar.db", ReadFile(DatabaseFile(older.path()))}}));
  ASSERT_TRUE(RestoreStatus().ok()) << RestoreStatus();
  EXPECT_EQ(Ask(target(), "PRAGMA user_version"), absl::StrCat(NewestVersion(), "\n"));
  EXPECT_EQ(Ask(target(), "SELECT count(*) FROM trial"), "14\n");
  const auto report = CheckStore(target());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damage, IsEmpty());
}

TEST_F(BackupTest, AnEmptyDatabaseIsNone) {
  WriteFile(file(), BackupOf({{"caviar.db", ""}}));
  EXPECT_TRUE(absl::IsDataLoss(RestoreStatus())) << RestoreStatus();
  EXPECT_FALSE(fs::exists(DatabaseFile(target())));
}

TEST_F(BackupTest, AnUnfinishedOneIsRemoved) {
  FilledStore(source());
  fs::create_directories(source() + "/backup.part/deep");
  RemoveUnfinishedBackup(source());
  EXPECT_FALSE(fs::exists(source() + "/backup.part"));
}

}  // namespace
}  // namespace caviar::storage
