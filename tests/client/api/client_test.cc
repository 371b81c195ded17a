// The client against a real server on loopback.
#include "client/api/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "client/api/worker_client.h"
#include "server/api/server.h"
#include "tests/server/api/fake_coordinator.h"

namespace caviar::client {
namespace {

using server_api::FakeCoordinator;
using server_api::Server;
using testing::HasSubstr;

std::unique_ptr<Server> StartServer(FakeCoordinator& coordinator,
                                    const std::string& address = "127.0.0.1:0") {
  auto server = Server::Start(coordinator, address);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

std::unique_ptr<Client> Connect(const std::string& address,
                                absl::Duration patience = absl::Seconds(20)) {
  ClientOptions options;
  options.address = address;
  options.patience = patience;
  return Client::Connect(options);
}

// An address where nothing listens: a server had it and is gone.
std::string FreeAddress() {
  FakeCoordinator coordinator;
  return StartServer(coordinator)->address();
}

v1::StopStudyRequest StopRequest() {
  v1::StopStudyRequest request;
  request.set_study("mnist");
  return request;
}

TEST(Client, CallsAndGetsAnswers) {
  FakeCoordinator coordinator;
  coordinator.server_status.set_version("9.9");
  coordinator.workers.add_workers()->set_name("w");
  coordinator.list_studies = [](const v1::ListStudiesRequest& request) {
    v1::ListStudiesResponse response;
    response.set_next_page_token(request.page_token() + "2");
    return response;
  };
  const auto server = StartServer(coordinator);
  const auto client = Connect(server->address());
  EXPECT_EQ(client->GetServerStatus()->version(), "9.9");
  EXPECT_EQ(client->ListWorkers()->workers(0).name(), "w");
  v1::ListStudiesRequest request;
  request.set_page_token("1");
  EXPECT_EQ(client->ListStudies(request)->next_page_token(), "12");
}

TEST(Client, FetchesAPieceOfAModel) {
  FakeCoordinator coordinator;
  coordinator.download_model = [](const v1::DownloadModelRequest& request) {
    v1::DownloadModelResponse response;
    response.set_number(request.number());
    response.set_data(std::string(1 << 20, 'm'));
    return response;
  };
  const auto server = StartServer(coordinator);
  const auto client = Client::Connect({server->address()});
  v1::DownloadModelRequest request;
  request.set_study("mnist");
  request.set_number(3);
  const auto piece = client->DownloadModel(request);
  ASSERT_TRUE(piece.ok()) << piece.status();
  EXPECT_EQ(piece->number(), 3);
  EXPECT_EQ(piece->data().size(), 1u << 20);
}

TEST(Client, AsksForWhatTrialsSay) {
  FakeCoordinator coordinator;
  coordinator.get_importance = [](const v1::GetImportanceRequest& request) {
    v1::GetImportanceResponse response;
    response.set_method(request.metric());
    return response;
  };
  coordinator.lint_study = [](const v1::LintStudyRequest& request) {
    v1::LintStudyResponse response;
    response.add_findings()->set_code(request.definition().name());
    return response;
  };
  coordinator.replay_pruner = [](const v1::ReplayPrunerRequest& request) {
    v1::ReplayPrunerResponse response;
    *response.mutable_pruner() = request.pruner();
    return response;
  };
  const auto server = StartServer(coordinator);
  const auto client = Client::Connect({server->address()});
  v1::GetImportanceRequest importance;
  importance.set_study("mnist");
  importance.set_metric("loss");
  EXPECT_EQ(client->GetImportance(importance)->method(), "loss");
  v1::LintStudyRequest lint;
  lint.mutable_definition()->set_name("written");
  EXPECT_EQ(client->LintStudy(lint)->findings(0).code(), "written");
  v1::ReplayPrunerRequest replay;
  replay.set_study("mnist");
  replay.mutable_pruner()->set_eta(4);
  EXPECT_EQ(client->ReplayPruner(replay)->pruner().eta(), 4);
}

TEST(Crc32, OfPiecesIsThatOfTheWhole) {
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926u) << "the check value of CRC-32";
  EXPECT_EQ(Crc32("56789", Crc32("1234")), 0xCBF43926u);
  EXPECT_EQ(Crc32(""), 0u);
}

TEST(Client, ErrorsAreTheCoordinatorsOwn) {
  FakeCoordinator coordinator;
  const absl::Status refused =
      error::WithReason(absl::AlreadyExistsError("study \"mnist\" exists"), error::kNameTaken);
  coordinator.create_study = [&](const v1::CreateStudyRequest&) { return refused; };
  const auto server = StartServer(coordinator);
  v1::CreateStudyRequest request;
  request.mutable_study();
  EXPECT_EQ(Connect(server->address())->CreateStudy(request).status(), refused);
}

TEST(Client, RepeatsCarryTheSameRequestId) {
  FakeCoordinator coordinator;
  std::vector<v1::RequestId> ids;
  coordinator.stop_study = [&](const v1::StopStudyRequest& request) -> absl::StatusOr<v1::Study> {
    ids.push_back(request.request_id());
    if (ids.size() < 3) return absl::UnavailableError("the disk is full");
    return v1::Study();
  };
  const auto server = StartServer(coordinator);
  const auto client = Connect(server->address());
  EXPECT_TRUE(client->StopStudy(StopRequest()).ok());
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[0].SerializeAsString(), ids[2].SerializeAsString());
  EXPECT_TRUE(client->StopStudy(StopRequest()).ok());
  EXPECT_EQ(ids[3].client_id(), ids[0].client_id());
  EXPECT_EQ(ids[3].sequence(), ids[0].sequence() + 1);
}

TEST(Client, AddsATrialOnceHoweverOftenItTries) {
  FakeCoordinator coordinator;
  std::vector<v1::AddTrialRequest> requests;
  coordinator.add_trial = [&](const v1::AddTrialRequest& request) -> absl::StatusOr<v1::Trial> {
    requests.push_back(request);
    if (requests.size() < 2) return absl::UnavailableError("the disk is full");
    v1::Trial trial;
    trial.set_number(7);
    return trial;
  };
  const auto server = StartServer(coordinator);
  v1::AddTrialRequest request;
  request.set_study("mnist");
  (*request.mutable_parameters())["rate"].set_double_value(0.1);
  EXPECT_EQ(Connect(server->address())->AddTrial(request)->number(), 7);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_TRUE(requests[0].has_request_id());
  EXPECT_EQ(requests[0].SerializeAsString(), requests[1].SerializeAsString());
}

// As gRPC does with what comes in or still runs while a coordinator shuts down, and with a stream
// that the other side drops.
TEST(Client, WhatTheCoordinatorCutsOffIsTriedAgain) {
  for (const absl::Status& cut :
       {absl::CancelledError(""),
        absl::ResourceExhaustedError("Received RST_STREAM with error code 11")}) {
    FakeCoordinator coordinator;
    int tries = 0;
    coordinator.stop_study = [&](const v1::StopStudyRequest&) -> absl::StatusOr<v1::Study> {
      if (++tries < 3) return cut;
      return v1::Study();
    };
    const auto server = StartServer(coordinator);
    EXPECT_TRUE(Connect(server->address())->StopStudy(StopRequest()).ok());
    EXPECT_EQ(tries, 3);
    tries = 0;
    const absl::Status status =
        Connect(server->address(), absl::ZeroDuration())->StopStudy(StopRequest()).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(error::Detail(status), std::nullopt) << "it cannot say that it is there";
    EXPECT_THAT(std::string(status.message()), HasSubstr(server->address()));
  }
}

TEST(Client, SaysThatNobodyAnswersAtTheAddress) {
  const std::string address = FreeAddress();
  const auto client = Connect(address, absl::ZeroDuration());
  const absl::Status status = client->GetServerStatus().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(error::Detail(status), std::nullopt);
  EXPECT_EQ(status.message(), "no coordinator answers at " + address + ": Connection refused");
}

TEST(Client, WaitsForACoordinatorThatComesUpLater) {
  const std::string address = FreeAddress();
  FakeCoordinator coordinator;
  coordinator.server_status.set_version("late");
  const auto client = Connect(address);
  EXPECT_FALSE(Connect(address, absl::ZeroDuration())->GetServerStatus().ok());
  std::atomic<bool> answered = false;
  std::thread caller([&] {
    EXPECT_EQ(client->GetServerStatus()->version(), "late");
    answered = true;
  });
  const auto server = StartServer(coordinator, address);
  caller.join();
  EXPECT_TRUE(answered);
}

TEST(Client, NoticesSoonThatTheCoordinatorIsBack) {
  const std::string address = FreeAddress();
  const auto client = Connect(address, absl::ZeroDuration());
  EXPECT_FALSE(client->GetServerStatus().ok());
  FakeCoordinator coordinator;
  const auto server = StartServer(coordinator, address);
  const absl::Time start = absl::Now();
  while (!client->GetServerStatus().ok()) {
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

// A watched study whose message number k has k commits; it is over after `last`.
void ScriptWatch(FakeCoordinator& coordinator, int64_t last) {
  coordinator.read_study_changes = [last](const std::string& name,
                                          std::optional<FakeCoordinator::StudyPosition> after)
      -> absl::StatusOr<FakeCoordinator::StudyChanges> {
    FakeCoordinator::StudyChanges changes;
    changes.position.commit = after->commit + 1;
    changes.over = changes.position.commit == last;
    changes.response.mutable_study()->set_name(name);
    return changes;
  };
}

v1::WatchStudyRequest WatchRequest() {
  v1::WatchStudyRequest request;
  request.set_study("mnist");
  request.set_include_finished(true);
  return request;
}

TEST(Client, WatchesUntilTheStudyIsOver) {
  FakeCoordinator coordinator;
  ScriptWatch(coordinator, /*last=*/2);
  const auto server = StartServer(coordinator);
  int messages = 0;
  EXPECT_TRUE(Connect(server->address())
                  ->WatchStudy(WatchRequest(),
                               [&](const v1::WatchStudyResponse&) {
                                 ++messages;
                                 coordinator.Changed();
                                 return true;
                               })
                  .ok());
  EXPECT_EQ(messages, 2);
}

TEST(Client, AWatchEndsWhenTheCallerHasSeenEnough) {
  FakeCoordinator coordinator;
  ScriptWatch(coordinator, /*last=*/-1);
  const auto server = StartServer(coordinator);
  EXPECT_TRUE(Connect(server->address())
                  ->WatchStudy(WatchRequest(), [](const v1::WatchStudyResponse&) { return false; })
                  .ok());
  coordinator.AwaitNoListeners();
}

TEST(Client, AWatchCanBeCancelledFromAnotherThread) {
  FakeCoordinator coordinator;
  ScriptWatch(coordinator, /*last=*/-1);
  const auto server = StartServer(coordinator);
  const auto client = Connect(server->address());
  std::thread canceller;
  const absl::Status status =
      client->WatchStudy(WatchRequest(), [&](const v1::WatchStudyResponse&) {
        canceller = std::thread([&] { client->CancelWaiting(); });
        return true;
      });
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST(Client, AWatchThatTheCoordinatorCutsOffWasNotCancelled) {
  FakeCoordinator coordinator;
  coordinator.read_study_changes = [](const std::string&,
                                      std::optional<FakeCoordinator::StudyPosition>)
      -> absl::StatusOr<FakeCoordinator::StudyChanges> { return absl::CancelledError(""); };
  const auto server = StartServer(coordinator);
  const absl::Status status =
      Connect(server->address())->WatchStudy(WatchRequest(), [](const v1::WatchStudyResponse&) {
        return true;
      });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(Client, AnAskIsCancelledFromAnotherThreadAndStaysSo) {
  FakeCoordinator coordinator;
  const auto server = StartServer(coordinator);
  const auto client = Connect(server->address());
  v1::AskTrialRequest request;
  request.set_study("mnist");
  std::thread canceller([&] {
    coordinator.AwaitParked();
    client->CancelWaiting();
  });
  EXPECT_TRUE(absl::IsCancelled(client->AskTrial(request).status()));
  canceller.join();
  coordinator.AwaitCancelled();
  EXPECT_TRUE(absl::IsCancelled(client->AskTrial(request).status()));
  EXPECT_TRUE(client->GetServerStatus().ok()) << "which waits for nothing";
}

TEST(Client, AnAskThatWaitsForItsNextTryIsCancelledToo) {
  FakeCoordinator coordinator;
  const auto server = StartServer(coordinator);
  const auto client = Connect(server->address(), /*patience=*/absl::Hours(2));
  v1::RpcStatus rpc;
  v1::ErrorDetail detail;
  detail.mutable_retry_delay()->set_seconds(3600);
  rpc.add_details()->PackFrom(detail);
  const absl::Status busy =
      error::ParseDetail(absl::ResourceExhaustedError("busy"), rpc.SerializeAsString());
  std::thread canceller([&] {
    coordinator.AnswerAsk(coordinator.AwaitParked(), busy);
    absl::SleepFor(absl::Milliseconds(100));  // most likely it waits by then
    client->CancelWaiting();
  });
  v1::AskTrialRequest request;
  request.set_study("mnist");
  EXPECT_TRUE(absl::IsCancelled(client->AskTrial(request).status()));
  canceller.join();
}

TEST(Client, AWatchOfACoordinatorThatIsNotThereSaysSo) {
  const std::string address = FreeAddress();
  const absl::Status status = Connect(address)->WatchStudy(
      WatchRequest(), [](const v1::WatchStudyResponse&) { return true; });
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(WorkerClient, FilesGoAndComeInChecksummedChunks) {
  FakeCoordinator coordinator;
  std::string stored;
  coordinator.upload_chunk =
      [&](const v1::UploadChunkRequest& request) -> absl::StatusOr<v1::UploadChunkResponse> {
    EXPECT_EQ(request.data_crc32(), Crc32(request.data()));
    stored.resize(request.offset());
    stored += request.data();
    v1::UploadChunkResponse response;
    response.set_received(static_cast<int64_t>(stored.size()));
    return response;
  };
  coordinator.download_chunk =
      [&](const v1::DownloadChunkRequest& request) -> absl::StatusOr<v1::DownloadChunkResponse> {
    v1::DownloadChunkResponse response;
    response.set_data(stored.substr(request.offset(), kChunkBytes));
    response.set_data_crc32(Crc32(response.data()) + (request.artifact().trial() == 1 ? 1 : 0));
    return response;
  };
  const auto server = StartServer(coordinator);
  const auto client = WorkerClient::Connect({server->address(), absl::Seconds(20)});
  std::string file(kChunkBytes + 5, 'w');
  file.back() = '!';
  v1::FencingToken token;
  token.set_epoch(1);
  token.set_counter(1);
  const uint32_t crc32 = Crc32(file);
  EXPECT_EQ(*client->UploadChunk(token, v1::Artifact::WEIGHTS, 3, file, crc32, 0), kChunkBytes);
  EXPECT_EQ(*client->UploadChunk(token, v1::Artifact::WEIGHTS, 3, file, crc32, kChunkBytes),
            kChunkBytes + 5);
  EXPECT_EQ(stored, file);

  v1::Artifact artifact;
  artifact.set_study("mnist");
  artifact.set_attempt(1);
  artifact.set_kind(v1::Artifact::WEIGHTS);
  artifact.set_size(static_cast<int64_t>(file.size()));
  EXPECT_EQ(*client->DownloadChunk(artifact, kChunkBytes), "wwww!");
  EXPECT_TRUE(absl::IsDataLoss(client->DownloadChunk(artifact, kChunkBytes + 5).status()));
  artifact.set_trial(1);
  EXPECT_TRUE(absl::IsDataLoss(client->DownloadChunk(artifact, 0).status()));
}

TEST(WorkerClient, LogsGoAndCodeComesInPieces) {
  FakeCoordinator coordinator;
  std::string log;
  coordinator.append_log =
      [&](const v1::AppendLogRequest& request) -> absl::StatusOr<v1::AppendLogResponse> {
    EXPECT_EQ(request.token().counter(), 7);
    if (request.offset() > static_cast<int64_t>(log.size())) return absl::OutOfRangeError("gap");
    log += request.data();
    v1::AppendLogResponse response;
    response.set_size(static_cast<int64_t>(log.size()));
    return response;
  };
  const std::string hash(64, 'a');
  coordinator.download_code =
      [&](const v1::DownloadCodeRequest& request) -> absl::StatusOr<v1::DownloadCodeResponse> {
    v1::DownloadCodeResponse response;
    response.set_data(std::string("code").substr(request.offset()));
    response.set_data_crc32(Crc32(response.data()) + (request.sha256() == hash ? 0 : 1));
    return response;
  };
  const auto server = StartServer(coordinator);
  const auto client = WorkerClient::Connect({server->address(), absl::Seconds(20)});
  v1::FencingToken token;
  token.set_epoch(1);
  token.set_counter(7);
  EXPECT_EQ(*client->AppendLog(token, 0, "one ", absl::Seconds(20)), 4);
  EXPECT_EQ(*client->AppendLog(token, 4, "two", absl::Seconds(20)), 7);
  EXPECT_EQ(*client->AppendLog(token, 0, "", absl::Seconds(20)), 7);
  EXPECT_TRUE(absl::IsOutOfRange(client->AppendLog(token, 9, "x", absl::Seconds(20)).status()));
  EXPECT_EQ(log, "one two");
  EXPECT_EQ(*client->DownloadCode(hash, 1), "ode");
  EXPECT_EQ(*client->DownloadCode(hash, 4), "") << "its end";
  EXPECT_TRUE(absl::IsDataLoss(client->DownloadCode(std::string(64, 'b'), 0).status()));
}

TEST(WorkerClient, AnAcquireIsCancelledFromAnotherThreadAndStaysSo) {
  FakeCoordinator coordinator;
  const auto server = StartServer(coordinator);
  const auto client = WorkerClient::Connect({server->address(), absl::Seconds(20)});
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = client->NextRequestId();
  request.set_worker_id(request.request_id().client_id());
  std::thread canceller([&] {
    coordinator.AwaitParked();
    client->CancelWaiting();
  });
  EXPECT_TRUE(absl::IsCancelled(client->Acquire(request).status()));
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(client->Acquire(request).status()));
  EXPECT_TRUE(absl::IsUnimplemented(client
                                        ->Renew(
                                            [&] {
                                              v1::RenewLeasesRequest renew;
                                              renew.set_worker_id(request.worker_id());
                                              return renew;
                                            }(),
                                            absl::Seconds(20))
                                        .status()));
}

}  // namespace
}  // namespace caviar::client
