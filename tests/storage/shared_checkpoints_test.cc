#include "storage/shared_checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class SharedCheckpointsTest : public testing::Test {
 protected:
  void Make(const std::string& name) {
    fs::create_directories(trial_ / name / "inner");
    std::ofstream(trial_ / name / "inner/weights") << "x";
  }
  std::set<std::string> Names() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(trial_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  TemporaryFolder folder_;
  const fs::path trial_ = fs::path(folder_.path()) / "s" / "7";
  SharedCheckpoints checkpoints_ = {folder_.path(), "s", 7, {}};
};

TEST_F(SharedCheckpointsTest, OnlyWhatIsNamedStaysAndWhatIsNoCheckpoint) {
  for (const char* name : {"1-step-2", "1-step-3", "2-step-3", ".2-step-4", "notes", "1-step-03"}) {
    Make(name);
  }
  checkpoints_.keep = {{1, 3}, {2, 4}};
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok());
  EXPECT_THAT(Names(), ElementsAre("1-step-03", "1-step-3", "notes"));
}

TEST_F(SharedCheckpointsTest, WhenNothingIsLeftTheFolderGoesToo) {
  Make("1-step-2");
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok());
  EXPECT_FALSE(fs::exists(trial_));
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok()) << "repeating is no error";
  checkpoints_.store = folder_.path() + "/none";
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok()) << "this machine does not see it";
}

TEST_F(SharedCheckpointsTest, LinksAreRemovedAndNotWhatTheyLeadTo) {
  const fs::path precious = fs::path(folder_.path()) / "precious";
  fs::create_directories(precious);
  std::ofstream(precious / "file") << "x";
  fs::create_directories(trial_);
  fs::create_symlink(precious, trial_ / "1-step-1");
  Make("1-step-2");
  fs::create_symlink(precious, trial_ / "1-step-2" / "link");
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok());
  EXPECT_TRUE(fs::exists(precious / "file"));
  fs::create_symlink(precious, trial_);
  Make("1-step-3");
  EXPECT_TRUE(RemoveOthers(checkpoints_).ok());
  EXPECT_TRUE(fs::exists(precious / "1-step-3")) << "a trial's folder is no link";
}

}  // namespace
}  // namespace caviar::storage
