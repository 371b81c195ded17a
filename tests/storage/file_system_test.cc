#include "storage/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "storage/backup.h"
#include "storage/restore.h"
#include "storage/sqlite_reader.h"
#include "storage/store_check.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/filled_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FileSystem, IsANetworksOrNot) {
  EXPECT_EQ(NetworkFileSystem(0x6969), "NFS");
  EXPECT_EQ(NetworkFileSystem(0x0BD00BD0), "Lustre");
  EXPECT_EQ(NetworkFileSystem(static_cast<int32_t>(0xFF534D42)), "CIFS")
      << "f_type may be negative";
  EXPECT_EQ(NetworkFileSystem(0xEF53), "") << "ext4";
  EXPECT_EQ(NetworkFileSystem(0x01021994), "") << "tmpfs";
}

TEST(FileSystem, OfADirectoryThatIsNotThereIsThatWhichItWouldBeMadeOn) {
  const TemporaryFolder folder;
  EXPECT_TRUE(CheckFileSystem(folder.path()).ok());
  EXPECT_TRUE(CheckFileSystem(folder.path() + "/a/b").ok());
}

TEST(FileSystem, OfANetworkIsRefusedWithWhatToDo) {
  const TemporaryFolder folder;
  std::string asked;
  int64_t type = 0x6969;
  const auto stat = [&](const char* path, struct statfs* found) {
    asked = path;
    found->f_type = type;
    return 0;
  };
  const absl::Status status = CheckFileSystem(folder.path() + "/a/b", stat);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(folder.path() + "/a/b is on a network's file system (NFS)"),
                    HasSubstr("use a local disk"), HasSubstr("--network-fs")));
  EXPECT_EQ(asked, folder.path()) << "what is there already";
  type = 0xEF53;
  EXPECT_TRUE(CheckFileSystem(folder.path(), stat).ok()) << "ext4";
}

TEST(NetworkFileSystemStore, IsReadAndBackedUpByItsOwnProcessAlone) {
  const TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  { const auto filled = FilledStore(data); }
  SqliteOptions options;
  options.network_file_system = true;
  auto store = SqliteStore::Open(data, options);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Apply({}, kFilledCommits + 1).ok());

  // A shared memory file is what a network cannot hold.
  EXPECT_FALSE(std::filesystem::exists(DatabaseFile(data) + "-shm"));
  const auto reader = SqliteReader::Open(data, nullptr, kOneProcessVfs);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->ListStudies(0, 10)->front().commit, kFilledCommits + 1);
  const auto backup = Backup::Take(data, kOneProcessVfs);
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ((*backup)->commit(), kFilledCommits + 1);
  EXPECT_TRUE((*backup)->Verify().ok());
}

// While it lives, no database is opened but by a VFS that is named.
class NamedVfsOnly {
 public:
  NamedVfsOnly() : before_(sqlite3_vfs_find(nullptr)), refusing_(*before_) {
    refusing_.zName = "refusing";
    refusing_.xOpen = [](sqlite3_vfs*, const char*, sqlite3_file*, int, int*) {
      return SQLITE_CANTOPEN;
    };
    sqlite3_vfs_register(&refusing_, 1);
  }
  ~NamedVfsOnly() {
    sqlite3_vfs_unregister(&refusing_);
    sqlite3_vfs_register(before_, 1);
  }
  NamedVfsOnly(const NamedVfsOnly&) = delete;
  NamedVfsOnly& operator=(const NamedVfsOnly&) = delete;

 private:
  sqlite3_vfs* const before_;
  sqlite3_vfs refusing_;
};

TEST(NetworkFileSystemStore, SharesNoMemoryByAFileWithWhatVerifiesRestoresAndChecks) {
  const TemporaryFolder folder;
  const std::string data = folder.path() + "/data", restored = folder.path() + "/restored";
  const auto filled = FilledStore(data);
  const auto backup = Backup::Take(data, kOneProcessVfs).value();
  const NamedVfsOnly named_only;
  EXPECT_TRUE(backup->Verify().ok()) << backup->Verify();
  EXPECT_FALSE(std::filesystem::exists(data + "/backup.part/caviar.db-shm"));
  WriteFile(folder.path() + "/file", backup->Read(1 << 30).value());
  const auto contents = Restore(folder.path() + "/file", restored, kOneProcessVfs);
  ASSERT_TRUE(contents.ok()) << contents.status();
  const auto report = CheckStore(restored, kOneProcessVfs);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damage, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(DatabaseFile(restored) + "-shm"));
}

}  // namespace
}  // namespace caviar::storage
