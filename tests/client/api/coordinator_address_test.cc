#include "client/api/coordinator_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/api/client.h"
#include "client/api/worker_client.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"

namespace caviar::client {
namespace {

using server_api::FakeCoordinator;
using server_api::Server;
using testing::HasSubstr;

TEST(CoordinatorAddress, IsHostAndPortOrAFile) {
  for (const char* right : {"head:7461", "127.0.0.1:1", "[::1]:65535", "file:/shared/me/address"}) {
    EXPECT_TRUE(CheckCoordinator(right).ok()) << right;
  }
  for (const char* wrong : {"", "head", "head:", ":1", "head:0", "head:65536", "head:x", "file:"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckCoordinator(wrong))) << wrong;
  }
}

class AddressFile : public testing::Test {
 protected:
  ~AddressFile() override { std::filesystem::remove(path_); }
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  static std::unique_ptr<Server> Serve(FakeCoordinator& coordinator) {
    auto server = Server::Start(coordinator, "127.0.0.1:0");
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "address-file-", getpid());
  const std::string coordinator_ = "file:" + path_;
};

TEST_F(AddressFile, SaysWhereTheCoordinatorIsInItsFirstLine) {
  Write("head:7461\nmore\n");
  EXPECT_EQ(FindCoordinator(coordinator_)->host_and_port, "head:7461");
  Write("nothing of use\n");
  EXPECT_THAT(FindCoordinator(coordinator_).status().message(),
              HasSubstr("says \"nothing of use\", which is no host:port"));
  Write("");
  EXPECT_THAT(FindCoordinator(coordinator_).status().message(), HasSubstr("it is empty"));
  Write(std::string(5000, 'x') + ":1\n");
  EXPECT_THAT(FindCoordinator(coordinator_).status().message(), HasSubstr("which is no host:port"));
  EXPECT_THAT(FindCoordinator("file:/dev/zero").status().message(), HasSubstr("it is no file"));
}

TEST_F(AddressFile, ThatIsNotThereIsTriedAgainForAsLongAsTheClientIsPatient) {
  const auto client = Client::Connect({.address = coordinator_, .patience = absl::Milliseconds(1)});
  const absl::Status status = client->GetServerStatus().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("no coordinator has written its address to ",
                                                       path_, " (No such file or directory)")));
}

TEST_F(AddressFile, IsReadAgainOnceTheCoordinatorHasMoved) {
  FakeCoordinator first, second;
  first.server_status.set_version("first");
  second.server_status.set_version("second");
  auto server = Serve(first);
  Write(server->address());
  const auto client = Client::Connect({.address = coordinator_});
  const auto worker = WorkerClient::Connect({.address = coordinator_});
  ASSERT_EQ(client->GetServerStatus()->version(), "first");
  worker->GiveBack({}, absl::Seconds(20)).IgnoreError();  // connects
  const std::unique_ptr<Server> other = Serve(second);
  server.reset();
  Write(other->address());
  EXPECT_EQ(client->GetServerStatus()->version(), "second");
  // The worker's own calls are tried once each: whoever makes them tries again.
  absl::Status status = absl::UnavailableError("");
  for (int i = 0; i < 100 && absl::IsUnavailable(status); ++i) {
    status = worker->GiveBack({}, absl::Seconds(20)).status();
  }
  EXPECT_FALSE(absl::IsUnavailable(status)) << status;
}

}  // namespace
}  // namespace caviar::client
