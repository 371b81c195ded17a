#include "worker/agent/work_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace caviar::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class WorkDirectoryTest : public testing::Test {
 protected:
  WorkDirectoryTest() {
    std::string folder = "/tmp/workdir_XXXXXX";
    parent_ = mkdtemp(folder.data());
    shared_ = absl::StrCat(parent_, "/caviar-", geteuid());
  }
  ~WorkDirectoryTest() override { fs::remove_all(parent_); }

  std::unique_ptr<WorkDirectory> Make() const {
    auto directory = WorkDirectory::Make(parent_);
    EXPECT_TRUE(directory.ok()) << directory.status();
    return directory.ok() ? *std::move(directory) : nullptr;
  }
  std::string ErrorOf(const std::string& parent) const {
    return std::string(WorkDirectory::Make(parent).status().message());
  }
  static void Fill(const std::string& path) {
    fs::create_directories(path + "/attempt/deep");
    std::ofstream(path + "/attempt/deep/file") << "text";
  }
  // The folder of a worker that was killed.
  std::string LeaveBehind(bool with_kept) const {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const std::unique_ptr<WorkDirectory> directory = Make();
      Fill(directory->path());
      if (with_kept) Fill(directory->path() + "/kept");
      const bool told = write(pipe_ends[1], directory->path().data(), directory->path().size()) > 0;
      _exit(told ? 0 : 1);
    }
    close(pipe_ends[1]);
    char path[256] = {};
    EXPECT_GT(read(pipe_ends[0], path, sizeof(path) - 1), 0);
    close(pipe_ends[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(fs::exists(path));
    return path;
  }

  std::string parent_, shared_;
};

TEST_F(WorkDirectoryTest, IsPrivateAndGoesWithItsWorker) {
  std::string path;
  {
    const auto directory = Make();
    path = directory->path();
    EXPECT_THAT(path, StartsWith(shared_ + "/"));
    for (const std::string& folder : {path, shared_}) {
      struct stat found = {};
      ASSERT_EQ(stat(folder.c_str(), &found), 0);
      EXPECT_EQ(found.st_mode & 07777, 0700u) << folder;
    }
    Fill(path);
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(shared_));
}

TEST_F(WorkDirectoryTest, WorkersLeaveTheFoldersOfOthersAlone) {
  const auto one = Make();
  Fill(one->path());
  const auto two = Make();
  EXPECT_NE(one->path(), two->path());
  EXPECT_TRUE(fs::exists(one->path() + "/attempt/deep/file"));
}

TEST_F(WorkDirectoryTest, WhatAKilledWorkerLeftBehindIsRemovedByTheNext) {
  const std::string left = LeaveBehind(/*with_kept=*/false);
  const auto directory = Make();
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(WorkDirectoryTest, WhatIsKeptForPeopleStays) {
  const std::string left = LeaveBehind(/*with_kept=*/true);
  std::string ended;
  {
    const auto directory = Make();
    ended = directory->path();
    Fill(ended);
    Fill(ended + "/kept");
  }
  for (const std::string& path : {left, ended}) {
    EXPECT_FALSE(fs::exists(path + "/attempt"));
    EXPECT_TRUE(fs::exists(path + "/kept/attempt/deep/file"));
  }
}

TEST_F(WorkDirectoryTest, OfWhatWorkersOfBeforeKeptTheNewestStays) {
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  const std::string older = LeaveBehind(true), newer = LeaveBehind(true);
  const auto keep = [&](const std::string& folder, size_t count, int from) {
    fs::remove_all(folder + "/kept");
    for (size_t i = 0; i < count; ++i) {
      const fs::path kept = absl::StrCat(folder, "/kept/", i);
      fs::create_directories(kept / "output");
      fs::last_write_time(kept, long_ago + std::chrono::seconds(from + i));
    }
  };
  keep(older, 3, 0);
  keep(newer, WorkDirectory::kMostKept, 10);
  fs::last_write_time(newer + "/kept/0", long_ago - std::chrono::hours(1));
  const auto directory = Make();
  EXPECT_FALSE(fs::exists(newer + "/kept/0"));
  EXPECT_TRUE(fs::exists(newer + "/kept/1"));
  EXPECT_TRUE(fs::exists(older + "/kept/2/output"));
  EXPECT_FALSE(fs::exists(older + "/kept/1"));
  keep(newer, WorkDirectory::kMostKept, 10);
  const auto another = Make();
  EXPECT_FALSE(fs::exists(older)) << "nothing is left of it";
}

TEST_F(WorkDirectoryTest, WhatOthersCouldTouchIsNotUsed) {
  fs::create_directory(shared_);
  chmod(shared_.c_str(), 0755);
  EXPECT_THAT(ErrorOf(parent_), HasSubstr("mode 0755"));
  fs::remove(shared_);
  fs::create_directory(parent_ + "/elsewhere");
  chmod((parent_ + "/elsewhere").c_str(), 0700);
  fs::create_symlink(parent_ + "/elsewhere", shared_);
  EXPECT_THAT(ErrorOf(parent_), HasSubstr("not a folder of this user's alone"));
}

TEST_F(WorkDirectoryTest, LeavesRoomForASocketsName) {
  EXPECT_THAT(ErrorOf(parent_ + "/" + std::string(60, 'd')), HasSubstr("at most 80"));
}

TEST_F(WorkDirectoryTest, MakesTheFolderAboveOrSaysWhyNot) {
  EXPECT_TRUE(WorkDirectory::Make(parent_ + "/a/b").ok());
  std::ofstream(parent_ + "/file") << "in the way";
  EXPECT_THAT(ErrorOf(parent_ + "/file/deeper"), HasSubstr("Not a directory"));
  EXPECT_THAT(ErrorOf(parent_ + "/file/deeper"), HasSubstr("--work-dir"));
}

}  // namespace
}  // namespace caviar::agent
