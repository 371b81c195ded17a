// Callers that leave their answers untaken, and connections that do nothing: promise bounded.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "tests/server/api/raw_call.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using server_api::TakingLittle;
using server_api::UnreadCall;

class SlowReaderTest : public FaultTest {
 protected:
  // A study whose list of trials is an answer of more than 500 KiB.
  void CreateLongStudy() {
    std::string yaml =
        "study: long\nobjective: {metric: accuracy, goal: maximize}\n"
        "trainer: {external: {}}\nparameters:\n";
    for (int i = 0; i < 20; ++i) {
      absl::StrAppend(&yaml, "  p", i, ": {values: [", Word(i), ", other]}\n");
    }
    cluster_.CreateStudy(yaml);
    const auto client = Connect();
    for (int number = 0; number < 200; ++number) {
      v1::AddTrialRequest request;
      request.set_study("long");
      for (int i = 0; i < 20; ++i) {
        (*request.mutable_parameters())[absl::StrCat("p", i)].set_string_value(Word(i));
      }
      (*request.mutable_completed()->mutable_metrics())["accuracy"] = 0.5;
      ASSERT_TRUE(client->AddTrial(request).ok());
    }
  }
  static std::string Word(int i) { return absl::StrCat("w", i, std::string(110, 'x')); }

  // A connection of its own.
  std::shared_ptr<grpc::Channel> Channel(grpc::ChannelArguments arguments) {
    arguments.SetInt("caviar.test.connection", ++connections_);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(cluster_.address(), grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  static v1::ListTrialsRequest ListAll() {
    v1::ListTrialsRequest request;
    request.set_study("long");
    request.set_page_size(1000);
    return request;
  }
  grpc::StatusCode List(v1::StudyService::Stub& stub) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    v1::ListTrialsResponse response;
    const grpc::StatusCode code = stub.ListTrials(&context, ListAll(), &response).error_code();
    if (code == grpc::StatusCode::OK) {
      EXPECT_GT(response.ByteSizeLong(), 500u << 10);
    }
    return code;
  }
  // By one call, for reads may be refused meanwhile.
  void ExpectChangesAreTaken() {
    v1::AddTrialRequest request;
    request.set_study("own");
    (*request.mutable_parameters())["x"].set_double_value(0.5);
    (*request.mutable_completed()->mutable_metrics())["accuracy"] = 0.5;
    const auto added = Connect()->AddTrial(request);
    EXPECT_TRUE(added.ok()) << added.status();
  }

  int connections_ = 0;
};

TEST_F(SlowReaderTest, AnswersThatNobodyTakesAreBoundedAndHoldUpNoChange) {
  cluster_.StartCoordinator("60s", {.arguments = {"--no-auth", "--max-queued-bytes", "8388608"}});
  cluster_.CreateStudy(
      "study: own\nobjective: {metric: accuracy, goal: maximize}\n"
      "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  ASSERT_NO_FATAL_FAILURE(CreateLongStudy());
  const auto stub = v1::StudyService::NewStub(Channel({}));
  ASSERT_EQ(List(*stub), grpc::StatusCode::OK);
  const int64_t before = cluster_.coordinator().Memory();
  {
    std::vector<std::unique_ptr<UnreadCall>> unread;
    const auto refused = [&] { return List(*stub) == grpc::StatusCode::RESOURCE_EXHAUSTED; };
    for (int i = 0; i < 60; ++i) {
      unread.push_back(std::make_unique<UnreadCall>(Channel(TakingLittle()),
                                                    "/caviar.v1.StudyService/ListTrials",
                                                    ListAll().SerializeAsString()));
    }
    EXPECT_TRUE(Eventually(refused)) << "8 MiB of answers wait, and no more are made";
    // All 60 would be more than 30 MiB, twice: as messages and as bytes.
    if (!kSanitized) {
      EXPECT_LT(cluster_.coordinator().Memory() - before, int64_t{48} << 20);
    }
    ExpectChangesAreTaken();
  }
  EXPECT_TRUE(Eventually([&] { return List(*stub) == grpc::StatusCode::OK; }))
      << "they have gone, and there is room again";
}

TEST_F(SlowReaderTest, IdleConnectionsHoldUpNobody) {
  cluster_.StartCoordinator("60s", {.arguments = {"--no-auth"}});
  cluster_.CreateStudy(
      "study: own\nobjective: {metric: accuracy, goal: maximize}\n"
      "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n");
  std::vector<std::shared_ptr<grpc::Channel>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(Channel({}));
    idle.back()->GetState(/*try_to_connect=*/true);
  }
  for (const auto& channel : idle) {
    ASSERT_TRUE(
        channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::minutes(1)));
  }
  ExpectChangesAreTaken();
  EXPECT_TRUE(cluster_.coordinator().Running());
}

}  // namespace
}  // namespace caviar::system_test
