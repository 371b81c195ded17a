// Both forms of the Store behind one test fixture: what is promised is promised by both.
#ifndef CAVIAR_TESTS_STORAGE_STORE_FIXTURE_H_
#define CAVIAR_TESTS_STORAGE_STORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/memory_store.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_store.h"
#include "storage/store.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {

enum class Form { kSqlite, kMemory };

class StoreTest : public testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    if (GetParam() == Form::kMemory) {
      memory_ = std::make_unique<MemoryStore>();
      store_ = memory_.get();
      reader_ = memory_.get();
    } else {
      OpenSqlite();
    }
  }

  // Closes and opens the file again; a memory store stays as it is.
  void Reopen() {
    if (GetParam() == Form::kMemory) return;
    sqlite_reader_.reset();
    sqlite_.reset();
    OpenSqlite();
  }

  // Applies as the next commit.
  absl::Status Apply(const Batch& batch) {
    absl::Status status = store_->Apply(batch, commit_ + 1);
    if (status.ok()) ++commit_;
    return status;
  }
  void MustApply(const Batch& batch) {
    const absl::Status status = Apply(batch);
    ASSERT_TRUE(status.ok()) << status;
  }

  // All that is stored, as text.
  std::string Stored() {
    absl::StatusOr<Snapshot> snapshot = store_->Load();
    return snapshot.ok() ? Text(*snapshot) : snapshot.status().ToString();
  }

  Store& store() { return *store_; }
  Reader& reader() { return *reader_; }
  int64_t commit() const { return commit_; }

 private:
  void OpenSqlite() {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(folder_.path());
    ASSERT_TRUE(store.ok()) << store.status();
    sqlite_ = *std::move(store);
    absl::StatusOr<std::unique_ptr<SqliteReader>> reader = SqliteReader::Open(folder_.path());
    ASSERT_TRUE(reader.ok()) << reader.status();
    sqlite_reader_ = *std::move(reader);
    store_ = sqlite_.get();
    reader_ = sqlite_reader_.get();
  }

  TemporaryFolder folder_;
  std::unique_ptr<MemoryStore> memory_;
  std::unique_ptr<SqliteStore> sqlite_;
  std::unique_ptr<SqliteReader> sqlite_reader_;
  Store* store_ = nullptr;
  Reader* reader_ = nullptr;
  int64_t commit_ = 0;
};

inline std::string FormName(const testing::TestParamInfo<Form>& info) {
  return info.param == Form::kSqlite ? "Sqlite" : "Memory";
}

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_STORE_FIXTURE_H_
