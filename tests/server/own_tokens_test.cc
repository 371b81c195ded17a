#include "server/own_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "caviar/v1/token.h"
#include "tests/storage/temporary_folder.h"

namespace caviar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

int warnings = 0;
void Warn(const absl::Status&) { ++warnings; }

class OwnTokensTest : public ::testing::Test {
 protected:
  void SetUp() override {
    warnings = 0;
    setenv("XDG_STATE_HOME", state_.c_str(), 1);
    fs::create_directory(data_);
  }
  std::vector<std::string> Find(const std::string& data) {
    const auto found = FindOwnTokens(data, Warn);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::vector<std::string>());
  }
  static void Write(const std::string& path, const std::string& token) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << token;
    chmod(path.c_str(), 0600);
  }
  static mode_t ModeOf(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }

  storage::TemporaryFolder folder_;
  const std::string state_ = folder_.path() + "/home/state";
  const std::string data_ = folder_.path() + "/data";
};

TEST_F(OwnTokensTest, TheFirstStartWritesBothForTheirOwnerOnly) {
  const auto tokens = Find(data_);
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].size(), 64u);
  EXPECT_EQ(*vocabulary::ReadTokenFile(data_ + "/token", true), tokens[0]);
  EXPECT_EQ(*vocabulary::ReadTokenFile(state_ + "/caviar/token", true), tokens[0]);
  EXPECT_EQ(ModeOf(data_ + "/token"), 0600u);
  EXPECT_EQ(ModeOf(state_ + "/caviar/token"), 0600u);
  EXPECT_EQ(ModeOf(state_ + "/caviar"), 0700u);
  EXPECT_EQ(Find(data_), tokens) << "the next start draws no other";
  EXPECT_EQ(warnings, 0);
}

TEST_F(OwnTokensTest, AUsersCoordinatorsShareOne) {
  const auto tokens = Find(data_);
  const std::string other = folder_.path() + "/other";
  fs::create_directory(other);
  EXPECT_EQ(Find(other), tokens);
}

TEST_F(OwnTokensTest, ADataDirectoryFromElsewhereKeepsItsOwnBesides) {
  Write(state_ + "/caviar/token", "users-0123456789");
  Write(data_ + "/token", "stored-0123456789");
  EXPECT_THAT(Find(data_), ElementsAre("stored-0123456789", "users-0123456789"));
}

TEST_F(OwnTokensTest, WithoutAStateFolderThereIsTheDataDirectorys) {
  setenv("XDG_STATE_HOME", "", 1);
  const char* const home = getenv("HOME");
  const std::string kept = home == nullptr ? "" : home;
  unsetenv("HOME");
  const auto tokens = Find(data_);
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(Find(data_), tokens);
  if (!kept.empty()) setenv("HOME", kept.c_str(), 1);
}

TEST_F(OwnTokensTest, OneThatOthersCanReadIsRefusedOrDoneWithout) {
  Find(data_);
  chmod((state_ + "/caviar/token").c_str(), 0644);
  EXPECT_EQ(Find(data_).size(), 1u);
  EXPECT_EQ(warnings, 1);
  chmod((data_ + "/token").c_str(), 0644);
  EXPECT_EQ(FindOwnTokens(data_, Warn).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(OwnTokensTest, TwoFirstStartsAtOnceAgree) {
  const std::string other = folder_.path() + "/other";
  fs::create_directory(other);
  std::vector<std::string> first, second;
  std::thread thread([&] { second = Find(other); });
  first = Find(data_);
  thread.join();
  EXPECT_EQ(first.back(), second.back());
}

}  // namespace
}  // namespace caviar
