// Encrypted connections, with certificates as deploy/make-certificates makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "client/api/client.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::server_api {
namespace {

using ::testing::HasSubstr;

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

  absl::Status Start(const TlsFiles& files, const std::string& tokens = "") {
    auto access = Access::Open({kOwn}, "owner", tokens);
    if (!access.ok()) return access.status();
    access_ = *std::move(access);
    ServerOptions options;
    options.access = access_.get();
    options.tls = files;
    options.probe_interval = absl::Milliseconds(20);
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

  // One that connects anew.
  std::unique_ptr<client::Client> Connect(const client::Credentials& credentials,
                                          const std::string& token = "") {
    setenv("CAVIAR_TOKEN", token.c_str(), 1);
    client::ClientOptions options;
    options.address = server_->address();
    options.patience = absl::ZeroDuration();
    options.credentials = credentials;
    options.credentials.token_file = token.empty() ? "/nowhere" : "";
    return client::Client::Connect(options);
  }
  absl::Status Call(const client::Credentials& credentials, const std::string& token = "") {
    return Connect(credentials, token)->GetServerStatus().status();
  }

  static storage::TemporaryFolder* folder_;
  FakeCoordinator coordinator_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Server> server_;
};
storage::TemporaryFolder* TlsTest::folder_ = nullptr;

TEST_F(TlsTest, ASetThatCannotBeMadeIsSaidAndLeavesNothing) {
  const std::string set = File("refused"), words = File("words");
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"NAME=x/y %s", "NAME is 'x/y'"},
      {absl::StrCat("NAME=", std::string(80, 'x'), " %s"), "1 to 64 letters"},
      {"%s 1.2.3", "'1.2.3' is no host name or address"},
      {"%s ''", "'' is no host name or address"},
      {"%s 'bad host!'", "'bad host!' is no host name or address"},
      {"%s gpu1:7461", "without a port"},
      // Only openssl knows that it is none.
      {"%s 1:2:3", "openssl x509 failed"},
  };
  for (const auto& [call, said] : wrong) {
    const std::string command =
        absl::StrReplaceAll(call, {{"%s", absl::StrCat(MAKE_CERTIFICATES, " ", set)}});
    EXPECT_NE(system(absl::StrCat(command, " >/dev/null 2>", words).c_str()), 0) << call;
    std::ifstream file(words);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_THAT(text, HasSubstr(said)) << call;
    EXPECT_FALSE(std::filesystem::exists(set)) << call;
  }
}

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

TEST_F(TlsTest, WhereThereAreLinesForCertificatesOneWithoutALineIsNobodys) {
  TlsFiles files = Ours();
  files.client_authority = File("ours/ca.pem");
  const std::string tokens = File("tokens");
  const auto write = [&tokens](const std::string& text) {
    std::ofstream(tokens) << text;
    ASSERT_EQ(chmod(tokens.c_str(), 0600), 0);
  };
  write("node7 read certificate\n");
  ASSERT_TRUE(Start(files, tokens).ok());
  const client::Credentials client =
      With(File("ours/ca.pem"), File("ours/client.pem"), File("ours/client-key.pem"));
  EXPECT_TRUE(Call(client).ok()) << Call(client);
  // As one takes its rights away.
  write("# node7 read certificate, no more\n");
  ASSERT_TRUE(access_->Refresh().ok());
  EXPECT_EQ(Call(client).code(), absl::StatusCode::kUnauthenticated);
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

// Keeps what is logged.
class KeptLog : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  bool Await(const std::string& words) {
    absl::MutexLock lock(&mutex_);
    const auto logged = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return text_.find(words) != std::string::npos;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&logged), absl::Seconds(60));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    absl::MutexLock lock(&mutex_);
    text_.append(message.payload.data(), message.payload.size());
  }
  void flush_() override {}

 private:
  absl::Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

// Files of a server that are replaced while it runs.
class TlsReloadTest : public TlsTest {
 protected:
  void SetUp() override {
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", log_));
    std::filesystem::remove_all(File("live"));
    std::filesystem::create_directory(File("live"));
    for (const char* name : {"server.pem", "server-key.pem"}) Replace(name, "ours");
    const absl::Status started = Start({File("live/server.pem"), File("live/server-key.pem"), ""});
    ASSERT_TRUE(started.ok()) << started;
  }
  void TearDown() override {
    server_.reset();
    spdlog::set_default_logger(before_);
  }

  static void Replace(const std::string& name, const std::string& set) {
    std::filesystem::copy_file(File(set + "/" + name), File("live/" + name + ".new"));
    std::filesystem::rename(File("live/" + name + ".new"), File("live/" + name));
  }
  // Whether a new connection sees the certificate of this set; of the other one it trusts nothing.
  bool Shows(const std::string& set) { return Call(With(File(set + "/ca.pem")), kOwn).ok(); }
  // Until it does, as long as a busy machine may need.
  bool ComesToShow(const std::string& set) {
    const absl::Time end = absl::Now() + absl::Seconds(60);
    while (!Shows(set)) {
      if (absl::Now() > end) return false;
    }
    return true;
  }
  // Waits until something like it was logged.
  void AwaitLog(const std::string& words) { ASSERT_TRUE(log_->Await(words)) << words; }

  std::shared_ptr<spdlog::logger> before_;
  std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
};

TEST_F(TlsReloadTest, NewConnectionsSeeTheNewCertificateAndOldOnesGoOn) {
  const auto old = Connect(With(File("ours/ca.pem")), kOwn);
  ASSERT_TRUE(old->GetServerStatus().ok());
  Replace("server.pem", "others");
  Replace("server-key.pem", "others");
  EXPECT_TRUE(ComesToShow("others"));
  EXPECT_FALSE(Shows("ours"));
  EXPECT_TRUE(old->GetServerStatus().ok()) << "it could not connect again";
}

TEST_F(TlsReloadTest, ACertificateWithoutItsKeyIsNotServedAndIsWarnedOf) {
  Replace("server.pem", "others");
  AwaitLog("is not the key of");
  AwaitLog("from before is still served");
  // Longer than gRPC takes to look at what it is given.
  const absl::Time end = absl::Now() + absl::Milliseconds(1'500);
  while (absl::Now() < end) ASSERT_TRUE(Shows("ours"));
  Replace("server-key.pem", "others");
  EXPECT_TRUE(ComesToShow("others"));
}

TEST_F(TlsReloadTest, AHalfWrittenCertificateIsNotServedAndIsWarnedOf) {
  std::filesystem::resize_file(File("live/server.pem"), 100);
  AwaitLog("there is no certificate");
  EXPECT_TRUE(Shows("ours"));
  Replace("server.pem", "others");
  Replace("server-key.pem", "others");
  EXPECT_TRUE(ComesToShow("others"));
}

}  // namespace
}  // namespace caviar::server_api
