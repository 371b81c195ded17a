#include "server/coordinator/copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/restore.h"
#include "storage/sqlite_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

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
            .on_copy = [this](const absl::Status& status) { told_.push_back(status.ToString()); }};
  }
  int64_t RestoredCommit() {
    const auto contents = storage::Restore(file(), directory_.path() + "/restored");
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents.ok() ? contents->commit : -1;
  }

  const storage::TemporaryFolder directory_;
  std::unique_ptr<storage::SqliteStore> store_;
  std::atomic<int64_t> commit_ = 0;
  Backups backups_{[this] { return storage::Backup::Take(data()); }};
  std::vector<std::string> told_;  // the copies' thread's
};

TEST_F(CopiesTest, TheLastOneHoldsAllThatWasCommitted) {
  Commit();
  {
    const Copies copies(backups_, CopyOptions());
    Commit();
  }
  EXPECT_EQ(RestoredCommit(), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1) << "no part is left";
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

}  // namespace
}  // namespace caviar::coordinator
