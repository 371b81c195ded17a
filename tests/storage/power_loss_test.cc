// Power losses at every operation of a store's life: what was acknowledged is there, and all of a
// commit or nothing of it.
//
// CAVIAR_LONG=1 lives a longer life many times, each with other seeds for what is left of unsynced
// writes. Under sanitizers not every operation is tried.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_store.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/store_life.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

constexpr uint64_t kSeed = 20261127;

#if defined(__SANITIZE_ADDRESS__) || defined(CAVIAR_SANITIZE_THREAD)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Each so many operations the power fails. CAVIAR_LONG=1: each time.
int64_t Stride(int64_t stride) { return std::getenv("CAVIAR_LONG") != nullptr ? 1 : stride; }
uint64_t Rounds() { return std::getenv("CAVIAR_LONG") != nullptr ? 8 : 1; }
int64_t Commits() { return std::getenv("CAVIAR_LONG") != nullptr ? 1000 : 200; }

// The log is copied every few commits.
SqliteOptions Options(const FaultVfs& vfs, Durability durability = Durability::kFull) {
  SqliteOptions options;
  options.vfs = vfs.name();
  options.checkpoint_frames = 60;
  options.durability = durability;
  return options;
}

// SQLite's whole check of the file.
std::string IntegrityCheck(FaultVfs& vfs) {
  sqlite3* database = nullptr;
  sqlite3_open_v2("caviar.db", &database, SQLITE_OPEN_READWRITE, vfs.name().c_str());
  std::string verdict;
  const auto add = [](void* text, int, char** values, char**) {
    *static_cast<std::string*>(text) += values[0];
    return 0;
  };
  const int code = sqlite3_exec(database, "PRAGMA integrity_check", add, &verdict, nullptr);
  sqlite3_close(database);
  return code == SQLITE_OK ? verdict : sqlite3_errstr(code);
}

// Files go once this is stored.
bool TakesFilesAway(const Change& change) {
  const auto* study = std::get_if<StudyRow>(&change);
  return std::holds_alternative<EraseArtifact>(change) ||
         std::holds_alternative<EraseStudyChunk>(change) || (study != nullptr && study->deleted);
}

// A machine whose power may fail at any moment of the life that it lives.
class PowerLoss {
 public:
  PowerLoss(const StoreLife& life, Durability durability, uint64_t seed, int64_t stride)
      : life_(life), durability_(durability), seed_(seed), stride_(stride) {
    Boot(MemoryDisk());
  }

  // Lives to the end, with one clean end of the process and one kill on the way.
  void Live() {
    LiveUntil(life_.commits() / 3);
    store_.reset();
    Open();
    LiveUntil(life_.commits() * 2 / 3);
    Boot(MemoryDisk(vfs_->disk()));
    LiveUntil(life_.commits());
    store_.reset();
  }

  int64_t operations() const { return operations_; }
  // Power losses tried, and how many of them took acknowledged commits.
  int64_t losses() const { return losses_; }
  int64_t losing() const { return losing_; }

 private:
  void Boot(const MemoryDisk& disk) {
    if (vfs_ != nullptr) vfs_->SetBeforeChange(nullptr);
    store_.reset();
    folder_ = std::make_unique<TemporaryFolder>();
    vfs_ = std::make_unique<FaultVfs>(disk);
    vfs_->SetBeforeChange([this] {
      if (++operations_ % stride_ == 0) Lose(seed_ + static_cast<uint64_t>(operations_));
    });
    Open();
  }

  void Open() {
    auto store = SqliteStore::Open(folder_->path(), Options(*vfs_, durability_));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    issues_first_tokens_ = true;
  }

  void LiveUntil(int64_t commit) {
    while (acknowledged_ < commit && !testing::Test::HasFailure()) {
      const Batch& batch = life_.batch(acknowledged_ + 1);
      const absl::Status status = store_->Apply(batch, acknowledged_ + 1);
      ASSERT_TRUE(status.ok()) << status;
      ++acknowledged_;
      if (durability_ == Durability::kFull || issues_first_tokens_ ||
          std::any_of(batch.begin(), batch.end(), &TakesFilesAway)) {
        durable_ = acknowledged_;
      }
      issues_first_tokens_ = false;
    }
  }

  // The power goes now: what does the next start find?
  void Lose(uint64_t seed) {
    if (testing::Test::HasFailure()) return;
    SCOPED_TRACE(
        absl::StrCat("seed ", seed, ", operation ", operations_, ", after commit ", acknowledged_));
    ++losses_;
    FaultVfs vfs(vfs_->disk().AfterPowerLoss(seed));
    const auto log = vfs.disk().Find("caviar.db-wal");
    const auto file = vfs.disk().Find("caviar.db");
    ASSERT_TRUE(log == nullptr || log->data().empty() || (file != nullptr && !file->data().empty()))
        << "a log without its file would be refused";
    TemporaryFolder folder;
    {
      auto store = SqliteStore::Open(folder.path(), Options(vfs, durability_));
      ASSERT_TRUE(store.ok()) << store.status();
      const int64_t commit = (*store)->Load()->commit;
      ASSERT_LE(commit, acknowledged_ + 1);
      ASSERT_GE(commit, durable_);
      ASSERT_EQ(Everything(**store).value(), life_.after(commit)) << "all of a commit or nothing";
      if (commit < acknowledged_) ++losing_;
      if (commit < life_.commits()) {
        const absl::Status status = (*store)->Apply(life_.batch(commit + 1), commit + 1);
        ASSERT_TRUE(status.ok()) << status;
      }
    }
    ASSERT_EQ(IntegrityCheck(vfs), "ok");
  }

  const StoreLife& life_;
  const Durability durability_;
  const uint64_t seed_;
  const int64_t stride_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<FaultVfs> vfs_;
  std::unique_ptr<SqliteStore> store_;
  int64_t acknowledged_ = 0;
  int64_t durable_ = 0;  // the last commit that no power loss may take
  bool issues_first_tokens_ = true;
  int64_t operations_ = 0;
  int64_t losses_ = 0;
  int64_t losing_ = 0;
};

TEST(PowerLossTest, FullLosesNoAcknowledgedCommitAtAnyOperation) {
  const StoreLife life(Commits());
  for (uint64_t round = 0; round < Rounds() && !HasFailure(); ++round) {
    PowerLoss machine(life, Durability::kFull, kSeed + round, Stride(kSanitized ? 37 : 1));
    machine.Live();
    EXPECT_EQ(machine.losing(), 0);
    std::printf("full: %ld power losses in %ld operations\n", machine.losses(),
                machine.operations());
  }
}

// Or the tool proves nothing. What it loses is neither a process's first commit, with the tokens
// that it issues, nor one that takes files away.
TEST(PowerLossTest, NormalLosesCommitsButOnlyWholeOnesFromTheEnd) {
  const StoreLife life(Commits());
  PowerLoss machine(life, Durability::kNormal, kSeed, Stride(kSanitized ? 61 : 7));
  machine.Live();
  EXPECT_GT(machine.losing(), 0);
  std::printf("normal: %ld of %ld power losses took acknowledged commits\n", machine.losing(),
              machine.losses());
}

}  // namespace
}  // namespace caviar::storage
