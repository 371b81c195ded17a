#include "worker/agent/code_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "caviar/v1/sha256.h"
#include "tests/storage/no_room.h"
#include "tests/worker/agent/read_file.h"

namespace caviar::agent {
namespace {

using testing::HasSubstr;

bool Never() { return false; }

class CodeCacheTest : public testing::Test {
 protected:
  CodeCacheTest() {
    std::string folder = testing::TempDir() + "/code_cache_XXXXXX";
    parent_ = mkdtemp(folder.data());
  }
  ~CodeCacheTest() override { std::filesystem::remove_all(parent_); }

  std::string Folder() const { return parent_ + "/code"; }
  // Gets these bytes, and counts how often they are fetched.
  absl::StatusOr<CodeCache::File> Get(CodeCache& cache, const std::string& bytes) {
    return cache.Get(
        vocabulary::Sha256(bytes),
        [&]() -> absl::StatusOr<std::string> {
          ++fetched_;
          return bytes;
        },
        Never);
  }

  std::string parent_;
  std::atomic<int> fetched_ = 0;
};

TEST_F(CodeCacheTest, FetchesOnceAndKeepsIt) {
  CodeCache cache(Folder());
  EXPECT_EQ(ReadFile((*Get(cache, "one"))->path()), "one");
  EXPECT_EQ(ReadFile((*Get(cache, "two"))->path()), "two");
  EXPECT_EQ(ReadFile((*Get(cache, "one"))->path()), "one");
  EXPECT_EQ(fetched_, 2);
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    EXPECT_EQ(entry.path().extension(), "") << "nothing that is not whole";
  }
}

TEST_F(CodeCacheTest, OthersWaitForTheOneThatFetches) {
  CodeCache cache(Folder());
  const std::string hash = vocabulary::Sha256("code");
  std::atomic<bool> fetching = false, other_waits = false;
  std::thread first([&] {
    const auto file = cache.Get(
        hash,
        [&]() -> absl::StatusOr<std::string> {
          fetching = true;
          while (!other_waits) std::this_thread::yield();
          return std::string("code");
        },
        Never);
    EXPECT_EQ(ReadFile((*file)->path()), "code");
  });
  while (!fetching) std::this_thread::yield();
  const auto file = cache.Get(
      hash,
      []() -> absl::StatusOr<std::string> {
        ADD_FAILURE() << "it is being fetched";
        return std::string("code");
      },
      [&] {
        other_waits = true;
        return false;
      });
  EXPECT_EQ(ReadFile((*file)->path()), "code");
  first.join();
}

TEST_F(CodeCacheTest, WhereOneFailsTheNextFetches) {
  CodeCache cache(Folder());
  const std::string hash = vocabulary::Sha256("code");
  std::atomic<bool> fetching = false, other_waits = false;
  std::thread first([&] {
    const auto file = cache.Get(
        hash,
        [&]() -> absl::StatusOr<std::string> {
          fetching = true;
          while (!other_waits) std::this_thread::yield();
          return absl::CancelledError("its lease is lost");
        },
        Never);
    EXPECT_TRUE(absl::IsCancelled(file.status()));
  });
  while (!fetching) std::this_thread::yield();
  const auto file = cache.Get(
      hash, []() -> absl::StatusOr<std::string> { return std::string("code"); },
      [&] {
        other_waits = true;
        return false;
      });
  EXPECT_EQ(ReadFile((*file)->path()), "code");
  first.join();
}

TEST_F(CodeCacheTest, WhoWaitsMayGiveUp) {
  CodeCache cache(Folder());
  const std::string hash = vocabulary::Sha256("code");
  const auto fetch = [&]() -> absl::StatusOr<std::string> {
    // Another slot, while this one fetches.
    EXPECT_TRUE(absl::IsCancelled(cache.Get(hash, nullptr, [] { return true; }).status()));
    return std::string("code");
  };
  EXPECT_TRUE(cache.Get(hash, fetch, Never).ok());
}

TEST_F(CodeCacheTest, WhatWasNotUsedForLongestGoesAndNothingThatIsInUse) {
  CodeCache cache(Folder(), /*max_bytes=*/8);
  const std::string one = (*Get(cache, "one!"))->path();
  const CodeCache::File two = *Get(cache, "two!");
  Get(cache, "one!").IgnoreError();
  Get(cache, "3333").IgnoreError();
  EXPECT_TRUE(std::filesystem::exists(one));
  EXPECT_EQ(ReadFile(two->path()), "two!") << "it is in use";
  EXPECT_EQ(fetched_, 3);
  Get(cache, "two!").IgnoreError();
  EXPECT_EQ(fetched_, 4) << "but forgotten";
  EXPECT_FALSE(std::filesystem::exists(one));
  const std::string large = (*Get(cache, "larger than all"))->path();
  EXPECT_TRUE(std::filesystem::exists(large));
}

TEST_F(CodeCacheTest, AFileGoesWithItsLastHolder) {
  CodeCache cache(Folder(), /*max_bytes=*/4);
  CodeCache::File one = *Get(cache, "one!");
  Get(cache, "two!").IgnoreError();
  const std::string path = one->path();
  EXPECT_TRUE(std::filesystem::exists(path));
  one.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CodeCacheTest, WhatIsNoHashIsNoFileName) {
  CodeCache cache(Folder());
  for (const std::string& hash : {std::string("../../etc/passwd"), std::string(64, '/'),
                                  std::string(63, 'a'), std::string(64, 'A')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(cache.Get(hash, nullptr, Never).status())) << hash;
  }
}

TEST_F(CodeCacheTest, SaysWhatCannotBeWritten) {
  std::ofstream(Folder()) << "in the way";
  CodeCache cache(Folder());
  const absl::Status status = Get(cache, "one").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(Folder()));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--work-dir"));
}

TEST_F(CodeCacheTest, WhatFoundNoRoomIsFetchedAgain) {
  CodeCache cache(Folder());
  {
    const storage::NoRoom full(2);
    EXPECT_TRUE(absl::IsUnavailable(Get(cache, "one").status()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(Folder()));
  EXPECT_EQ(ReadFile((*Get(cache, "one"))->path()), "one");
}

TEST_F(CodeCacheTest, AFileThatSomebodyRemovedIsFetchedAgain) {
  CodeCache cache(Folder());
  Get(cache, "one").IgnoreError();
  std::filesystem::remove_all(parent_);
  EXPECT_EQ(ReadFile((*Get(cache, "one"))->path()), "one");
  EXPECT_EQ(fetched_, 2);
}

}  // namespace
}  // namespace caviar::agent
