#include "server/coordinator/copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "storage/restore.h"
#include "storage/sqlite_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

class CopiesTest : public testing::Test {
 protected:
  CopiesTest() : store_(*storage::SqliteStore::Open(data())) { fs::create_directory(folder()); }
  std::string data() const { return directory_.path() + "/data"; }
  std::string folder() const { return directory_.path() + "/copies"; }
  std::string file() const { return folder() + "/caviar.backup"; }
  void Commit() { ASSERT_TRUE(store_->Apply({}, ++commit_).ok()); }
  Copies::Options CopyOptions() {
    return {.folder = folder(),
            .every = absl::Hours(24),
            .newest_commit = [this] { return absl::StatusOr<int64_t>(commit_.load()); },
            .on_kept = [this](const std::string& what) { kept_.push_back(what); },
            .on_copy = [this](const absl::Status& status) { told_.push_back(status.ToString()); }};
  }
  // From its start to its end.
  void RunCoordinator() { const Copies copies(backups_, CopyOptions()); }
  // Another one, of the store in `data`.
  void RunCoordinatorOf(const std::string& data, const storage::SqliteOptions& options = {}) {
    const auto store = storage::SqliteStore::Open(data, options);
    ASSERT_TRUE(store.ok()) << store.status();
    Backups backups([&] { return storage::Backup::Take(data); });
    Copies::Options copying = CopyOptions();
    copying.newest_commit = [&] { return storage::NewestCommit(data); };
    const Copies copies(backups, copying);
  }
  // As somebody's whose download is under way.
  std::shared_ptr<storage::Backup> TakeOther() {
    std::shared_ptr<storage::Backup> other;
    absl::Notification taken;
    backups_.Take([&](absl::StatusOr<std::shared_ptr<storage::Backup>> backup) {
      EXPECT_TRUE(backup.ok()) << backup.status();
      if (backup.ok()) other = *std::move(backup);
      taken.Notify();
    });
    taken.WaitForNotification();
    return other;
  }
  // What a copy made now is kept as by another store's coordinator.
  std::string KeptName() const {
    const auto backup = storage::Backup::Take(data());
    return absl::StrCat("caviar.backup.epoch-", (*backup)->epoch(), "-commit-",
                        (*backup)->commit());
  }
  // All beside the copy and its notes.
  std::vector<std::string> Kept() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) {
      const std::string name = entry.path().filename().string();
      if (name != "caviar.backup" && name != "caviar.backup.store") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  int64_t RestoredCommit() { return RestoredCommit("caviar.backup"); }
  int64_t RestoredCommit(const std::string& name) {
    const auto contents =
        storage::Restore(folder() + "/" + name, directory_.path() + "/restored-" + name);
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents.ok() ? contents->commit : -1;
  }

  const storage::TemporaryFolder directory_;
  std::unique_ptr<storage::SqliteStore> store_;
  std::atomic<int64_t> commit_ = 0;
  Backups backups_{[this] { return storage::Backup::Take(data()); }};
  std::vector<std::string> told_, kept_;  // the copies' thread's
};

TEST_F(CopiesTest, TheLastOneHoldsAllThatWasCommitted) {
  Commit();
  {
    const Copies copies(backups_, CopyOptions());
    Commit();
  }
  EXPECT_EQ(RestoredCommit(), 2);
  EXPECT_THAT(Kept(), IsEmpty()) << "no part is left";
}

TEST_F(CopiesTest, AreNotMadeWhereNothingIsNew) {
  Commit();
  { const Copies copies(backups_, CopyOptions()); }
  EXPECT_THAT(told_, ElementsAre("OK")) << "the one at the end was the same";
}

TEST_F(CopiesTest, ThatFailLeaveTheOneBefore) {
  Commit();
  { const Copies copies(backups_, CopyOptions()); }
  fs::create_directory(file() + ".part");  // in the way
  Commit();
  { const Copies copies(backups_, CopyOptions()); }
  EXPECT_THAT(told_.back(), HasSubstr("making " + file() + ".part"));
  fs::remove(file() + ".part");
  EXPECT_EQ(RestoredCommit(), 1);
}

TEST_F(CopiesTest, ComeAfterAnotherBackupWithoutAWord) {
  Commit();
  auto other = TakeOther();
  Copies::Options options = CopyOptions();
  absl::Notification due, copied;
  options.newest_commit = [&] {
    if (!due.HasBeenNotified()) due.Notify();
    return commit_.load();
  };
  options.on_copy = [&](const absl::Status& status) {
    told_.push_back(status.ToString());
    copied.Notify();
  };
  const Copies copies(backups_, options);
  due.WaitForNotification();
  other.reset();
  copied.WaitForNotification();
  EXPECT_THAT(told_, ElementsAre("OK"));
}

TEST_F(CopiesTest, ThatWaitTooLongForAnotherBackupAreTold) {
  const auto other = TakeOther();
  Copies::Options options = CopyOptions();
  options.patience = absl::Milliseconds(50);
  absl::Notification given_up;
  options.on_copy = [&](const absl::Status& status) {
    if (given_up.HasBeenNotified()) return;
    told_.push_back(status.ToString());
    given_up.Notify();
  };
  const Copies copies(backups_, options);
  given_up.WaitForNotification();
  EXPECT_THAT(told_, ElementsAre(HasSubstr("another backup is being taken")));
}

TEST_F(CopiesTest, OfADamagedStoreAreNotMade) {
  Commit();
  { const Copies copies(backups_, CopyOptions()); }
  ASSERT_TRUE(store_->Apply({storage::StudyEndRow{1, 1, "{}", 20}}, ++commit_).ok());
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(storage::DatabaseFile(data()).c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, "UPDATE study_end SET time = 21", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  { const Copies copies(backups_, CopyOptions()); }
  EXPECT_THAT(told_.back(), HasSubstr("table study_end, row of"));
  EXPECT_EQ(RestoredCommit(), 1) << "the one before stays";
}

TEST_F(CopiesTest, NeedAFolder) {
  EXPECT_TRUE(CheckCopyFolder(folder(), data(), false).ok());
  EXPECT_THAT(CheckCopyFolder(folder() + "/no", data(), true).message(),
              HasSubstr("/no: No such file or directory; it must be a folder that is there"));
}

TEST_F(CopiesTest, AreNotReplacedByAnEmptyDatabase) {
  Commit();
  { const Copies copies(backups_, CopyOptions()); }
  EXPECT_TRUE(CheckCopyFolder(folder(), data(), false).ok());
  const std::string lost = directory_.path() + "/lost";
  EXPECT_THAT(CheckCopyFolder(folder(), lost, true).message(),
              HasSubstr("take it back with caviar-coordinator --restore " + file()));
  fs::remove(file());
  EXPECT_TRUE(CheckCopyFolder(folder(), lost, true).ok());
}

TEST_F(CopiesTest, OfAnotherStoreAreKept) {
  Commit();
  Commit();
  RunCoordinator();
  RunCoordinatorOf(directory_.path() + "/empty");
  EXPECT_THAT(Kept(), ElementsAre(KeptName()));
  EXPECT_EQ(RestoredCommit(KeptName()), 2);
  EXPECT_EQ(RestoredCommit(), 0);
  EXPECT_THAT(kept_, ElementsAre(AllOf(HasSubstr(KeptName() + " is what was found as " + file()),
                                       HasSubstr("up to commit 2, this store is of epoch "),
                                       HasSubstr("at commit 0"))));
}

TEST_F(CopiesTest, OfAnotherStoreAreToldApartAtTheSameCommit) {
  const std::string empty = directory_.path() + "/empty";
  RunCoordinator();
  RunCoordinatorOf(empty);
  RunCoordinatorOf(empty);
  fs::rename(folder() + "/" + KeptName(), file());  // both notes are the other's
  RunCoordinatorOf(empty);
  EXPECT_EQ(Kept().size(), 1);
}

TEST_F(CopiesTest, OfTheSameStoreAreReplacedAfterARestart) {
  RunCoordinator();
  Commit();
  RunCoordinator();
  RunCoordinator();
  EXPECT_THAT(Kept(), IsEmpty());
  EXPECT_EQ(RestoredCommit(), 1);
}

TEST_F(CopiesTest, AreReplacedAfterACrashThatLeftTheOneBefore) {
  Commit();
  RunCoordinator();
  fs::copy(file(), data() + ".before");
  Commit();
  RunCoordinator();
  fs::rename(data() + ".before", file());  // the new one is noted, and was not given its name
  RunCoordinator();
  EXPECT_THAT(Kept(), IsEmpty());
  EXPECT_EQ(RestoredCommit(), 2);
}

TEST_F(CopiesTest, FromBeforeThereWereNotesAreKeptOnce) {
  Commit();
  RunCoordinator();
  fs::remove(file() + ".store");
  Commit();
  RunCoordinator();
  RunCoordinator();
  ASSERT_THAT(Kept(), ElementsAre(MatchesRegex("caviar.backup.from-[0-9]{8}T[0-9]{6}Z")));
  EXPECT_EQ(RestoredCommit(Kept().front()), 1);
  EXPECT_EQ(RestoredCommit(), 2);
  EXPECT_THAT(kept_, ElementsAre(HasSubstr("nothing says which store it is of")));
}

TEST_F(CopiesTest, ThatTheNotesDoNotFitAreKept) {
  RunCoordinator();
  std::ofstream(file(), std::ios::app) << "more";
  RunCoordinator();
  ASSERT_EQ(Kept().size(), 1);
  std::ofstream(file() + ".store", std::ios::app) << "more";
  RunCoordinator();
  EXPECT_EQ(Kept().size(), 2);
}

TEST_F(CopiesTest, ThatHoldMoreThanTheStoreAreKept) {
  const std::string rolled_back = directory_.path() + "/rolled_back";
  Commit();
  fs::copy(data(), rolled_back, fs::copy_options::recursive);
  Commit();
  RunCoordinator();
  const std::string kept = KeptName();
  RunCoordinatorOf(rolled_back);
  EXPECT_THAT(Kept(), ElementsAre(kept));
  EXPECT_EQ(RestoredCommit(kept), 2);
  EXPECT_EQ(RestoredCommit(), 1);
}

TEST_F(CopiesTest, AreKeptWhereTheLossOfCommitsWasAccepted) {
  const std::string rolled_back = directory_.path() + "/rolled_back";
  Commit();
  fs::copy(data(), rolled_back, fs::copy_options::recursive);
  Commit();
  RunCoordinator();
  const std::string kept = KeptName();
  fs::remove(rolled_back + "/highwater");
  storage::SqliteOptions options;
  options.accept_data_loss = true;
  RunCoordinatorOf(rolled_back, options);
  RunCoordinatorOf(rolled_back, options);
  EXPECT_THAT(Kept(), ElementsAre(kept)) << "the store's next copy is its own";
  EXPECT_EQ(RestoredCommit(kept), 2);
}

TEST_F(CopiesTest, AreKeptUnderANameThatNoOtherFileHas) {
  RunCoordinator();
  std::ofstream(folder() + "/" + KeptName()) << "another file";
  RunCoordinatorOf(directory_.path() + "/other");
  EXPECT_THAT(Kept(), ElementsAre(KeptName(), KeptName() + "-2"));
  EXPECT_EQ(fs::file_size(folder() + "/" + KeptName()), 12);
  EXPECT_EQ(RestoredCommit(KeptName() + "-2"), 0);
}

TEST_F(CopiesTest, AreKeptOnceThoughACrashCameBeforeTheNewOne) {
  RunCoordinator();
  fs::create_hard_link(file(), folder() + "/" + KeptName());
  RunCoordinatorOf(directory_.path() + "/other");
  EXPECT_THAT(Kept(), ElementsAre(KeptName()));
}

TEST_F(CopiesTest, OfASuccessorAreNotReplacedByACoordinatorThatGoesOn) {
  absl::Notification copied;
  Copies::Options options = CopyOptions();
  std::vector<std::string> told;
  options.on_copy = [&](const absl::Status& status) {
    told.push_back(status.ToString());
    if (!copied.HasBeenNotified()) copied.Notify();
  };
  const std::string first = KeptName();
  {
    const Copies copies(backups_, options);
    copied.WaitForNotification();
    RunCoordinatorOf(directory_.path() + "/successor");
    Commit();
  }
  EXPECT_THAT(told, ElementsAre("OK", HasSubstr("was replaced meanwhile, by another coordinator")));
  EXPECT_THAT(Kept(), ElementsAre(first));
  EXPECT_EQ(RestoredCommit(), 0);
}

}  // namespace
}  // namespace caviar::coordinator
