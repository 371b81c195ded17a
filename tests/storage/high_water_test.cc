// The note of what was acknowledged: what it is compared with, and that it is written.
#include "storage/high_water.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "storage/connection.h"
#include "storage/sqlite_store.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/failing_files.h"
#include "tests/storage/no_room.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HighWaterTest : public testing::Test {
 protected:
  const std::string& path() const { return folder_.path(); }
  std::string note() const { return path() + "/highwater"; }
  absl::Status Check(int64_t epoch, int64_t commit) {
    return CheckHighWater(path(), {epoch, commit});
  }

  TemporaryFolder folder_;
};

TEST_F(HighWaterTest, IsBehindTheStoreOrEvenWithItNeverAhead) {
  ASSERT_TRUE(WriteHighWater(path(), {7, 5}).ok());
  EXPECT_TRUE(Check(7, 5).ok());
  EXPECT_TRUE(Check(7, 6).ok());
  EXPECT_TRUE(absl::IsDataLoss(Check(7, 4)));
  EXPECT_THAT(Check(7, 4).message(), HasSubstr("1 commits are gone"));
  EXPECT_TRUE(absl::IsDataLoss(Check(8, 5)));
  EXPECT_TRUE(absl::IsDataLoss(Check(8, 6)));
}

TEST_F(HighWaterTest, OnlyANewStoreHasNone) {
  EXPECT_TRUE(Check(7, 0).ok());
  EXPECT_TRUE(absl::IsDataLoss(Check(7, 1)));
}

TEST_F(HighWaterTest, OneWithAnyOtherByteIsDamaged) {
  ASSERT_TRUE(WriteHighWater(path(), {7, 5}).ok());
  const std::string whole = ReadFile(note());
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 2}) {
      std::string text = whole;
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
      WriteFile(note(), text);
      EXPECT_TRUE(absl::IsDataLoss(Check(7, 5))) << text;
      EXPECT_THAT(Check(7, 5).message(), HasSubstr("is damaged")) << text;
    }
  }
  for (const std::string& text : {std::string(), whole + whole, whole.substr(1)}) {
    WriteFile(note(), text);
    EXPECT_TRUE(absl::IsDataLoss(Check(7, 5))) << text;
  }
}

TEST_F(HighWaterTest, OneThatCannotBeSyncedKeepsFromStarting) {
  ASSERT_TRUE(WriteHighWater(path(), {7, 5}).ok());
  const std::string before = ReadFile(note());
  const FailingFiles failing(FileFault::kSync, "/highwater.part");
  EXPECT_FALSE(WriteHighWater(path(), {7, 6}).ok());
  EXPECT_EQ(ReadFile(note()), before) << "the one from before stays";
  EXPECT_FALSE(HighWater::Start(path(), {7, 6}).ok());
  EXPECT_EQ(failing.met(), 2);
}

TEST_F(HighWaterTest, OneThatAPowerLossMayTakeKeepsFromStarting) {
  const FailingFiles failing(FileFault::kSync, path());
  EXPECT_FALSE(WriteHighWater(path(), {7, 6}).ok()) << "its name is in the folder";
  EXPECT_FALSE(HighWater::Start(path(), {7, 6}).ok());
  EXPECT_EQ(failing.met(), 2);
}

TEST_F(HighWaterTest, IsWrittenAgainWhereThatFailed) {
  auto high_water = HighWater::Start(path(), {7, 5}).value();
  {
    const FailingFiles failing(FileFault::kSync, "/highwater.part");
    high_water->Reach(6);
    failing.AwaitOne();
  }
  high_water.reset();
  EXPECT_TRUE(absl::IsDataLoss(Check(7, 5))) << "6 is noted";
  EXPECT_TRUE(Check(7, 6).ok());
}

TEST_F(HighWaterTest, AFullDiskDoesNotKeepFromStartingAndItIsWrittenOnceThereIsRoom) {
  std::unique_ptr<HighWater> high_water;
  {
    const NoRoom no_room(1);
    auto started = HighWater::Start(path(), {7, 5});
    ASSERT_TRUE(started.ok()) << started.status();
    high_water = *std::move(started);
    EXPECT_FALSE(fs::exists(note()));
  }
  high_water.reset();
  EXPECT_TRUE(absl::IsDataLoss(Check(7, 4)));
  EXPECT_TRUE(Check(7, 5).ok());
}

// With --durability normal a power loss may take what was answered since the log was synced.
class NormalHighWaterTest : public HighWaterTest {
 protected:
  NormalHighWaterTest() { options_.durability = Durability::kNormal; }

  void Open() { store_ = SqliteStore::Open(path(), options_).value(); }
  void Apply(int64_t commit) {
    ASSERT_TRUE(store_->Apply({SampleStudy(commit, absl::StrCat("s", commit))}, commit).ok());
  }
  // Both files as they are now.
  void Remember() {
    file_ = ReadFile(DatabaseFile(path()));
    log_ = ReadFile(DatabaseFile(path()) + "-wal");
  }
  // As after a power loss, when all since Remember() was in memory only.
  absl::Status OpenAsRemembered() {
    store_.reset();
    WriteFile(DatabaseFile(path()), file_);
    WriteFile(DatabaseFile(path()) + "-wal", log_);
    return SqliteStore::Open(path(), options_).status();
  }

  SqliteOptions options_;
  std::unique_ptr<SqliteStore> store_;
  std::string file_, log_;
};

TEST_F(NormalHighWaterTest, SaysNothingOfWhatAPowerLossMayTake) {
  Open();
  Apply(1);
  Remember();
  Apply(2);
  EXPECT_TRUE(OpenAsRemembered().ok()) << "what is left is whole";
}

TEST_F(NormalHighWaterTest, SaysWhatWasSyncedWithTheFirstCommitOfAProcess) {
  Open();
  Remember();
  Apply(1);
  EXPECT_TRUE(absl::IsDataLoss(OpenAsRemembered()));
}

TEST_F(NormalHighWaterTest, SaysWhatWasSyncedBecauseFilesGoAfterIt) {
  Open();
  Apply(1);
  Remember();
  ASSERT_TRUE(store_->Apply({EraseArtifact{1, 1, v1::Artifact::CHECKPOINT, 1}}, 2).ok());
  EXPECT_TRUE(absl::IsDataLoss(OpenAsRemembered()));
}

TEST_F(NormalHighWaterTest, SaysWhatWasCopied) {
  options_.checkpoint_frames = 1;
  Open();
  Apply(1);
  Remember();
  Apply(2);
  EXPECT_TRUE(absl::IsDataLoss(OpenAsRemembered()));
}

TEST_F(NormalHighWaterTest, SaysNothingOfWhatAReaderKeptFromBeingCopied) {
  options_.checkpoint_frames = 1;
  Open();
  Apply(1);
  auto reader = Connection::Open(DatabaseFile(path()), Connection::Mode::kReadOnly, "", 0).value();
  ASSERT_TRUE(reader->Execute("BEGIN").ok());
  ASSERT_TRUE(reader->ReadInteger("SELECT count(*) FROM study").ok());
  Remember();
  Apply(2);
  reader.reset();
  EXPECT_TRUE(OpenAsRemembered().ok());
}

}  // namespace
}  // namespace caviar::storage
