// What a restore makes outlives a power loss, and one that was cut off is begun again.
#include "storage/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/backup.h"
#include "storage/store_check.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/failing_files.h"
#include "tests/storage/filled_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kNever = 1 << 30;

class RestoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto store = FilledStore(source());
    const auto backup = Backup::Take(source()).value();
    const absl::StatusOr<std::string> all = backup->Read(1 << 30);
    ASSERT_TRUE(all.ok()) << all.status();
    WriteFile(file(), *all);
  }

  std::string source() const { return folder_.path() + "/source"; }
  std::string file() const { return folder_.path() + "/backup"; }
  std::string target() const { return folder_.path() + "/target"; }
  // Restores, and is cut at this step; whether there are as many.
  bool RestoreWithCut(int step, bool killed) {
    const CutFiles cut(step, killed);
    const absl::Status status = RestoreStatus();
    const bool whole = fs::exists(DatabaseFile(target()));
    EXPECT_TRUE(killed || status.ok() == whole) << status;
    return cut.met();
  }
  void ExpectCutOff() {
    const absl::Status status = SqliteStore::Open(target()).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("run it again with --restore"));
  }
  // A coordinator starts on it, and nothing is left of the restore.
  void ExpectWhole() {
    const auto store = SqliteStore::Open(target());
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->Load()->commit, kFilledCommits);
    EXPECT_EQ(ReadFile(target() + "/artifacts/1/1/1-weights-5.bin"), "weights");
    EXPECT_FALSE(fs::exists(target() + "/restore.part"));
  }
  absl::Status RestoreStatus() { return Restore(file(), target()).status(); }

  TemporaryFolder folder_;
};

TEST_F(RestoreTest, OneThatAPowerLossMayTakeIsNotDone) {
  const std::string deep = target() + "/a/b";
  for (const std::string& holder : {target() + "/a", target(), folder_.path()}) {
    const FailingFiles failing(FileFault::kSync, holder);
    EXPECT_FALSE(Restore(file(), deep).ok()) << holder;
    EXPECT_EQ(failing.met(), 1) << holder;
    fs::remove_all(target());
  }
  EXPECT_TRUE(Restore(file(), deep).ok());
}

TEST_F(RestoreTest, WhatCannotBeListedIsNotTakenForEmptyNorForSynced) {
  for (const std::string& ending : {target(), std::string("/restore.part/artifacts/1")}) {
    const FailingFiles failing(FileFault::kList, ending);
    const absl::Status status = RestoreStatus();
    EXPECT_THAT(std::string(status.message()), HasSubstr("listing ")) << ending;
    EXPECT_FALSE(fs::exists(DatabaseFile(target()))) << ending;
  }
}

TEST_F(RestoreTest, OneThatWasCutOffAnywhereIsBegunAgain) {
  for (const bool killed : {false, true}) {
    int step = 1;
    for (; RestoreWithCut(step, killed); ++step) {
      SCOPED_TRACE(absl::StrCat(killed ? "killed at step " : "failed at step ", step));
      const CutFiles quick(kNever, false);  // without syncs
      if (!fs::exists(DatabaseFile(target()))) {
        if (fs::exists(target() + "/restore.part")) ExpectCutOff();
        ASSERT_TRUE(RestoreStatus().ok()) << RestoreStatus();
      }
      ASSERT_NO_FATAL_FAILURE(ExpectWhole());
      fs::remove_all(target());
    }
    EXPECT_GT(step, 20) << "all that it moves, and more";
    fs::remove_all(target());
  }
}

TEST_F(RestoreTest, OneThatWasCutOffSaysAllThatItLeft) {
  for (const std::string name : {"artifacts", "restore.part"}) {
    fs::create_directories(absl::StrCat(target(), "/", name));
  }
  WriteFile(target() + "/highwater", "of another epoch");
  const std::string all = absl::StrCat("remove ", target(), "/artifacts, ", target(),
                                       "/highwater, ", target(), "/restore.part to begin");
  EXPECT_THAT(std::string(SqliteStore::Open(target()).status().message()), HasSubstr(all));
  for (const std::string name : {"artifacts", "highwater", "restore.part"}) {
    fs::remove_all(absl::StrCat(target(), "/", name));
  }
  EXPECT_TRUE(SqliteStore::Open(target()).ok());
}

TEST_F(RestoreTest, WhatIsNoRestoresStays) {
  using Names = std::vector<std::string>;
  for (const Names& names :
       {Names{"highwater"}, Names{"artifacts"}, Names{"highwater", "caviar.db", "restore.part"},
        Names{"highwater", "artifacts", "token", "restore.part"}}) {
    for (const std::string& name : names) fs::create_directories(target() + "/" + name);
    const absl::Status status = RestoreStatus();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("is not empty"));
    for (const std::string& name : names) EXPECT_TRUE(fs::exists(target() + "/" + name)) << name;
    fs::remove_all(target());
  }
}

// Else, were its database lost one day, the rest would be taken for that of a cut restore.
TEST_F(RestoreTest, AStartRemovesWhatOneLeftBesideTheDatabase) {
  ASSERT_TRUE(RestoreStatus().ok()) << RestoreStatus();
  fs::create_directory(target() + "/restore.part");
  ASSERT_NO_FATAL_FAILURE(ExpectWhole());
  fs::remove(DatabaseFile(target()));
  EXPECT_THAT(std::string(RestoreStatus().message()), HasSubstr("is not empty"));
}

TEST_F(RestoreTest, AFolderThatCannotBeReachedIsRefused) {
  fs::create_symlink(target(), target());
  const absl::Status status = RestoreStatus();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot make the data directory"));
}

}  // namespace
}  // namespace caviar::storage
