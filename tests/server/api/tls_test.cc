// Encrypted connections, with certificates as deploy/make-certificates makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/api/client.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::server_api {
namespace {

using ::testing::HasSubstr;

constexpr char kOwn[] = "own-0123456789abcdef";

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new storage::TemporaryFolder;
    for (const char* set : {"ours", "others"}) {
      const std::string command = absl::StrCat("NAME=node7 ", MAKE_CERTIFICATES, " ",
                                               folder_->path(), "/", set, " >/dev/null");
      ASSERT_EQ(system(command.c_str()), 0);
    }
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string File(const std::string& name) { return folder_->path() + "/" + name; }

  absl::Status Start(const TlsFiles& files) {
    auto access = Access::Open({kOwn}, "owner", "");
    if (!access.ok()) return access.status();
    access_ = *std::move(access);
    ServerOptions options;
    options.access = access_.get();
    options.tls = files;
    auto server = Server::Start(coordinator_, "127.0.0.1:0", options);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }
  static TlsFiles Ours() { return {File("ours/server.pem"), File("ours/server-key.pem"), ""}; }

  static client::Credentials With(const std::string& authority, const std::string& certificate = "",
                                  const std::string& key = "") {
    client::Credentials credentials;
    credentials.tls_authority = authority;
    credentials.tls_certificate = certificate;
    credentials.tls_key = key;
    return credentials;
  }

  absl::Status Call(const client::Credentials& credentials, const std::string& token = "") {
    setenv("CAVIAR_TOKEN", token.c_str(), 1);
    client::ClientOptions options;
    options.address = server_->address();
    options.patience = absl::ZeroDuration();
    options.credentials = credentials;
    options.credentials.token_file = token.empty() ? "/nowhere" : "";
    return client::Client::Connect(options)->GetServerStatus().status();
  }

  static storage::TemporaryFolder* folder_;
  FakeCoordinator coordinator_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Server> server_;
};
storage::TemporaryFolder* TlsTest::folder_ = nullptr;

TEST_F(TlsTest, ATokenOpensItToWhoKnowsTheAuthority) {
  ASSERT_TRUE(Start(Ours()).ok());
  const client::Credentials knows = With(File("ours/ca.pem"));
  EXPECT_TRUE(Call(knows, kOwn).ok()) << Call(knows, kOwn);
  EXPECT_EQ(Call(knows).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Call(With(File("others/ca.pem")), kOwn).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Call({}, kOwn).code(), absl::StatusCode::kUnavailable) << "without encryption";
}

TEST_F(TlsTest, ACertificateOfTheClientsAuthorityIsEnough) {
  TlsFiles files = Ours();
  files.client_authority = File("ours/ca.pem");
  ASSERT_TRUE(Start(files).ok());
  const std::string authority = File("ours/ca.pem");
  EXPECT_TRUE(Call(With(authority, File("ours/client.pem"), File("ours/client-key.pem"))).ok());
  EXPECT_EQ(
      Call(With(authority, File("others/client.pem"), File("others/client-key.pem")), kOwn).code(),
      absl::StatusCode::kUnavailable);
  EXPECT_EQ(Call(With(authority), kOwn).code(), absl::StatusCode::kUnavailable)
      << "a token alone is not";
}

TEST_F(TlsTest, FilesThatDoNotFitAreRefusedByName) {
  const std::string certificate = File("ours/server.pem");
  const std::string key = File("ours/server-key.pem");
  const struct {
    TlsFiles files;
    std::string named;
  } wrong[] = {
      {{File("none.pem"), key, ""}, "none.pem"},
      {{certificate, File("none.pem"), ""}, "none.pem"},
      {{certificate, File("others/server-key.pem"), ""}, "is not the key of"},
      {{key, key, ""}, "no certificate"},
      {{certificate, certificate, ""}, "no key"},
      {{certificate, key, File("none.pem")}, "none.pem"},
  };
  for (const auto& [files, named] : wrong) {
    const absl::Status refused = Start(files);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << named;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(named));
  }
}

}  // namespace
}  // namespace caviar::server_api
