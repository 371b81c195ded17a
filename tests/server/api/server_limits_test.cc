// A server whose limits are reached, over real connections on loopback.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "caviar/v1/study_service.grpc.pb.h"
#include "caviar/v1/verification_service.grpc.pb.h"
#include "caviar/v1/worker_service.grpc.pb.h"
#include "client/api/channel.h"
#include "client/api/retry.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/server/api/raw_call.h"
#include "tests/server/api/sockets.h"

namespace caviar::server_api {
namespace {

using testing::HasSubstr;

// Answers reads of studies only when told to.
class HoldingCoordinator final : public FakeCoordinator {
 public:
  ~HoldingCoordinator() override { Release(); }
  void GetStudy(v1::GetStudyRequest, Done<v1::Study> done, Wanted) override {
    absl::MutexLock lock(&mutex_);
    held_.push_back(std::move(done));
  }
  void AwaitHeld(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return held_.size() >= count; };
    const absl::Duration patience = absl::Milliseconds(kPatienceMilliseconds);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough), patience)) << held_.size();
  }
  size_t held() {
    absl::MutexLock lock(&mutex_);
    return held_.size();
  }
  void Release() {
    std::vector<Done<v1::Study>> held;
    {
      absl::MutexLock lock(&mutex_);
      held.swap(held_);
    }
    for (const Done<v1::Study>& done : held) done(v1::Study());
  }

 private:
  absl::Mutex mutex_;
  std::vector<Done<v1::Study>> held_ ABSL_GUARDED_BY(mutex_);
};

class ServerLimitsTest : public testing::Test {
 protected:
  void Start(ServerOptions options) {
    coordinator_.renew_leases = [](const v1::RenewLeasesRequest&) {
      return v1::RenewLeasesResponse();
    };
    coordinator_.finish_work = [](const v1::FinishWorkRequest&) {
      return v1::FinishWorkResponse();
    };
    coordinator_.report_measurements = [](const v1::ReportMeasurementsRequest&) {
      return v1::ReportMeasurementsResponse();
    };
    coordinator_.download_model = [this](const v1::DownloadModelRequest&) {
      if (!downloading_.HasBeenNotified()) downloading_.Notify();
      v1::DownloadModelResponse response;
      response.set_data(std::string(1 << 20, 'm'));
      return response;
    };
    auto server = Server::Start(coordinator_, "127.0.0.1:0", std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = Channel(0);
    studies_ = v1::StudyService::NewStub(channel_);
    workers_ = v1::WorkerService::NewStub(channel_);
  }

  // A connection of its own for each number. `arguments`: others that it is to have.
  std::shared_ptr<grpc::Channel> Channel(int number, grpc::ChannelArguments arguments = {}) const {
    arguments.SetInt("caviar.test.connection", number);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 10);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
    return grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  static void SetPatience(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(kPatienceMilliseconds));
  }
  grpc::Status GetStudy(grpc::ClientContext& context) {
    SetPatience(context);
    v1::GetStudyRequest request;
    request.set_study("mnist");
    v1::Study study;
    return studies_->GetStudy(&context, request, &study);
  }
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::WorkerService::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                    const Request& request) {
    grpc::ClientContext context;
    SetPatience(context);
    Response response;
    return (workers_.get()->*method)(&context, request, &response);
  }
  // Asks again while there is no place: one is free only once its answer has left, and a caller may
  // know it before.
  grpc::Status GetStudyOnceThereIsAPlace() {
    const absl::Time limit = absl::Now() + absl::Milliseconds(kPatienceMilliseconds);
    while (true) {
      grpc::ClientContext context;
      const grpc::Status status = GetStudy(context);
      if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) return status;
      if (absl::Now() > limit) return status;
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  // Whether a call comes through, in the end.
  bool Serves() {
    grpc::ClientContext context;
    SetPatience(context);
    context.set_wait_for_ready(true);
    v1::RenewLeasesRequest request;
    request.set_worker_id(kWorkerId);
    v1::RenewLeasesResponse response;
    return workers_->RenewLeases(&context, request, &response).ok();
  }

  absl::Notification downloading_;
  HoldingCoordinator coordinator_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StudyService::Stub> studies_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
};

TEST_F(ServerLimitsTest, AVerificationTakesThePlaceOfARead) {
  absl::Notification verifying;
  coordinator_.verify_study = [&](const auto&, const auto&) { verifying.Notify(); };
  ServerOptions options;
  options.limits.calls = 1;
  Start(options);
  grpc::ClientContext verification;
  v1::VerifyStudyRequest request;
  request.set_study("mnist");
  const auto stub = v1::VerificationService::NewStub(channel_);
  const auto reader = stub->VerifyStudy(&verification, request);
  verifying.WaitForNotification();
  grpc::ClientContext context;
  EXPECT_EQ(GetStudy(context).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  verification.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ServerLimitsTest, TooManyReadsAreToldWhenToTryAgainAndHoldUpNothingElse) {
  ServerOptions options;
  options.limits.calls = 2;
  Start(options);
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([this] {
      grpc::ClientContext context;
      EXPECT_TRUE(GetStudy(context).ok());
    });
  }
  coordinator_.AwaitHeld(2);

  grpc::ClientContext context;
  const grpc::Status refused = GetStudy(context);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const absl::Status status = error::ParseDetail(
      absl::ResourceExhaustedError(refused.error_message()), refused.error_details());
  EXPECT_TRUE(error::HasReason(status, error::kOverloaded)) << status;
  EXPECT_THAT(refused.error_details(), HasSubstr("google.rpc.RetryInfo"));
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(std::stoll(std::string(pushback->second.data(), pushback->second.size())),
            absl::ToInt64Milliseconds(*error::RetryDelayOf(*error::Detail(status))));

  v1::RenewLeasesRequest renewal;
  renewal.set_worker_id(kWorkerId);
  EXPECT_TRUE(Call(&v1::WorkerService::Stub::RenewLeases, renewal).ok());
  v1::FinishWorkRequest finish;
  finish.mutable_token()->set_epoch(1);
  finish.mutable_token()->set_counter(1);
  finish.mutable_completed();
  EXPECT_TRUE(Call(&v1::WorkerService::Stub::FinishWork, finish).ok());

  coordinator_.Release();
  for (std::thread& reader : readers) reader.join();
  std::thread later([this] {
    const grpc::Status status = GetStudyOnceThereIsAPlace();
    EXPECT_TRUE(status.ok()) << status.error_message();
  });
  coordinator_.AwaitHeld(1);
  coordinator_.Release();
  later.join();
}

TEST_F(ServerLimitsTest, WhoDoesNotReadAnswersIsCutOff) {
  ServerOptions options;
  options.limits.calls = 1;
  options.probe_interval = absl::Milliseconds(20);
  options.answer_patience = absl::Milliseconds(200);
  Start(options);
  v1::DownloadModelRequest request;
  request.set_study("mnist");
  UnreadCall unread(Channel(1, TakingLittle()), "/caviar.v1.StudyService/DownloadModel",
                    request.SerializeAsString());
  downloading_.WaitForNotification();
  // Its place is free again after a while.
  grpc::Status status;
  for (int i = 0; i < 1000; ++i) {
    grpc::ClientContext context;
    SetPatience(context);
    v1::DownloadModelResponse response;
    status = studies_->DownloadModel(&context, request, &response);
    if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(ServerLimitsTest, TooManyConnectionsAreClosedAndThereIsRoomLater) {
  ServerOptions options;
  options.limits.connections = 4;
  options.probe_interval = absl::Milliseconds(50);
  std::atomic<bool> deaf = false;
  options.on_deaf = [&](const absl::Status&) { deaf = true; };
  Start(options);
  const int port = PortOfAddress(server_->address());
  std::vector<FileDescriptor> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(Connected(port));
  for (size_t i = 4; i < idle.size(); ++i) EXPECT_TRUE(AwaitClosed(idle[i].get()));
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(IsOpen(idle[i].get()));
  EXPECT_FALSE(channel_->WaitForConnected(std::chrono::system_clock::now() +
                                          std::chrono::milliseconds(300)));
  idle.clear();
  EXPECT_TRUE(Serves());
  EXPECT_FALSE(deaf) << "the server still reached itself";
}

TEST_F(ServerLimitsTest, AThousandWorkersWaitAndAreAnsweredAtOnce) {
  Start({});
  constexpr int kWorkers = 1000;
  constexpr int kConnections = 20;
  struct Caller {
    grpc::ClientContext context;
    v1::AcquireWorkRequest request;
    v1::AcquireWorkResponse response;
  };
  std::vector<std::unique_ptr<v1::WorkerService::Stub>> stubs;
  for (int i = 0; i < kConnections; ++i) {
    stubs.push_back(v1::WorkerService::NewStub(Channel(i)));
  }
  std::vector<Caller> callers(kWorkers);
  absl::BlockingCounter answered(kWorkers);
  std::atomic<int> good = 0;
  for (int i = 0; i < kWorkers; ++i) {
    Caller& caller = callers[i];
    caller.request.mutable_request_id()->set_client_id(kWorkerId);
    caller.request.mutable_request_id()->set_sequence(i + 1);
    caller.request.set_worker_id(kWorkerId);
    SetPatience(caller.context);
    caller.context.set_wait_for_ready(true);
    stubs[i % kConnections]->async()->AcquireWork(
        &caller.context, &caller.request, &caller.response, [&](const grpc::Status& status) {
          good += status.ok();
          answered.DecrementCount();
        });
  }
  const absl::Time limit = absl::Now() + absl::Milliseconds(kPatienceMilliseconds);
  while (coordinator_.acquires().size() < kWorkers && absl::Now() < limit) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(coordinator_.acquires().size(), kWorkers) << "all wait at the same time";
  EXPECT_TRUE(Serves()) << "they hold up nobody";
  server_->Shutdown(absl::Seconds(60));
  answered.Wait();
  EXPECT_EQ(good, kWorkers) << "every parked poll is answered before the server goes";
}

TEST_F(ServerLimitsTest, TooManyWaitingWorkersAreRefusedAtOnce) {
  ServerOptions options;
  options.limits.polls = 1;
  Start(options);
  v1::AcquireWorkRequest request;
  request.mutable_request_id()->set_client_id(kWorkerId);
  request.mutable_request_id()->set_sequence(1);
  request.set_worker_id(kWorkerId);
  std::thread first(
      [&] { EXPECT_TRUE(Call(&v1::WorkerService::Stub::AcquireWork, request).ok()); });
  const int64_t id = coordinator_.AwaitParked();
  EXPECT_EQ(Call(&v1::WorkerService::Stub::AcquireWork, request).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  coordinator_.AnswerAcquire(id, v1::AcquireWorkResponse());
  first.join();
}

TEST_F(ServerLimitsTest, GarbageAndHalfHandshakesHoldUpNobody) {
  Start({});
  const int port = PortOfAddress(server_->address());
  std::vector<FileDescriptor> hostile;
  for (const std::string& bytes :
       {std::string("PRI * HTTP/2.0\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string(1000, '\0'),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff")}) {
    hostile.push_back(Connected(port));
    EXPECT_GT(send(hostile.back().get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
  }
  EXPECT_TRUE(Serves());
  // What is no HTTP/2 is closed at once; what has not finished its handshake, after five seconds.
  for (const FileDescriptor& connection : hostile) EXPECT_TRUE(AwaitClosed(connection.get()));
  EXPECT_TRUE(Serves());
}

TEST_F(ServerLimitsTest, ServesWhenItsOwnCallCameBack) {
  Start({});
  std::string answer;
  for (const std::string& request :
       {std::string(), std::string("\x0a\x17") + "caviar.v1.WorkerService"}) {
    EXPECT_TRUE(RawCall(channel_, "/grpc.health.v1.Health/Check", request, &answer).ok());
    EXPECT_EQ(answer, std::string("\x08\x01")) << request;
  }
}

// A request of so many bytes, about which nothing else is right.
v1::FinishWorkRequest RequestOf(size_t bytes) {
  v1::FinishWorkRequest request;
  request.mutable_failed()->set_message(std::string(bytes, 'x'));
  return request;
}

TEST_F(ServerLimitsTest, ARequestThatIsTooLongIsRefusedAndItsSenderToldOfTheFlag) {
  Start({});
  const size_t most = ServerLimits().message_bytes;
  const auto call = [&](size_t bytes) {
    return Call<v1::FinishWorkRequest, v1::FinishWorkResponse>(&v1::WorkerService::Stub::FinishWork,
                                                               RequestOf(bytes));
  };
  EXPECT_EQ(call(most - 100).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "it was read";
  const grpc::Status refused = call(most + 100);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const absl::Status said = client::FromGrpcStatus(refused, server_->address());
  EXPECT_THAT(std::string(said.message()), HasSubstr("--max-message-size"));
  EXPECT_THAT(std::string(said.message()), HasSubstr(std::to_string(most)));
  EXPECT_FALSE(client::RetryDelay(said)) << "waiting does not help";
}

TEST_F(ServerLimitsTest, LongerRequestsAreTakenWhereTheyMayBeLonger) {
  ServerOptions options;
  options.limits.message_bytes = 8 << 20;
  Start(std::move(options));
  EXPECT_EQ((Call<v1::FinishWorkRequest, v1::FinishWorkResponse>(
                 &v1::WorkerService::Stub::FinishWork, RequestOf(7 << 20)))
                .error_code(),
            grpc::StatusCode::INVALID_ARGUMENT)
      << "it was read";
}

// Of reads on one connection, the one that the server may take beside those before it.
TEST_F(ServerLimitsTest, CallsPastThoseOfOneConnectionWaitForTheirTurn) {
  ServerOptions options;
  options.limits.streams_of_connection = 2;
  Start(std::move(options));
  std::vector<std::thread> reads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 3; ++i) {
    reads.emplace_back([this, &answered] {
      grpc::ClientContext context;
      if (GetStudy(context).ok()) ++answered;
    });
  }
  coordinator_.AwaitHeld(2);
  EXPECT_EQ(coordinator_.held(), 2);
  // Another connection has its own.
  grpc::ClientContext context;
  SetPatience(context);
  v1::RenewLeasesRequest request;
  request.set_worker_id(kWorkerId);
  v1::RenewLeasesResponse response;
  EXPECT_TRUE(
      v1::WorkerService::NewStub(Channel(1))->RenewLeases(&context, request, &response).ok());
  EXPECT_EQ(coordinator_.held(), 2) << "the third one waits";
  coordinator_.Release();
  coordinator_.AwaitHeld(1);
  coordinator_.Release();
  for (std::thread& read : reads) read.join();
  EXPECT_EQ(answered, 3);
}

TEST_F(ServerLimitsTest, AConnectionHasAsManyCallsAsItMay) {
  ServerOptions options;
  options.limits.streams_of_connection = 3;
  Start(std::move(options));
  std::vector<std::thread> reads;
  for (int i = 0; i < 3; ++i) {
    reads.emplace_back([this] {
      grpc::ClientContext context;
      EXPECT_TRUE(GetStudy(context).ok());
    });
  }
  coordinator_.AwaitHeld(3);
  coordinator_.Release();
  for (std::thread& read : reads) read.join();
}

}  // namespace
}  // namespace caviar::server_api
