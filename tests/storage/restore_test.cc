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

TEST_F(RestoreTest, AFolderThatCannotBeReachedIsRefused) {
  fs::create_symlink(target(), target());
  const absl::Status status = RestoreStatus();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot make the data directory"));
}

}  // namespace
}  // namespace caviar::storage
