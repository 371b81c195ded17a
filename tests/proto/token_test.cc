#include "caviar/v1/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace caviar::vocabulary {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

class TokenFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "caviar-token-XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ + "/token";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& text, mode_t mode) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }

  std::string folder_, path_;
};

TEST_F(TokenFile, ItsFirstLineIsTheToken) {
  for (const char* end : {"", "\n", "\r\n", "\nmore\n"}) {
    Write(std::string(kSecret) + end, 0600);
    const auto token = ReadTokenFile(path_, true);
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(*token, kSecret);
  }
}

TEST_F(TokenFile, WhatIsNoneIsRefusedAndNotRepeated) {
  for (const std::string& text :
       {std::string(), std::string("short-secret"), std::string("has a space, and is long enough"),
        std::string(513, 'x'), std::string(20, '\x01')}) {
    Write(text, 0600);
    const absl::Status refused = ReadTokenFile(path_, true).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(path_));
    if (!text.empty()) {
      EXPECT_THAT(std::string(refused.message()), Not(HasSubstr(text)));
    }
  }
}

TEST_F(TokenFile, OneThatOthersCanReadIsUsedOnlyWhereThatIsAllowed) {
  for (const mode_t mode : {0640, 0604, 0620, 0644}) {
    Write(kSecret, mode);
    EXPECT_EQ(ReadTokenFile(path_, true).status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(ReadTokenFile(path_, false).ok());
  }
}

TEST_F(TokenFile, MissingAndOddOnes) {
  EXPECT_EQ(ReadTokenFile(path_, false).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadTokenFile(folder_, false).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ReadTokenFile(path_, false).status().code(), absl::StatusCode::kFailedPrecondition)
      << "and it does not wait for somebody to write into it";
}

TEST_F(TokenFile, TheUsersOwnIsInTheStateFolder) {
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(UserTokenFile(), "/state/caviar/token");
  setenv("XDG_STATE_HOME", "relative", 1);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(UserTokenFile(), "/home/me/.local/state/caviar/token");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(UserTokenFile(), "");
}

}  // namespace
}  // namespace caviar::vocabulary
