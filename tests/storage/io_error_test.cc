// Errors of the disk, one at every operation of a commit: what is said is true.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "storage/sqlite_store.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

class IoErrorTest : public testing::Test {
 protected:
  void SetUp() override {
    FaultVfs::Register();
    Open();
    ASSERT_TRUE(
        store_->Apply({SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1)}, 1).ok());
  }
  void TearDown() override { FaultVfs::Clear(); }

  void Open(int checkpoint_frames = 1000) {
    store_.reset();
    SqliteOptions options;
    options.vfs = FaultVfs::kName;
    options.checkpoint_frames = checkpoint_frames;
    absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(folder_.path(), options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  absl::Status ApplyStep(int64_t commit) {
    Batch batch;
    for (int64_t i = 0; i < 100; ++i) {
      batch.push_back(SampleMeasurement(1, 1, "loss", commit * 100 + i, 0.5));
    }
    return store_->Apply(batch, commit);
  }
  int64_t StoredCommit() {
    absl::StatusOr<Snapshot> snapshot = store_->Load();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    if (!snapshot.ok()) return -1;
    EXPECT_EQ(store_->ReadMetric(1, 1, "loss")->size(), (snapshot->commit - 1) * 100);
    return snapshot->commit;
  }

  TemporaryFolder folder_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(IoErrorTest, AFailedSyncOfTheLogIsDataLossForEver) {
  FaultVfs::FailOnce(FaultOn::kSync, 1, SQLITE_IOERR_FSYNC, true);
  EXPECT_EQ(ApplyStep(2).code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(FaultVfs::Clear());
  EXPECT_EQ(ApplyStep(2).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_->Load().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(IoErrorTest, AFailedSyncWhileTheLogIsCopiedIsDataLossToo) {
  Open(1);
  FaultVfs::FailOnce(FaultOn::kSync, 1, SQLITE_IOERR_FSYNC, false);
  EXPECT_EQ(ApplyStep(2).code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(FaultVfs::Clear());
  EXPECT_EQ(ApplyStep(3).code(), absl::StatusCode::kDataLoss);
}

TEST_F(IoErrorTest, AFullDiskWhileTheLogIsCopiedHarmsNothing) {
  Open(1);
  FaultVfs::FailOnce(FaultOn::kWrite, 1, SQLITE_FULL, false);
  EXPECT_TRUE(ApplyStep(2).ok()) << "the log has it";
  ASSERT_TRUE(FaultVfs::Clear());
  EXPECT_TRUE(ApplyStep(3).ok());
  Open();
  EXPECT_EQ(StoredCommit(), 3);
}

TEST_F(IoErrorTest, AFullDiskIsResourceExhaustedAndTheServiceGoesOn) {
  FaultVfs::FailOnce(FaultOn::kWrite, 2, SQLITE_FULL, true);
  EXPECT_EQ(ApplyStep(2).code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(FaultVfs::Clear());
  EXPECT_EQ(StoredCommit(), 1);
  EXPECT_TRUE(ApplyStep(2).ok());
  EXPECT_EQ(StoredCommit(), 2);
}

TEST_F(IoErrorTest, ATornWriteIsUnavailableAndTheServiceGoesOn) {
  FaultVfs::FailOnce(FaultOn::kWrite, 2, SQLITE_IOERR_WRITE, true);
  EXPECT_EQ(ApplyStep(2).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(FaultVfs::Clear());
  EXPECT_EQ(StoredCommit(), 1);
  EXPECT_TRUE(ApplyStep(2).ok());
  Open();
  EXPECT_EQ(StoredCommit(), 2);
}

TEST_F(IoErrorTest, AtWhicheverOperationItFailsACommitIsThereOrNot) {
  int64_t commit = 1;
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_READ, SQLITE_IOERR_FSYNC,
                         SQLITE_IOERR_NOMEM, SQLITE_CORRUPT}) {
    bool met = true;
    for (int number = 1; met; ++number) {
      ASSERT_NO_FATAL_FAILURE(Open(number % 2 == 0 ? 1 : 1000));
      FaultVfs::FailOnce(FaultOn::kAny, number, code);
      const absl::Status status = ApplyStep(commit + 1);
      met = FaultVfs::Clear();
      if (absl::IsDataLoss(status)) {
        // Nobody knows; whoever looks again after a restart finds all of it or nothing.
        ASSERT_NO_FATAL_FAILURE(Open());
        const int64_t stored = StoredCommit();
        ASSERT_TRUE(stored == commit || stored == commit + 1) << code << " at " << number;
        commit = stored;
        continue;
      }
      if (status.ok()) ++commit;
      ASSERT_EQ(StoredCommit(), commit) << code << " at " << number << ": " << status;
      ASSERT_NO_FATAL_FAILURE(Open());
      ASSERT_EQ(StoredCommit(), commit) << code << " at " << number << ": " << status;
    }
  }
}

}  // namespace
}  // namespace caviar::storage
