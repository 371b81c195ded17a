#include "server/api/token_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "caviar/v1/sha256.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::server_api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "0123456789abcdef-alice";

class TokenTableTest : public ::testing::Test {
 protected:
  absl::StatusOr<TokenTable> Read(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << text;
    chmod(path_.c_str(), mode);
    return ReadTokenTable(path_);
  }

  storage::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/tokens";
};

TEST_F(TokenTableTest, TokensAndDigestsAreFoundByTheToken) {
  const auto table =
      Read(std::string("# people\n\nalice write ") + kToken +
           "  # at head\nci  read\tsha256:" + vocabulary::Sha256("0123456789abcdef-ci") + "\r\n");
  ASSERT_TRUE(table.ok()) << table.status();
  const auto alice = table->Find(kToken);
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_EQ(alice->role, Role::kWrite);
  const auto ci = table->Find("0123456789abcdef-ci");
  ASSERT_TRUE(ci);
  EXPECT_EQ(ci->role, Role::kRead);
  EXPECT_FALSE(table->Find("0123456789abcdef-Alice"));
  EXPECT_FALSE(table->Find(""));
  EXPECT_FALSE(table->Find("sha256:" + vocabulary::Sha256("0123456789abcdef-ci")));
}

TEST_F(TokenTableTest, CertificatesAreNames) {
  const auto table = Read("node7 worker certificate\n");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->certificates().size(), 1u);
  EXPECT_EQ(table->certificates()[0].name, "node7");
  EXPECT_FALSE(table->Find("certificate")) << "the word is no token";
}

TEST_F(TokenTableTest, WhatIsWrongIsSaidByLineWithoutTheSecret) {
  const std::string secret = "s3cr3t-0123456789";
  for (const std::string& line :
       {"alice " + secret, "alice admin " + secret, "a/b read " + secret,
        "alice read short-" + secret.substr(0, 4), "alice read sha256:" + secret,
        "alice read " + secret + "\nalice write another-" + secret,
        "alice read " + secret + "\ncarl write " + secret,
        "alice read " + secret + "\ncarl write sha256:" + vocabulary::Sha256(secret),
        "alice read " + secret + " more"}) {
    const absl::Status refused = Read("bob read 0123456789abcdef-bob\n" + line).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("tokens, line "));
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("s3cr3t")));
  }
}

TEST_F(TokenTableTest, OneThatOthersCanReadIsRefused) {
  EXPECT_EQ(Read("", 0640).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read("", 0604).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadTokenTable(path_ + "-none").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Roles, AreNested) {
  for (const Right right : {Right::kRead, Right::kWrite, Right::kCommand, Right::kWork}) {
    EXPECT_TRUE(Has(Role::kAll, right));
    EXPECT_EQ(Has(Role::kWorker, right), right == Right::kWork);
    EXPECT_EQ(Has(Role::kCommand, right), right != Right::kWork);
    EXPECT_EQ(Has(Role::kWrite, right), right == Right::kRead || right == Right::kWrite);
    EXPECT_EQ(Has(Role::kRead, right), right == Right::kRead);
  }
}

}  // namespace
}  // namespace caviar::server_api
