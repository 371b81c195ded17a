// A coordinator with its threads, in memory but for its files, and its calls in a few words.
#ifndef CAVIAR_TESTS_SERVER_COORDINATOR_THREADED_COORDINATOR_H_
#define CAVIAR_TESTS_SERVER_COORDINATOR_THREADED_COORDINATOR_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/coordinator/coordinator.h"
#include "storage/artifact_store.h"
#include "storage/memory_store.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {

class RealClock : public Clock {
 public:
  absl::Duration Steady() override { return absl::Now() - start_; }
  absl::Time Wall() override { return absl::Now(); }

 private:
  const absl::Time start_ = absl::Now() - absl::Hours(1);
};

// The answer of a call, waited for.
template <typename Response, typename Call>
absl::StatusOr<Response> Wait(const Call& call) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Response>>>();
  auto answer = promise->get_future();
  call([promise](absl::StatusOr<Response> response) { promise->set_value(std::move(response)); });
  return answer.get();
}

class ThreadedCoordinatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "caviar-coordinator-XXXXXX";
    directory_ = mkdtemp(name.data());
    artifacts_ =
        std::make_unique<storage::ArtifactStore>(*storage::ArtifactStore::Open(directory_));
    StartCoordinator();
  }
  void StartCoordinator() {
    coordinator_.reset();
    coordinator_ = *Coordinator::Start({store(), store(), *artifacts_, clock_, randomness_,
                                        [](absl::Status status) { ADD_FAILURE() << status; }},
                                       Options());
  }
  // What the coordinator keeps all in.
  virtual storage::MemoryStore& store() { return store_; }
  void TearDown() override {
    coordinator_.reset();
    std::filesystem::remove_all(directory_);
  }

  v1::RequestId NewRequestId() {
    v1::RequestId id;
    id.set_client_id("0123456789abcdef0123456789abcdef");
    id.set_sequence(++sequence_);
    return id;
  }

  void Create(v1::Study study) {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = NewRequestId();
    *request.mutable_study() = std::move(study);
    const auto created = Wait<v1::Study>(
        [&](Done<v1::Study> done) { coordinator_->CreateStudy(request, std::move(done)); });
    ASSERT_TRUE(created.ok()) << created.status();
  }

  std::string Register(const std::string& feature = "batch_norm_network") {
    v1::RegisterWorkerRequest request;
    *request.mutable_request_id() = NewRequestId();
    request.set_name("w");
    request.set_slots(1);
    request.add_features(feature);
    return Wait<v1::RegisterWorkerResponse>([&](Done<v1::RegisterWorkerResponse> done) {
             coordinator_->RegisterWorker(request, std::move(done));
           })
        ->worker_id();
  }

  absl::StatusOr<v1::AcquireWorkResponse> Acquire(const std::string& worker) {
    v1::AcquireWorkRequest request;
    *request.mutable_request_id() = NewRequestId();
    request.set_worker_id(worker);
    return Wait<v1::AcquireWorkResponse>([&](Done<v1::AcquireWorkResponse> done) {
      coordinator_->AcquireWork(request, std::move(done));
    });
  }

  // Runs one trial: a few measurements and the end.
  void RunTrial(const v1::TrialWork& work, const std::string& worker) {
    for (int step = 1; step <= 5; ++step) {
      v1::ReportMeasurementsRequest report;
      *report.mutable_token() = work.token();
      auto& measurement = *report.add_measurements();
      measurement.set_step(step);
      (*measurement.mutable_metrics())["validation_accuracy"] = 0.1 * step;
      EXPECT_TRUE(Wait<v1::ReportMeasurementsResponse>([&](auto done) {
                    coordinator_->ReportMeasurements(report, std::move(done));
                  }).ok());
      v1::RenewLeasesRequest renew;
      renew.set_worker_id(worker);
      *renew.add_tokens() = work.token();
      const auto renewed = Wait<v1::RenewLeasesResponse>(
          [&](auto done) { coordinator_->RenewLeases(renew, std::move(done)); });
      ASSERT_TRUE(renewed.ok());
      EXPECT_TRUE(renewed->leases(0).held());
    }
    v1::FinishWorkRequest finish;
    *finish.mutable_token() = work.token();
    finish.mutable_completed();
    EXPECT_TRUE(Wait<v1::FinishWorkResponse>([&](auto done) {
                  coordinator_->FinishWork(finish, std::move(done));
                }).ok());
  }

  absl::Status Report(const v1::FencingToken& token, int64_t step, double value) {
    v1::ReportMeasurementsRequest report;
    *report.mutable_token() = token;
    report.add_measurements()->set_step(step);
    (*report.mutable_measurements(0)->mutable_metrics())["validation_accuracy"] = value;
    return Wait<v1::ReportMeasurementsResponse>(
               [&](auto done) { coordinator_->ReportMeasurements(report, std::move(done)); })
        .status();
  }

  // The chunk of `file` at `offset`, or all that is left of it.
  absl::StatusOr<v1::UploadChunkResponse> Upload(const v1::FencingToken& token,
                                                 v1::Artifact::Kind kind, int64_t step,
                                                 const std::string& file, size_t offset = 0,
                                                 size_t size = std::string::npos) {
    v1::UploadChunkRequest request;
    *request.mutable_token() = token;
    request.set_kind(kind);
    request.set_step(step);
    request.set_size(static_cast<int64_t>(file.size()));
    request.set_crc32(storage::Crc32(file));
    request.set_offset(static_cast<int64_t>(offset));
    request.set_data(file.substr(offset, size));
    request.set_data_crc32(storage::Crc32(request.data()));
    return Wait<v1::UploadChunkResponse>(
        [&](auto done) { coordinator_->UploadChunk(request, std::move(done)); });
  }

  absl::StatusOr<std::string> Download(const v1::Artifact& artifact) {
    v1::DownloadChunkRequest request;
    *request.mutable_artifact() = artifact;
    const auto response = Wait<v1::DownloadChunkResponse>(
        [&](auto done) { coordinator_->DownloadChunk(request, std::move(done), nullptr); });
    if (!response.ok()) return response.status();
    return response->data();
  }

  absl::Status GiveBack(const v1::FencingToken& token) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = token;
    return Wait<v1::GiveBackWorkResponse>(
               [&](auto done) { coordinator_->GiveBackWork(request, std::move(done)); })
        .status();
  }

  // Waits for all that was to be removed: files are handled in their order.
  std::set<std::string> Files() {
    v1::UploadChunkRequest last;
    last.mutable_token()->set_counter(-1);
    (void)Wait<v1::UploadChunkResponse>(
        [&](auto done) { coordinator_->UploadChunk(last, std::move(done)); });
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file()) files.insert(entry.path().filename());
    }
    return files;
  }

  absl::Status Renew(const std::string& worker, bool leaving = false,
                     const std::vector<v1::FencingToken>& tokens = {}) {
    v1::RenewLeasesRequest request;
    request.set_worker_id(worker);
    request.set_leaving(leaving);
    request.mutable_tokens()->Assign(tokens.begin(), tokens.end());
    return Wait<v1::RenewLeasesResponse>(
               [&](auto done) { coordinator_->RenewLeases(request, std::move(done)); })
        .status();
  }

  // The first trial of study "s".
  v1::Trial Trial() {
    v1::GetTrialRequest request;
    request.set_study("s");
    return *Wait<v1::Trial>(
        [&](auto done) { coordinator_->GetTrial(request, std::move(done), nullptr); });
  }

  absl::StatusOr<v1::ListWorkersResponse> Workers() {
    return Wait<v1::ListWorkersResponse>(
        [&](auto done) { coordinator_->ListWorkers(std::move(done)); });
  }

  absl::StatusOr<Coordinator::StudyChanges> Changes(const std::string& study,
                                                    Coordinator::StudyPosition after = {}) {
    return Wait<Coordinator::StudyChanges>([&](Done<Coordinator::StudyChanges> done) {
      coordinator_->ReadStudyChanges(study, after, std::move(done));
    });
  }

  // By workers and clients: RESOURCE_EXHAUSTED is final to them.
  static void ExpectTriedAgain(const absl::Status& refused) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(
        std::string(refused.message()),
        ::testing::HasSubstr("the coordinator's disk is full, nothing was stored; make room"));
  }

  RealClock clock_;
  CountingRandomness randomness_;
  storage::MemoryStore store_;
  std::string directory_;
  std::unique_ptr<storage::ArtifactStore> artifacts_;
  std::unique_ptr<Coordinator> coordinator_;
  std::atomic<int64_t> sequence_ = 0;
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_TESTS_SERVER_COORDINATOR_THREADED_COORDINATOR_H_
