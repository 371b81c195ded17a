// How a server ends while clients are connected.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/server/api/sockets.h"

namespace caviar::server_api {
namespace {

class ShutdownTest : public testing::Test {
 protected:
  ShutdownTest() {
    coordinator_.get_study = [](const v1::GetStudyRequest&) { return v1::Study(); };
    Start();
  }
  void Start() {
    auto server = Server::Start(coordinator_, "127.0.0.1:0");
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    studies_ = v1::StudyService::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  grpc::Status GetStudy() {
    grpc::ClientContext context;
    v1::GetStudyRequest request;
    request.set_study("mnist");
    v1::Study study;
    return studies_->GetStudy(&context, request, &study);
  }
  grpc::Status Ask() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    v1::AskTrialRequest request;
    request.mutable_request_id()->set_client_id("0123456789abcdef0123456789abcdef");
    request.mutable_request_id()->set_sequence(1);
    request.set_study("mnist");
    v1::AskTrialResponse response;
    return studies_->AskTrial(&context, request, &response);
  }

  FakeCoordinator coordinator_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::StudyService::Stub> studies_;
};

TEST_F(ShutdownTest, NewCallsAreRefusedInWordsWhileARunningOneEnds) {
  grpc::Status asked;
  std::thread asker([&] { asked = Ask(); });
  const int64_t ask = coordinator_.AwaitParked();
  std::thread shutdown([&] { server_->Shutdown(absl::Minutes(1)); });
  grpc::Status status = GetStudy();
  while (status.ok()) status = GetStudy();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    EXPECT_EQ(status.error_message(), "the coordinator is shutting down");
    EXPECT_NE(status.error_details(), "") << "whoever is there says so";
    status = GetStudy();
  }
  coordinator_.AnswerAsk(ask, v1::AskTrialResponse());
  asker.join();
  shutdown.join();
  EXPECT_TRUE(asked.ok()) << asked.error_message();
}

TEST_F(ShutdownTest, NoCallIsCancelledThatComesInMeanwhile) {
  for (int round = 0; round < 10; ++round) {
    if (round > 0) Start();
    std::vector<grpc::Status> statuses(6);
    std::vector<std::thread> callers;
    for (grpc::Status& status : statuses) {
      callers.emplace_back([&] {
        while (status.ok()) status = GetStudy();
      });
    }
    server_->Shutdown(absl::Minutes(1));
    for (std::thread& caller : callers) caller.join();
    for (const grpc::Status& status : statuses) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
    }
  }
}

TEST_F(ShutdownTest, ACallThatDoesNotEndIsCutOff) {
  grpc::Status asked;
  std::thread asker([&] { asked = Ask(); });
  coordinator_.AwaitParked();
  server_->Shutdown(absl::Milliseconds(50));
  asker.join();
  EXPECT_FALSE(asked.ok());
}

TEST_F(ShutdownTest, IsNotHeldUpByAClientThatOnlyHasAConnection) {
  int port = 0;
  const std::string address = server_->address();
  ASSERT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const FileDescriptor connection = Connected(port);
  ASSERT_TRUE(connection.open());
  // HTTP/2's beginning with no settings, by a client that then does other things.
  const std::string hello("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 24 + 9);
  ASSERT_EQ(send(connection.get(), hello.data(), hello.size(), 0), hello.size());
  char byte = 0;
  ASSERT_EQ(recv(connection.get(), &byte, 1, 0), 1) << "the server's own settings";
  const absl::Time start = absl::Now();
  server_->Shutdown(absl::Seconds(20));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

}  // namespace
}  // namespace caviar::server_api
