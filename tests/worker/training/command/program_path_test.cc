#include "worker/training/command/program_path.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace {

// What the system says of all below this folder; 0: what is so.
int disk_error = 0;
constexpr char kDisk[] = "/disk/";

}  // namespace

// In place of the system's own, in all of this test program.
extern "C" int stat(const char* path, struct stat* found) noexcept {
  if (disk_error != 0 && std::string(path).find(kDisk) != std::string::npos) {
    errno = disk_error;
    return -1;
  }
  return fstatat(AT_FDCWD, path, found, 0);
}

namespace caviar::command {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ProgramPathTest : public testing::Test {
 protected:
  ProgramPathTest() {
    for (const fs::path& program : {folder_ / "disk/train", folder_ / "local/train"}) {
      fs::create_directories(program.parent_path());
      std::ofstream(program) << "#!/bin/sh\n";
      fs::permissions(program, fs::perms::owner_all);
    }
  }
  ~ProgramPathTest() override {
    disk_error = 0;
    fs::remove_all(folder_);
  }
  absl::StatusOr<std::string> Find(const std::string& program) {
    return FindProgram(
        program, absl::StrCat(folder_.string(), "/disk:", folder_.string(), "/local"), folder_);
  }

  const fs::path folder_ = absl::StrCat(testing::TempDir(), "/caviar_program_path_", getpid());
};

TEST_F(ProgramPathTest, TheFirstOfThatNameIsMeant) {
  EXPECT_EQ(*Find("train"), folder_ / "disk/train");
  EXPECT_EQ(*Find("./local/train"), folder_ / "./local/train");
  EXPECT_TRUE(absl::IsNotFound(Find("test").status()));
  fs::remove(folder_ / "disk/train");
  EXPECT_EQ(*Find("train"), folder_ / "local/train");
}

TEST_F(ProgramPathTest, ADiskThatCannotBeReadNowSaysNothingOfWhatIsThere) {
  for (const int error : {EIO, ESTALE, ENOTCONN, ETIMEDOUT}) {
    disk_error = error;
    for (const char* program : {"train", "./disk/train", "test"}) {
      const absl::Status status = Find(program).status();
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_THAT(status.message(), HasSubstr("/disk/"));
    }
  }
}

TEST_F(ProgramPathTest, AFolderThatIsNotThereOrClosedHasNoPrograms) {
  for (const int error : {ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG}) {
    disk_error = error;
    EXPECT_EQ(*Find("train"), folder_ / "local/train") << error;
    EXPECT_TRUE(absl::IsNotFound(Find("./disk/train").status())) << error;
  }
}

}  // namespace
}  // namespace caviar::command
