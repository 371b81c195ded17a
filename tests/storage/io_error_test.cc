// Errors of the disk at every operation, once and from then on: each is a refusal or the end of the
// store, never a wrong answer, and what was acknowledged is there when the disk is well again.
//
// CAVIAR_LONG=1 tries every operation; else the farther into the work, the more are left out, and
// more still under sanitizers.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_store.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/store_life.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

constexpr int64_t kCommits = 60;
constexpr int64_t kLived = 40;  // of them before the fault

// The operation to try after this one.
int Next(int number) {
  if (std::getenv("CAVIAR_LONG") != nullptr) return number + 1;
#if defined(__SANITIZE_ADDRESS__) || defined(CAVIAR_SANITIZE_THREAD)
  return number + 1 + number;
#else
  return number + 1 + number / 8;
#endif
}

absl::StatusOr<std::unique_ptr<SqliteStore>> OpenOn(const FaultVfs& vfs,
                                                    const TemporaryFolder& folder,
                                                    int checkpoint_frames = 1000) {
  SqliteOptions options;
  options.vfs = vfs.name();
  options.checkpoint_frames = checkpoint_frames;
  return SqliteStore::Open(folder.path(), options);
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

// After these nobody knows what the disk holds, or it seems to hold something else.
bool MayBeDataLoss(Fault fault) {
  return fault == Fault::kSync || fault == Fault::kShortRead || fault == Fault::kShm;
}

// What happens to the disk.
struct Accident {
  Fault fault;
  int number;
  bool for_ever;
};

class IoErrorTest : public testing::Test {
 protected:
  IoErrorTest() : life_(kCommits), lived_(Live()) {}

  // A disk as a kill -9 after commit kLived leaves it.
  MemoryDisk Live() {
    FaultVfs vfs;
    TemporaryFolder folder;
    auto store = OpenOn(vfs, folder, 50).value();
    for (int64_t commit = 1; commit <= kLived; ++commit) {
      const absl::Status status = store->Apply(life_.batch(commit), commit);
      EXPECT_TRUE(status.ok()) << status;
    }
    return MemoryDisk(vfs.disk());
  }

  // Calls `attempt` for every fault with accidents at operation 1, 2, ... until it returns that one
  // did not happen.
  template <typename Attempt>
  void Sweep(Attempt attempt) {
    int64_t tried = 0;
    for (const auto& [fault, name] : AllFaults()) {
      for (const bool for_ever : {false, true}) {
        bool met = true;
        for (int number = 1; met && !HasFailure(); number = Next(number)) {
          SCOPED_TRACE(absl::StrCat(name, " at operation ", number, for_ever ? " and on" : ""));
          met = attempt(Accident{fault, number, for_ever});
          ++tried;
        }
      }
    }
    std::printf("%ld faults\n", tried);
  }

  // A process that starts on what is on the disk now finds one of these commits, and goes on.
  void ExpectStored(const MemoryDisk& disk, int64_t least, int64_t most) {
    FaultVfs vfs(disk);
    TemporaryFolder folder;
    auto store = OpenOn(vfs, folder);
    ASSERT_TRUE(store.ok()) << store.status();
    const int64_t commit = (*store)->Load()->commit;
    ASSERT_GE(commit, least);
    ASSERT_LE(commit, most);
    ASSERT_EQ(Everything(**store).value(), life_.after(commit));
    const absl::Status status = (*store)->Apply(life_.batch(commit + 1), commit + 1);
    ASSERT_TRUE(status.ok()) << status;
  }

  // Opens and reads the store on `disk`, whose last commit is `commit`.
  bool TryToOpen(const MemoryDisk& disk, int64_t commit, const Accident& accident) {
    FaultVfs vfs(disk);
    TemporaryFolder folder;
    vfs.Fail(accident.fault, accident.number, accident.for_ever);
    {
      auto store = OpenOn(vfs, folder);
      if (store.ok()) {
        const absl::StatusOr<std::string> all = Everything(**store);
        if (all.ok()) {
          EXPECT_EQ(*all, life_.after(commit));
        } else {
          EXPECT_TRUE(IsRefusal(all.status()) || MayBeDataLoss(accident.fault)) << all.status();
        }
      } else {
        EXPECT_TRUE(IsRefusal(store.status()) || MayBeDataLoss(accident.fault)) << store.status();
      }
      ExpectStored(vfs.disk(), commit, commit);
    }
    const bool met = vfs.Heal();
    ExpectStored(vfs.disk(), commit, commit);  // as its end left it
    return met;
  }

  // Writes three commits.
  bool TryToCommit(int checkpoint_frames, const Accident& accident) {
    FaultVfs vfs(lived_);
    TemporaryFolder folder;
    auto store = OpenOn(vfs, folder, checkpoint_frames).value();
    vfs.Fail(accident.fault, accident.number, accident.for_ever);
    int64_t commit = kLived;
    bool met = false;
    bool broken = false;
    while (commit < kLived + 3 && !broken && !HasFailure()) {
      const absl::Status status = store->Apply(life_.batch(commit + 1), commit + 1);
      if (status.ok()) {
        ++commit;
        continue;
      }
      met = vfs.Heal() || met;
      broken = absl::IsDataLoss(status);
      if (broken) {
        EXPECT_TRUE(MayBeDataLoss(accident.fault)) << status;
        EXPECT_TRUE(absl::IsDataLoss(store->Load().status()));
        EXPECT_TRUE(absl::IsDataLoss(store->HasStudyRows(1).status()));
        EXPECT_TRUE(absl::IsDataLoss(store->Apply(life_.batch(commit + 1), commit + 1)));
        ExpectStored(vfs.disk(), commit, commit + 1);
      } else {
        EXPECT_TRUE(IsRefusal(status)) << status;
        EXPECT_EQ(Everything(*store).value(), life_.after(commit)) << "nothing was written";
        ExpectStored(vfs.disk(), commit, commit);
      }
    }
    met = vfs.Heal() || met;
    if (!broken) {
      EXPECT_EQ(Everything(*store).value(), life_.after(commit));
    }
    ExpectStored(vfs.disk(), commit, broken ? commit + 1 : commit);
    return met;
  }

  const StoreLife life_;
  const MemoryDisk lived_;
};

TEST_F(IoErrorTest, ANewStoreIsMadeOrRefused) {
  Sweep([this](const Accident& accident) { return TryToOpen(MemoryDisk(), 0, accident); });
}

TEST_F(IoErrorTest, AStoreIsOpenedAndReadOrRefused) {
  Sweep([this](const Accident& accident) { return TryToOpen(lived_, kLived, accident); });
}

TEST_F(IoErrorTest, ACommitIsWrittenOrRefusedOrTheLast) {
  Sweep([this](const Accident& accident) { return TryToCommit(1000, accident); });
}

TEST_F(IoErrorTest, ACommitThatCopiesTheLogIsWrittenOrRefusedOrTheLast) {
  Sweep([this](const Accident& accident) { return TryToCommit(1, accident); });
}

TEST_F(IoErrorTest, EachFailedSyncOfACommitIsDataLoss) {
  int number = 1;
  for (;; ++number) {
    FaultVfs vfs(lived_);
    TemporaryFolder folder;
    auto store = OpenOn(vfs, folder, 1).value();
    vfs.Fail(Fault::kSync, number);
    const absl::Status status = store->Apply(life_.batch(kLived + 1), kLived + 1);
    if (!vfs.Heal()) break;
    EXPECT_TRUE(absl::IsDataLoss(status)) << "sync " << number << ": " << status;
  }
  EXPECT_GT(number, 2) << "of the log, and of the file when the log is copied";
}

TEST_F(IoErrorTest, AFullDiskAndAUsedUpQuotaAreResourceExhausted) {
  for (const Fault fault : {Fault::kDiskFull, Fault::kOverQuota}) {
    FaultVfs vfs(lived_);
    TemporaryFolder folder;
    auto store = OpenOn(vfs, folder).value();
    vfs.Fail(fault, 1, true);
    const absl::Status status = store->Apply(life_.batch(kLived + 1), kLived + 1);
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << AllFaults().at(fault) << ": " << status;
  }
}

// SQLite has no code of its own for it.
TEST_F(IoErrorTest, ADiskOnWhichNoFileCanBeMadeIsResourceExhausted) {
  for (const Fault fault : {Fault::kDiskFull, Fault::kOverQuota}) {
    FaultVfs vfs;
    TemporaryFolder folder;
    vfs.Fail(fault, 1, true);
    const absl::Status status = OpenOn(vfs, folder).status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << AllFaults().at(fault) << ": " << status;
  }
}

TEST_F(IoErrorTest, AFullDiskWhileTheLogIsCopiedRefusesNothing) {
  FaultVfs vfs(lived_);
  TemporaryFolder folder;
  auto store = OpenOn(vfs, folder, 1).value();
  absl::Status status = absl::UnknownError("not tried");
  bool met = true;
  for (int number = 1; met && !status.ok(); ++number) {
    vfs.Fail(Fault::kDiskFull, number);
    status = store->Apply(life_.batch(kLived + 1), kLived + 1);
    met = vfs.Heal();
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
  }
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(met) << "the copying met none";
}

// As Linux has it: what a failed sync was to write can be read, also by the next process, until the
// power goes.
TEST_F(IoErrorTest, WhatAFailedSyncDroppedIsNotLostAfterARestart) {
  int failed = 0;
  for (const int checkpoint_frames : {1, 20}) {
    for (int number = 1; number < 12 && !HasFailure(); ++number) {
      SCOPED_TRACE(absl::StrCat("sync ", number, ", copied every ", checkpoint_frames));
      FaultVfs vfs(lived_);
      TemporaryFolder folder;
      auto store = OpenOn(vfs, folder, checkpoint_frames).value();
      vfs.Fail(Fault::kSync, number);
      int64_t commit = kLived;
      absl::Status status;
      while (status.ok() && commit < kLived + 8) {
        status = store->Apply(life_.batch(commit + 1), commit + 1);
        if (status.ok()) ++commit;
      }
      if (!vfs.Heal()) continue;
      ++failed;
      ASSERT_TRUE(absl::IsDataLoss(status)) << status;
      FaultVfs next(vfs.disk());
      TemporaryFolder next_folder;
      auto again = OpenOn(next, next_folder).value();
      commit = again->Load()->commit;
      for (int i = 0; i < 3; ++i, ++commit) {
        status = again->Apply(life_.batch(commit + 1), commit + 1);
        ASSERT_TRUE(status.ok()) << status;
      }
      ExpectStored(next.disk().AfterPowerLoss(0), commit, commit);
    }
  }
  EXPECT_GT(failed, 8);
}

// The commit is in the log by then: a refusal would be a lie after the next start.
TEST_F(IoErrorTest, ACommitWhoseIndexCannotGrowIsNotRefused) {
  FaultVfs vfs;
  TemporaryFolder folder;
  auto store = OpenOn(vfs, folder, 1'000'000).value();
  // A part of the index is for 4,062 pages.
  RequestRow request;
  request.client_id = "client";
  request.response = std::string(4000 * 4096, 'x');
  ASSERT_TRUE(store->Apply({request}, 1).ok());
  vfs.Fail(Fault::kShm, 1);
  int64_t commit = 1;
  absl::Status status;
  for (; status.ok() && commit < 100; commit += status.ok() ? 1 : 0) {
    status = store->Apply({SampleStudy(commit, absl::StrCat(commit))}, commit + 1);
  }
  ASSERT_TRUE(vfs.Heal());
  FaultVfs next(vfs.disk());
  TemporaryFolder next_folder;
  const int64_t stored = OpenOn(next, next_folder).value()->Load()->commit;
  EXPECT_TRUE(stored == commit || absl::IsDataLoss(status)) << stored << ", " << status;
}

}  // namespace
}  // namespace caviar::storage
