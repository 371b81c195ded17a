#include "client/commands/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/storage/temporary_folder.h"

namespace caviar::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class NewFileTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  static void Put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  // How many files are in the folder, hidden ones among them.
  int64_t Count() const {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  }

  storage::TemporaryFolder folder_;
};

TEST_F(NewFileTest, IsThereAsAWholeOnceFinished) {
  auto file = NewFile::Create(Path("a"), false);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("one ").ok());
  ASSERT_TRUE((*file)->Write("two").ok());
  EXPECT_FALSE(fs::exists(Path("a")));
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(Read(Path("a")), "one two");
  file->reset();
  EXPECT_EQ(Count(), 1);
}

TEST_F(NewFileTest, LeavesNothingBehindUnfinished) {
  auto file = NewFile::Create(Path("a"), false);
  ASSERT_TRUE((*file)->Write("one").ok());
  EXPECT_EQ(Count(), 1);
  file->reset();
  EXPECT_EQ(Count(), 0);
}

TEST_F(NewFileTest, OverwritesOnlyWhereItIsToldTo) {
  Put(Path("a"), "old");
  const absl::Status refused = NewFile::Create(Path("a"), false).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(refused.message(), Path("a") + " exists already; --force overwrites it");
  auto file = NewFile::Create(Path("a"), true);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("new").ok());
  EXPECT_EQ(Read(Path("a")), "old") << "until the end";
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(Read(Path("a")), "new");
}

TEST_F(NewFileTest, DoesNotReplaceWhatSomebodyElseMadeMeanwhile) {
  auto file = NewFile::Create(Path("a"), false);
  ASSERT_TRUE((*file)->Write("mine").ok());
  Put(Path("a"), "theirs");
  EXPECT_EQ((*file)->Finish().code(), absl::StatusCode::kAlreadyExists);
  file->reset();
  EXPECT_EQ(Read(Path("a")), "theirs");
  EXPECT_EQ(Count(), 1);
}

TEST_F(NewFileTest, IsNeverPutOverAFolderOrADevice) {
  for (const std::string& path : {folder_.path(), std::string("/dev/null"), std::string("/")}) {
    const absl::Status status = NewFile::Create(path, true).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << path;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
}

TEST_F(NewFileTest, NamesThePathWhereThereIsNoSuchFolder) {
  const absl::Status status = NewFile::Create(Path("no/such/file"), false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), Path("no/such/file") + ": No such file or directory");
}

TEST_F(NewFileTest, MayStandInTheWorkingDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  auto file = NewFile::Create("a", false);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Finish().ok());
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(Path("a")));
}

TEST_F(NewFileTest, HasTheRightsThatTheUserGivesNewFiles) {
  const mode_t before = umask(027);
  auto file = NewFile::Create(Path("a"), false);
  umask(before);
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(fs::status(Path("a")).permissions(), fs::perms(0640));
}

}  // namespace
}  // namespace caviar::commands
