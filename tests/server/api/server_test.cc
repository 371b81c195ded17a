// The services over a real connection on loopback.
#include "server/api/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/server_service.grpc.pb.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "caviar/v1/verification_service.grpc.pb.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/server/api/raw_call.h"

namespace caviar::server_api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  void Start() {
    auto server = Server::Start(coordinator_, "127.0.0.1:0");
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    studies_ = v1::StudyService::NewStub(channel_);
    workers_ = v1::WorkerService::NewStub(channel_);
  }

  static v1::AskTrialRequest AskRequest() {
    v1::AskTrialRequest request;
    request.mutable_request_id()->set_client_id(kWorkerId);
    request.mutable_request_id()->set_sequence(1);
    request.set_study("s");
    return request;
  }
  static v1::AcquireWorkRequest AcquireRequest() {
    v1::AcquireWorkRequest request;
    request.mutable_request_id()->set_client_id(kWorkerId);
    request.mutable_request_id()->set_sequence(1);
    request.set_worker_id(kWorkerId);
    return request;
  }

  FakeCoordinator coordinator_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StudyService::Stub> studies_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
};

TEST_F(ServerTest, AnswersWhatTheCoordinatorAnswers) {
  coordinator_.get_study = [](const v1::GetStudyRequest& request) {
    v1::Study study;
    study.set_name(request.study());
    study.set_state(v1::Study::STOPPED);
    return study;
  };
  Start();
  EXPECT_THAT(server_->address(), StartsWith("127.0.0.1:"));
  EXPECT_NE(server_->address(), "127.0.0.1:0");
  grpc::ClientContext context;
  v1::GetStudyRequest request;
  request.set_study("mnist");
  v1::Study study;
  ASSERT_TRUE(studies_->GetStudy(&context, request, &study).ok());
  EXPECT_EQ(study.name(), "mnist");
  EXPECT_EQ(study.state(), v1::Study::STOPPED);
}

TEST_F(ServerTest, APieceOfAModelCrossesTheWire) {
  coordinator_.download_model = [](const v1::DownloadModelRequest& request) {
    v1::DownloadModelResponse response;
    response.set_number(request.has_number() ? request.number() : -1);
    response.set_data(std::string(1 << 20, 'm'));
    return response;
  };
  Start();
  grpc::ClientContext context;
  v1::DownloadModelRequest request;
  request.set_study("mnist");
  v1::DownloadModelResponse response;
  ASSERT_TRUE(studies_->DownloadModel(&context, request, &response).ok());
  EXPECT_EQ(response.number(), -1) << "none was named";
  EXPECT_EQ(response.data().size(), 1u << 20);
}

TEST_F(ServerTest, ErrorsCrossTheWireWithTheirDetails) {
  const absl::Status refused = error::InvalidField("study", "is taken");
  coordinator_.get_study = [&](const v1::GetStudyRequest&) { return refused; };
  Start();
  grpc::ClientContext context;
  v1::GetStudyRequest request;
  request.set_study("mnist");
  v1::Study study;
  const grpc::Status status = studies_->GetStudy(&context, request, &study);
  EXPECT_EQ(error::ParseDetail(absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                                            status.error_message()),
                               status.error_details()),
            refused);
}

TEST_F(ServerTest, AReadIsWantedUntilItsCallerLeaves) {
  std::promise<void> begun;
  bool wanted_before = false;
  coordinator_.before_read = [&](const coordinator::Wanted& wanted) {
    wanted_before = wanted();
    begun.set_value();
    while (wanted()) std::this_thread::yield();
  };
  Start();
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::GetStudyRequest request;
    request.set_study("mnist");
    v1::Study study;
    EXPECT_EQ(studies_->GetStudy(&context, request, &study).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  begun.get_future().get();
  context.TryCancel();
  caller.join();
  server_.reset();
  EXPECT_TRUE(wanted_before);
}

TEST_F(ServerTest, ABadFieldNeverReachesTheCoordinator) {
  coordinator_.get_study = [](const v1::GetStudyRequest&) -> absl::StatusOr<v1::Study> {
    ADD_FAILURE();
    return v1::Study();
  };
  Start();
  grpc::ClientContext context;
  v1::Study study;
  const grpc::Status status = studies_->GetStudy(&context, v1::GetStudyRequest(), &study);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("study: "));
}

TEST_F(ServerTest, BrokenBytesAreAnInvalidArgument) {
  Start();
  for (const char* method :
       {"/caviar.v1.StudyService/GetStudy", "/caviar.v1.WorkerService/AcquireWork"}) {
    for (const std::string& bytes : {std::string("\x0a\xff", 2), std::string("\x0a\x01\xff", 3)}) {
      const grpc::Status status = RawCall(channel_, method, bytes);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
      EXPECT_THAT(status.error_message(), HasSubstr("is not a valid caviar.v1."));
    }
  }
}

TEST_F(ServerTest, AnAcquireIsParkedUntilThereIsWork) {
  Start();
  v1::AcquireWorkResponse response;
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    status = workers_->AcquireWork(&context, AcquireRequest(), &response);
  });
  const int64_t id = coordinator_.AwaitParked();
  v1::AcquireWorkResponse work;
  work.mutable_trial()->set_attempt(3);
  EXPECT_TRUE(coordinator_.AnswerAcquire(id, work));
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.trial().attempt(), 3);
}

TEST_F(ServerTest, AnAcquireWhoseCallerLeavesIsCancelled) {
  Start();
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::AcquireWorkResponse response;
    EXPECT_EQ(workers_->AcquireWork(&context, AcquireRequest(), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  const int64_t id = coordinator_.AwaitParked();
  context.TryCancel();
  EXPECT_EQ(coordinator_.AwaitCancelled(), id);
  caller.join();
}

TEST_F(ServerTest, AGrantWhoseCallerHasLeftIsGivenBack) {
  Start();
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::AcquireWorkResponse response;
    EXPECT_EQ(workers_->AcquireWork(&context, AcquireRequest(), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  const int64_t id = coordinator_.AwaitParked();
  coordinator_.grant_on_cancel.emplace();
  coordinator_.grant_on_cancel->mutable_trial()->mutable_token()->set_counter(7);
  std::promise<int64_t> lost;
  coordinator_.lose_answer = [&](const auto& token) { lost.set_value(token.counter()); };
  context.TryCancel();
  EXPECT_EQ(coordinator_.AwaitCancelled(), id);
  EXPECT_EQ(lost.get_future().get(), 7);
  caller.join();
}

TEST_F(ServerTest, AnAskWhoseCallerLeavesIsCancelled) {
  Start();
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::AskTrialResponse response;
    EXPECT_EQ(studies_->AskTrial(&context, AskRequest(), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  const int64_t id = coordinator_.AwaitParked();
  context.TryCancel();
  EXPECT_EQ(coordinator_.AwaitCancelled(), id);
  caller.join();
}

TEST_F(ServerTest, AnAskedTrialWhoseAskerMissedItsDeadlineIsGivenBack) {
  Start();
  coordinator_.ask_grant_on_cancel.emplace();
  coordinator_.ask_grant_on_cancel->mutable_token()->set_counter(7);
  std::promise<int64_t> lost;
  coordinator_.lose_answer = [&](const auto& token) { lost.set_value(token.counter()); };
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  v1::AskTrialResponse response;
  EXPECT_EQ(studies_->AskTrial(&context, AskRequest(), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(lost.get_future().get(), 7);
}

TEST_F(ServerTest, ShutdownAnswersParkedCallsAndRefusesNewOnes) {
  Start();
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    v1::AcquireWorkResponse response;
    status = workers_->AcquireWork(&context, AcquireRequest(), &response);
  });
  coordinator_.AwaitParked();
  server_->Shutdown(absl::Seconds(10));
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::ClientContext context;
  v1::AcquireWorkResponse response;
  EXPECT_FALSE(workers_->AcquireWork(&context, AcquireRequest(), &response).ok());
}

TEST_F(ServerTest, ASecondServerCannotHaveThePort) {
  Start();
  FakeCoordinator other;
  const auto second = Server::Start(other, server_->address());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()),
              testing::AllOf(HasSubstr(server_->address()), HasSubstr("in use")));
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Start(other, "nonsense").status()));
}

TEST_F(ServerTest, AMessageAbove4MiBIsRefused) {
  Start();
  EXPECT_EQ(RawCall(channel_, "/caviar.v1.StudyService/GetStudy", std::string((4 << 20) + 1, 'x'))
                .error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerTest, HealthAndReflectionAnswer) {
  Start();
  // HealthCheckRequest{service: "caviar.v1.StudyService"} -> {status: SERVING}.
  std::string answer;
  EXPECT_TRUE(RawCall(channel_, "/grpc.health.v1.Health/Check",
                      std::string("\x0a\x16") + "caviar.v1.StudyService", &answer)
                  .ok());
  EXPECT_EQ(answer, std::string("\x08\x01"));
  // ServerReflectionRequest{list_services: "*"}.
  EXPECT_TRUE(RawCall(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                      std::string("\x3a\x01*"), &answer)
                  .ok());
  EXPECT_THAT(answer, HasSubstr("caviar.v1.WorkerService"));
}

// Watches: the study's best trial counts up with each commit.
class WatchTest : public ServerTest {
 protected:
  void StartStudy() {
    coordinator_.read_study_changes = [this](const std::string& name,
                                             std::optional<FakeCoordinator::StudyPosition> after)
        -> absl::StatusOr<FakeCoordinator::StudyChanges> {
      if (deleted_) return absl::NotFoundError("no such study");
      FakeCoordinator::StudyChanges changes;
      const int64_t commit = commit_;
      const int64_t first = after ? after->commit : commit;
      changes.position.commit = std::min(commit, first + page_);
      changes.more = changes.position.commit < commit;
      changes.over = over_ && !changes.more;
      changes.response.mutable_study()->set_name(name);
      changes.response.mutable_study()->set_best_trial(static_cast<int32_t>(commit));
      for (int64_t i = first; i < changes.position.commit; ++i) {
        v1::Trial* trial = changes.response.add_finished();
        trial->set_number(static_cast<int32_t>(i));
        trial->set_message(std::string(trial_bytes_, 'x'));
      }
      return changes;
    };
    Start();
  }
  std::unique_ptr<grpc::ClientReader<v1::WatchStudyResponse>> Watch(bool include_finished) {
    v1::WatchStudyRequest request;
    request.set_study("mnist");
    request.set_include_finished(include_finished);
    return studies_->WatchStudy(&context_, request);
  }

  std::atomic<int64_t> commit_ = 3;
  std::atomic<bool> over_ = false;
  std::atomic<bool> deleted_ = false;
  int trial_bytes_ = 1;
  int64_t page_ = 1000;  // trials a read
  grpc::ClientContext context_;
  v1::WatchStudyResponse response_;
};

TEST_F(WatchTest, SendsTheStudyAtOnceAndThenItsChangesUntilItIsOver) {
  StartStudy();
  const auto reader = Watch(false);
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.study().best_trial(), 3);
  EXPECT_EQ(response_.finished_size(), 0);

  commit_ = 5;
  coordinator_.Changed();
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.finished_size(), 2);
  EXPECT_EQ(response_.finished(0).number(), 3);

  commit_ = 6;
  over_ = true;
  coordinator_.Changed();
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.finished(0).number(), 5);
  EXPECT_FALSE(reader->Read(&response_));
  EXPECT_TRUE(reader->Finish().ok());
  coordinator_.AwaitNoListeners();
}

TEST_F(WatchTest, EndsWithNotFoundWhenTheStudyIsDeleted) {
  StartStudy();
  const auto reader = Watch(true);
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.finished_size(), 3);
  deleted_ = true;
  coordinator_.Changed();
  EXPECT_FALSE(reader->Read(&response_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  coordinator_.AwaitNoListeners();
}

TEST_F(WatchTest, ALongListComesInSeveralMessages) {
  trial_bytes_ = 400'000;
  commit_ = 20;  // 8 MB
  over_ = true;
  StartStudy();
  const auto reader = Watch(true);
  int trials = 0;
  int messages = 0;
  while (reader->Read(&response_)) {
    ++messages;
    EXPECT_EQ(response_.study().name(), "mnist");
    for (const v1::Trial& trial : response_.finished()) EXPECT_EQ(trial.number(), trials++);
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(trials, 20);
  EXPECT_GE(messages, 8);
}

TEST_F(WatchTest, ReadsOnAtOnceWhereThereIsMore) {
  page_ = 2;
  commit_ = 7;
  StartStudy();
  const auto reader = Watch(true);
  int trials = 0;
  // No change is flagged meanwhile.
  while (trials < 7 && reader->Read(&response_)) {
    EXPECT_LE(response_.finished_size(), 2);
    for (const v1::Trial& trial : response_.finished()) EXPECT_EQ(trial.number(), trials++);
  }
  EXPECT_EQ(trials, 7);
  over_ = true;
  coordinator_.Changed();
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.finished_size(), 0);
  EXPECT_FALSE(reader->Read(&response_));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(WatchTest, AWatcherThatLeavesIsForgotten) {
  StartStudy();
  const auto reader = Watch(false);
  ASSERT_TRUE(reader->Read(&response_));
  context_.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  coordinator_.AwaitNoListeners();
}

TEST_F(WatchTest, EndsWithUnavailableWhenTheServerShutsDown) {
  StartStudy();
  const auto reader = Watch(false);
  ASSERT_TRUE(reader->Read(&response_));
  std::thread shutdown([this] { server_->Shutdown(absl::Seconds(10)); });
  EXPECT_FALSE(reader->Read(&response_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  shutdown.join();
}

// The verification goes on, on a thread of its own, until it is let go or ended.
class VerifyTest : public ServerTest {
 protected:
  void StartVerification() {
    coordinator_.verify_study = [this](const v1::VerifyStudyRequest&, auto on_verified) {
      verification_ = std::thread([this, on_verified] {
        v1::VerifyStudyResponse found;
        found.set_trials(1);
        found.set_total_trials(2);
        while (!go_on_ && on_verified(found)) absl::SleepFor(absl::Milliseconds(1));
        ended_.Notify();
      });
    };
    Start();
    verifications_ = v1::VerificationService::NewStub(channel_);
    v1::VerifyStudyRequest request;
    request.set_study("mnist");
    reader_ = verifications_->VerifyStudy(&context_, request);
  }
  ~VerifyTest() override {
    if (verification_.joinable()) verification_.join();
  }

  std::atomic<bool> go_on_ = false;
  absl::Notification ended_;
  std::thread verification_;
  std::unique_ptr<v1::VerificationService::Stub> verifications_;
  std::unique_ptr<grpc::ClientReader<v1::VerifyStudyResponse>> reader_;
  grpc::ClientContext context_;
  v1::VerifyStudyResponse response_;
};

TEST_F(VerifyTest, SaysHowFarItIsAndThenWhatItFound) {
  StartVerification();
  ASSERT_TRUE(reader_->Read(&response_));
  while (response_.trials() == 0) ASSERT_TRUE(reader_->Read(&response_));
  EXPECT_EQ(response_.trials(), 1);
  EXPECT_FALSE(response_.done());
  go_on_ = true;
  ended_.WaitForNotification();
  v1::VerifyStudyResponse found;
  found.set_trials(2);
  found.set_done(true);
  coordinator_.AnswerVerification(found);
  while (!response_.done()) ASSERT_TRUE(reader_->Read(&response_));
  EXPECT_EQ(response_.trials(), 2);
  EXPECT_FALSE(reader_->Read(&response_));
  EXPECT_TRUE(reader_->Finish().ok());
}

TEST_F(VerifyTest, AClientThatLeavesEndsIt) {
  StartVerification();
  ASSERT_TRUE(reader_->Read(&response_));
  context_.TryCancel();
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ended_.WaitForNotification();
  coordinator_.AnswerVerification(absl::CancelledError("the verification was ended"));
}

TEST_F(VerifyTest, EndsWithUnavailableWhenTheServerShutsDown) {
  StartVerification();
  ASSERT_TRUE(reader_->Read(&response_));
  std::thread shutdown([this] { server_->Shutdown(absl::Seconds(10)); });
  while (reader_->Read(&response_)) {
  }
  const grpc::Status status = reader_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(error::HasReason(
      error::ParseDetail(absl::UnavailableError(""), status.error_details()), error::kShuttingDown))
      << "rather than: it cannot now";
  shutdown.join();
  ended_.WaitForNotification();
}

TEST_F(VerifyTest, ErrorsCrossTheWire) {
  StartVerification();
  go_on_ = true;
  ended_.WaitForNotification();
  coordinator_.AnswerVerification(absl::NotFoundError("there is no study"));
  while (reader_->Read(&response_)) {
  }
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace caviar::server_api
