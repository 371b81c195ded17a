#include "storage/artifact_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "storage/beneath.h"
#include "tests/storage/failing_files.h"
#include "tests/storage/no_room.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ArtifactStoreTest : public testing::Test {
 protected:
  static constexpr char kFile[] = "artifacts/3/17/2-weights-8.bin";

  std::string PathOf(const std::string& file) const { return folder_.path() + "/" + file; }
  void Store(const std::string& file, const std::string& data) {
    ASSERT_TRUE(store_.Write(file, 0, data).ok());
    ASSERT_TRUE(store_.Commit(file, static_cast<int64_t>(data.size()), Crc32(data)).ok());
  }

  TemporaryFolder folder_;
  ArtifactStore store_ = ArtifactStore::Open(folder_.path()).value();
};

TEST(Crc32, IsZlibs) {
  EXPECT_EQ(Crc32(""), 0u);
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926u);
}

TEST_F(ArtifactStoreTest, ReadsWhatWasWrittenInChunksAndCommitted) {
  std::mt19937 random(7);
  std::string data(3'000'001, '\0');
  for (char& byte : data) byte = static_cast<char>(random());
  int64_t received = 0;
  while (received < static_cast<int64_t>(data.size())) {
    const absl::StatusOr<int64_t> now =
        store_.Write(kFile, received, absl::string_view(data).substr(received, 1 << 20));
    ASSERT_TRUE(now.ok()) << now.status();
    received = *now;
  }
  EXPECT_EQ(store_.Read(kFile, 0, 1).status().code(), absl::StatusCode::kNotFound)
      << "not before it is whole";
  ASSERT_TRUE(store_.Commit(kFile, received, Crc32(data)).ok());
  EXPECT_EQ(store_.Read(kFile, 0, received).value(), data);
  EXPECT_EQ(store_.Read(kFile, 1000, 10).value(), data.substr(1000, 10));
  EXPECT_EQ(store_.Read(kFile, received - 3, 100).value(), data.substr(data.size() - 3));
  EXPECT_EQ(store_.Read(kFile, received + 5, 100).value(), "");
  EXPECT_EQ(store_.Read(kFile, 0, int64_t{1} << 60).value(), data);
}

TEST_F(ArtifactStoreTest, TakesARepeatedChunkAndCutsWhatLiesBehind) {
  ASSERT_EQ(store_.Write(kFile, 0, "hello ").value(), 6);
  ASSERT_EQ(store_.Write(kFile, 6, "wurld").value(), 11);
  ASSERT_EQ(store_.Write(kFile, 6, "world").value(), 11);
  ASSERT_EQ(store_.Write(kFile, 11, "!!!").value(), 14);
  ASSERT_EQ(store_.Write(kFile, 11, "!").value(), 12);
  ASSERT_TRUE(store_.Commit(kFile, 12, Crc32("hello world!")).ok());
  EXPECT_EQ(store_.Read(kFile, 0, 100).value(), "hello world!");
}

TEST_F(ArtifactStoreTest, StartsAnewAtOffsetZero) {
  ASSERT_TRUE(store_.Write(kFile, 0, "an older and longer try").ok());
  Store(kFile, "new");
  EXPECT_EQ(store_.Read(kFile, 0, 100).value(), "new");
}

TEST_F(ArtifactStoreTest, SaysHowMuchIsThereWhenAnOffsetLiesPastIt) {
  absl::Status status = store_.Write(kFile, 4, "x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()), HasSubstr("only 0 bytes"));
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  status = store_.Write(kFile, 4, "x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(status.message()), HasSubstr("only 3 bytes"));
  EXPECT_EQ(store_.Write(kFile, -1, "x").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ArtifactStoreTest, ThrowsAwayWhatDoesNotMatch) {
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  EXPECT_EQ(store_.Commit(kFile, 3, Crc32("abd")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_.Write(kFile, 3, "d").status().code(), absl::StatusCode::kOutOfRange)
      << "it starts anew";
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  EXPECT_EQ(store_.Commit(kFile, 4, Crc32("abc")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_.Commit(kFile, 3, Crc32("abc")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_.Read(kFile, 0, 3).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(fs::path(PathOf(kFile)).parent_path()));
}

TEST_F(ArtifactStoreTest, ARepeatedCommitIsNoError) {
  Store(kFile, "abc");
  EXPECT_TRUE(store_.Commit(kFile, 3, Crc32("abc")).ok());
  ASSERT_TRUE(store_.Write(kFile, 0, "a").ok()) << "a late repeat of the first chunk";
  EXPECT_TRUE(store_.Commit(kFile, 3, Crc32("abc")).ok());
  EXPECT_EQ(store_.Read(kFile, 0, 100).value(), "abc");
  EXPECT_EQ(store_.Commit(kFile, 3, Crc32("abd")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_.Read(kFile, 0, 100).value(), "abc") << "what was committed stays";
}

TEST_F(ArtifactStoreTest, StoresAnEmptyFile) {
  Store(kFile, "");
  EXPECT_EQ(store_.Read(kFile, 0, 100).value(), "");
}

TEST_F(ArtifactStoreTest, GoesOnAfterItWasOpenedAgain) {
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  ArtifactStore again = ArtifactStore::Open(folder_.path()).value();
  EXPECT_EQ(again.Write(kFile, 3, "def").value(), 6);
  EXPECT_TRUE(again.Commit(kFile, 6, Crc32("abcdef")).ok());
}

TEST_F(ArtifactStoreTest, ManyFilesCanBeWrittenUnderOneUnfinishedName) {
  ASSERT_TRUE(store_.Write("artifacts/3/17/upload", 0, "a long one, given up").ok());
  for (const std::string name : {"artifacts/3/17/a", "artifacts/3/17/b"}) {
    ASSERT_TRUE(store_.Write("artifacts/3/17/upload", 0, name).ok());
    const auto commit = [&] {
      return store_.CommitAs("artifacts/3/17/upload", name, static_cast<int64_t>(name.size()),
                             Crc32(name));
    };
    ASSERT_TRUE(commit().ok());
    EXPECT_TRUE(commit().ok()) << "repeating is no error";
  }
  EXPECT_EQ(store_.Read("artifacts/3/17/a", 0, 100).value(), "artifacts/3/17/a");
  EXPECT_EQ(store_.Read("artifacts/3/17/b", 0, 100).value(), "artifacts/3/17/b");
  EXPECT_EQ(std::distance(fs::directory_iterator(PathOf("artifacts/3/17")), {}), 2);
  EXPECT_EQ(store_.CommitAs("artifacts/3/upload", "artifacts/3/17/c", 0, 0).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ArtifactStoreTest, WhatAFullDiskCutIsRemoved) {
  absl::Status status;
  {
    const NoRoom no_room(1000);
    status = store_.Write(kFile, 0, std::string(2000, 'x')).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(fs::is_empty(fs::path(PathOf(kFile)).parent_path()));
  Store(kFile, "there is room again");
}

TEST(FileError, OfAFullDiskSaysSo) {
  for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(FileError(error, "writing").code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(FileError(EIO, "writing").code(), absl::StatusCode::kUnavailable);
}

TEST_F(ArtifactStoreTest, WhatCouldNotBeSyncedIsSentAgain) {
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  {
    const FailingFiles failing(FileFault::kSync, ".2-weights-8.bin.part");
    const absl::Status status = store_.Commit(kFile, 3, Crc32("abc"));
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("send the file again from its start"));
    EXPECT_EQ(failing.met(), 1);
  }
  EXPECT_TRUE(fs::is_empty(fs::path(PathOf(kFile)).parent_path())) << "it cannot be gone on from";
  Store(kFile, "abc");
}

TEST_F(ArtifactStoreTest, AFileIsThereOnceItsFoldersAre) {
  ASSERT_TRUE(store_.Write(kFile, 0, "abc").ok());
  for (const std::string folder : {"/artifacts/3/17", "/artifacts/3", "/artifacts"}) {
    const FailingFiles failing(FileFault::kSync, folder);
    EXPECT_FALSE(store_.Commit(kFile, 3, Crc32("abc")).ok()) << folder;
    EXPECT_EQ(failing.met(), 1);
  }
  EXPECT_TRUE(store_.Commit(kFile, 3, Crc32("abc")).ok());
}

TEST_F(ArtifactStoreTest, WhatCannotBeReadIsNoAnswer) {
  Store(kFile, "abc");
  const FailingFiles failing(FileFault::kRead, "2-weights-8.bin");
  EXPECT_EQ(store_.Read(kFile, 0, 3).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_.Verify(kFile, 3, Crc32("abc")).code(), absl::StatusCode::kUnavailable);
}

TEST_F(ArtifactStoreTest, RemovesOneFile) {
  Store("artifacts/3/1/a", "x");
  Store("artifacts/3/1/b", "y");
  EXPECT_TRUE(store_.Remove("artifacts/3/1/a").ok());
  EXPECT_EQ(store_.Read("artifacts/3/1/a", 0, 1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Read("artifacts/3/1/b", 0, 1).value(), "y");
  EXPECT_TRUE(store_.Remove("artifacts/3/1/a").ok()) << "repeating is no error";
  EXPECT_TRUE(store_.Remove("artifacts/4/1/a").ok());
  EXPECT_FALSE(store_.Remove("artifacts/3/1").ok()) << "no folders";
}

TEST_F(ArtifactStoreTest, RemovesAllButWhatIsNamed) {
  Store("artifacts/3/1/a", "x");
  Store("artifacts/3/1/b", "y");
  ASSERT_TRUE(store_.Write("artifacts/3/1/a", 0, "unfinished").ok());
  EXPECT_TRUE(store_.RemoveOthers("artifacts/3/1", {"artifacts/3/1/a", "artifacts/3/1/c"}).ok());
  EXPECT_EQ(store_.Read("artifacts/3/1/a", 0, 1).value(), "x");
  EXPECT_EQ(std::distance(fs::directory_iterator(PathOf("artifacts/3/1")), {}), 1);
  EXPECT_TRUE(store_.RemoveOthers("artifacts/3/1", {"artifacts/3/10/a"}).ok());
  EXPECT_FALSE(fs::exists(PathOf("artifacts/3/1"))) << "nothing is left in it";
  EXPECT_TRUE(store_.RemoveOthers("artifacts/3/1", {}).ok()) << "repeating is no error";
}

TEST_F(ArtifactStoreTest, ASweepLeavesWhatIsNamedAndWhatIsNotOurs) {
  Store("artifacts/3/1/a", "kept");
  Store("artifacts/3/1/b", "orphan");
  Store("artifacts/3/2/a", "orphan");
  Store("artifacts/4/1/a", "kept with its folder");
  Store("artifacts/5/1/a", "of a study that is gone");
  ASSERT_TRUE(store_.Write("artifacts/3/1/c", 0, "unfinished").ok());
  fs::create_directories(PathOf("artifacts/lost+found/7"));
  std::ofstream(PathOf("artifacts/notes.txt")) << "a person's";
  TemporaryFolder outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  fs::create_directory_symlink(outside.path(), PathOf("artifacts/3/link"));
  EXPECT_TRUE(store_.Sweep({"artifacts/3/1/a", "artifacts/4"}).ok());
  std::set<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(PathOf("artifacts"))) {
    left.insert(fs::relative(entry.path(), PathOf("artifacts")));
  }
  EXPECT_EQ(left, (std::set<std::string>{"3", "3/1", "3/1/a", "4", "4/1", "4/1/a", "lost+found",
                                         "lost+found/7", "notes.txt"}));
  EXPECT_TRUE(fs::exists(outside.path() + "/secret"));
}

TEST_F(ArtifactStoreTest, RefusesHostileNames) {
  for (const std::string& name : {std::string(),
                                  std::string("artifacts"),
                                  std::string("artifacts/"),
                                  std::string("/etc/passwd"),
                                  std::string("../x"),
                                  std::string("artifacts/../caviar.db"),
                                  std::string("artifacts/.."),
                                  std::string("artifacts/."),
                                  std::string("artifacts/.hidden"),
                                  std::string("artifacts//x"),
                                  std::string("artifacts/x/"),
                                  std::string("caviar.db"),
                                  std::string("other/x"),
                                  std::string("artifacts/a\0b", 13),
                                  std::string("artifacts/a\nb"),
                                  std::string("artifacts/a b"),
                                  std::string("artifacts/%2e%2e"),
                                  std::string("artifacts/\xc3\xa4"),
                                  std::string("artifacts/a\\b"),
                                  "artifacts/" + std::string(129, 'a'),
                                  std::string("artifacts/1/2/3/4/5/6/7/8/9")}) {
    EXPECT_EQ(store_.Write(name, 0, "x").status().code(), absl::StatusCode::kInvalidArgument)
        << name;
    EXPECT_EQ(store_.Commit(name, 1, 0).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_.Read(name, 0, 1).status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_.Remove(name).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_.RemoveFolder(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(ArtifactStoreTest, FollowsNoLinks) {
  TemporaryFolder outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  fs::create_directory_symlink(outside.path(), PathOf("artifacts/link"));
  fs::create_directory(PathOf("artifacts/7"));
  fs::create_symlink(outside.path() + "/secret", PathOf("artifacts/7/file"));
  fs::create_symlink(outside.path() + "/made", PathOf("artifacts/7/.new.part"));
  EXPECT_EQ(store_.Read("artifacts/link/secret", 0, 9).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.Write("artifacts/link/x", 0, "x").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.Read("artifacts/7/file", 0, 9).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.Write("artifacts/7/new", 0, "x").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.RemoveFolder("artifacts/link").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_.RemoveFolder("artifacts/7").ok());
  EXPECT_FALSE(fs::exists(PathOf("artifacts/7")));
  EXPECT_TRUE(fs::exists(outside.path() + "/secret")) << "links are removed, not what they lead to";
  EXPECT_FALSE(fs::exists(outside.path() + "/made"));
}

TEST_F(ArtifactStoreTest, RefusesWhatIsNoPlainFile) {
  fs::create_directories(PathOf("artifacts/1/folder"));
  ASSERT_EQ(mkfifo(PathOf("artifacts/1/pipe").c_str(), 0600), 0);
  EXPECT_EQ(store_.Read("artifacts/1/folder", 0, 1).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.Read("artifacts/1/pipe", 0, 1).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Store("artifacts/1/file", "x");
  EXPECT_EQ(store_.Write("artifacts/1/file/below", 0, "x").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ArtifactStoreTest, AFileGrowsByWhatLiesBehindItsEnd) {
  const std::string file = "artifacts/3/17/2-log.txt";
  EXPECT_EQ(store_.Size(file).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Append(file, 0, "hello ").value(), 6);
  EXPECT_EQ(store_.Append(file, 2, "llo w").value(), 7);
  EXPECT_EQ(store_.Append(file, 0, "HELLO").value(), 7) << "what is there stays";
  EXPECT_EQ(store_.Append(file, 8, "x").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_.Append(file, -1, "x").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_.Size(file).value(), 7);
  EXPECT_EQ(store_.Read(file, 0, 100).value(), "hello w");
}

TEST_F(ArtifactStoreTest, RemovesWhatIsOldAndNotNamed) {
  for (const std::string name : {"old", "kept", "young", "touched"}) {
    Store("artifacts/code/" + name, "x");
  }
  const timespec times[2] = {{1'000'000, 0}, {1'000'000, 0}};
  for (const std::string name : {"old", "kept", "touched"}) {
    ASSERT_EQ(utimensat(AT_FDCWD, PathOf("artifacts/code/" + name).c_str(), times, 0), 0);
  }
  EXPECT_TRUE(store_.Touch("artifacts/code/touched").ok());
  EXPECT_EQ(store_.Touch("artifacts/code/other").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store_.RemoveOld("artifacts/code", {"artifacts/code/kept"}, absl::Hours(1)).ok());
  EXPECT_FALSE(fs::exists(PathOf("artifacts/code/old")));
  for (const std::string name : {"kept", "young", "touched"}) {
    EXPECT_TRUE(fs::exists(PathOf("artifacts/code/" + name))) << name;
  }
  EXPECT_TRUE(store_.RemoveOld("artifacts/none", {}, absl::Hours(1)).ok());
}

TEST_F(ArtifactStoreTest, RemovesAFolderWithAllInIt) {
  Store("artifacts/3/1/a", "x");
  Store("artifacts/3/2/b", "x");
  ASSERT_TRUE(store_.Write("artifacts/3/2/unfinished", 0, "x").ok());
  Store("artifacts/33/1/a", "x");
  EXPECT_TRUE(store_.RemoveFolder("artifacts/3").ok());
  EXPECT_FALSE(fs::exists(PathOf("artifacts/3")));
  EXPECT_EQ(store_.Read("artifacts/33/1/a", 0, 1).value(), "x");
  EXPECT_TRUE(store_.RemoveFolder("artifacts/3").ok()) << "repeating is no error";
  EXPECT_TRUE(store_.RemoveFolder("artifacts/4/5").ok());
}

}  // namespace
}  // namespace caviar::storage
