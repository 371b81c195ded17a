#include "client/api/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace caviar::client {
namespace {

using ::testing::HasSubstr;

constexpr char kOwn[] = "own-0123456789abcdef";
constexpr char kOther[] = "other-0123456789abcdef";
constexpr char kElsewhere[] = "10.77.0.1:7461";

class TokenSourceTest : public testing::Test {
 protected:
  TokenSourceTest() {
    std::filesystem::create_directories(folder_ + "/caviar");
    Write(folder_ + "/caviar/token", kOwn);
    setenv("XDG_STATE_HOME", folder_.c_str(), 1);
    for (const char* variable : {"CAVIAR_TOKEN", "CAVIAR_TOKEN_FILE"}) unsetenv(variable);
  }
  ~TokenSourceTest() override {
    std::filesystem::remove_all(folder_);
    for (const char* variable : {"CAVIAR_TOKEN", "XDG_STATE_HOME"}) unsetenv(variable);
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text << "\n";
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  }
  static std::string Sent(const CoordinatorAddress& address, const Credentials& credentials = {}) {
    return TokenSource(WithEnvironment(credentials), address).Get();
  }

  const std::string folder_ = absl::StrCat(testing::TempDir(), "token-source-", getpid());
};

TEST_F(TokenSourceTest, ItsOwnTokenGoesToItsOwnCoordinatorsOnly) {
  for (const char* here : {"127.0.0.1:1", "localhost:1", "[::1]:1"}) {
    EXPECT_EQ(Sent({here}), kOwn) << here;
  }
  EXPECT_EQ(Sent({kElsewhere, /*is_own=*/true}), kOwn);
  EXPECT_EQ(Sent({kElsewhere}), "") << "whoever runs that one could use it";
  EXPECT_EQ(Sent({"127.0.0.1.example.com:1"}), "");
  EXPECT_EQ(Sent({"localhost.example.com:1"}), "");
}

TEST_F(TokenSourceTest, WhoeverListensAtAnotherAddressIsNotSentItAndKeepsNobodyFromIt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(other, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(other, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(fchown(other, 65'534, 65'534), 0);
  ASSERT_EQ(listen(other, 1), 0);
  const int port = ntohs(address.sin_port);
  EXPECT_EQ(Sent({absl::StrCat("127.0.0.1:", port)}), kOwn);
  EXPECT_EQ(Sent({absl::StrCat("127.0.0.2:", port)}), "");
  close(other);
}

TEST_F(TokenSourceTest, ATokenThatIsNamedGoesWhereItIsToGo) {
  Write(folder_ + "/named", kOther);
  Credentials named;
  named.token_file = folder_ + "/named";
  EXPECT_EQ(Sent({kElsewhere}, named), kOther);
  setenv("CAVIAR_TOKEN", kOther, 1);
  EXPECT_EQ(Sent({kElsewhere}), kOther);
}

TEST_F(TokenSourceTest, WhatIsNoTokenIsNotTheUsersOwn) {
  for (const char* wrong : {"bad", "with a space in between", " "}) {
    setenv("CAVIAR_TOKEN", wrong, 1);
    EXPECT_EQ(Sent({"127.0.0.1:1"}), "") << wrong;
    EXPECT_THAT(CheckCredentials({}).message(), HasSubstr("$CAVIAR_TOKEN is no token"));
  }
}

TEST_F(TokenSourceTest, WhatIsHalfGivenIsRefusedByName) {
  Write(folder_ + "/pem", "a file");
  const auto message = [&](const std::string& authority, const std::string& certificate,
                           const std::string& key) {
    Credentials credentials;
    credentials.tls_authority = authority.empty() ? "" : folder_ + authority;
    credentials.tls_certificate = certificate.empty() ? "" : folder_ + certificate;
    credentials.tls_key = key.empty() ? "" : folder_ + key;
    return std::string(CheckCredentials(credentials).message());
  };
  EXPECT_EQ(message("/pem", "/pem", "/pem"), "");
  EXPECT_EQ(message("/pem", "", ""), "");
  EXPECT_THAT(message("/pem", "/pem", ""), HasSubstr("is given without --tls-key"));
  EXPECT_THAT(message("/pem", "", "/pem"), HasSubstr("is given without --tls-cert"));
  EXPECT_THAT(message("", "/pem", "/pem"), HasSubstr("nothing would be encrypted"));
  EXPECT_THAT(message("/none", "", ""), HasSubstr("/none cannot be read: No such file"));
  Credentials token;
  token.token_file = folder_ + "/pem";
  EXPECT_THAT(CheckCredentials(token).message(), HasSubstr("--token-file"));
  token.token_file = folder_ + "/none";
  EXPECT_TRUE(CheckCredentials(token).ok()) << "a coordinator's first start writes it";
}

TEST_F(TokenSourceTest, OthersCouldHaveWrittenAnAddressFileThatIsNotPrivate) {
  const std::string file = folder_ + "/address";
  Write(file, kElsewhere);
  EXPECT_TRUE(FindCoordinator("file:" + file)->is_own);
  EXPECT_FALSE(FindCoordinator(kElsewhere)->is_own);
  ASSERT_EQ(chmod(file.c_str(), 0662), 0);
  EXPECT_FALSE(FindCoordinator("file:" + file)->is_own);
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  if (geteuid() != 0 || chown(file.c_str(), 65534, 65534) != 0) return;  // only root can
  EXPECT_FALSE(FindCoordinator("file:" + file)->is_own);
}

}  // namespace
}  // namespace caviar::client
