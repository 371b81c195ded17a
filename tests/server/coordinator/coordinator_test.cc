// The coordinator with its threads, called from many at once.
#include "server/coordinator/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "storage/artifact_store.h"
#include "storage/memory_store.h"
#include "tests/server/coordinator/command_study.h"
#include "tests/storage/no_room.h"

namespace caviar::coordinator {
namespace {

using testing::HasSubstr;

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
    coordinator_ = *Coordinator::Start({store_, store_, *artifacts_, clock_, randomness_,
                                        [](absl::Status status) { ADD_FAILURE() << status; }},
                                       Options());
  }
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
        [&](auto done) { coordinator_->DownloadChunk(request, std::move(done)); });
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
    return *Wait<v1::Trial>([&](auto done) { coordinator_->GetTrial(request, std::move(done)); });
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
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr("the coordinator's disk is full, nothing was stored; make room"));
  }

  RealClock clock_;
  CountingRandomness randomness_;
  storage::MemoryStore store_;
  std::string directory_;
  std::unique_ptr<storage::ArtifactStore> artifacts_;
  std::unique_ptr<Coordinator> coordinator_;
  std::atomic<int64_t> sequence_ = 0;
};

TEST_F(ThreadedCoordinatorTest, ManyWorkersShareAStudyToItsEnd) {
  constexpr int kTrials = 200;
  Create(NetworkStudy("s", kTrials));
  std::atomic<int> heard = 0;
  const int64_t listener = coordinator_->Listen("s", [&] { ++heard; });
  std::atomic<int> done = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&] {
      const std::string worker = Register();
      while (done < kTrials) {
        const auto work = Acquire(worker);
        ASSERT_TRUE(work.ok()) << work.status();
        if (!work->has_trial()) break;
        RunTrial(work->trial(), worker);
        // The last one lets the others' parked calls go.
        if (++done == kTrials) coordinator_->Drain();
      }
    });
  }
  // Beside them somebody looks on, again and again.
  std::thread onlooker([&] {
    Coordinator::StudyPosition seen;
    while (done < kTrials) {
      const int64_t id = coordinator_->Listen("s", [] {});
      seen = Changes("s", seen)->position;
      EXPECT_TRUE(Workers().ok());
      coordinator_->StopListening(id);
    }
  });
  // One more has nothing to do, and says all the time that it is there.
  std::thread idle([&, worker = Register()] {
    while (done < kTrials) EXPECT_TRUE(Renew(worker).ok());
  });
  for (std::thread& worker : workers) worker.join();
  onlooker.join();
  idle.join();
  coordinator_->StopListening(listener);
  EXPECT_GT(heard, 0) << "once a commit, and a commit may hold many changes";
  const auto changes = Changes("s");
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->over);
  EXPECT_EQ(changes->response.finished_size(), kTrials);
  EXPECT_EQ(changes->response.study().trial_counts().completed(), kTrials);
  EXPECT_EQ(Changes("s", changes->position)->response.finished_size(), 0);
}

TEST_F(ThreadedCoordinatorTest, AWorkerThatSaidSoHasLeft) {
  const std::string worker = Register();
  const auto listed = [&] { return Workers()->workers(0); };
  EXPECT_TRUE(Renew(worker).ok());
  EXPECT_FALSE(listed().left());
  EXPECT_EQ(listed().state(), v1::Worker::ALIVE);
  EXPECT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_TRUE(listed().left());
  EXPECT_EQ(listed().state(), v1::Worker::SILENT) << "as those who do not know `left` read it";
  EXPECT_TRUE(Renew(worker).ok());
  EXPECT_FALSE(listed().left()) << "it is there all the same";
  StartCoordinator();
  EXPECT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_TRUE(listed().left()) << "its first word to this process";
}

TEST_F(ThreadedCoordinatorTest, AGrantThatAGoodbyeCrossedWaitsForAnotherWorkerAtOnce) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  ASSERT_TRUE(Acquire(worker)->has_trial());
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_EQ(Trial().state(), v1::Trial::WAITING);
  EXPECT_TRUE(Workers()->workers(0).left());
  const std::string other = Register();
  const auto again = Acquire(other)->trial();
  EXPECT_EQ(again.attempt(), 2);
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok()) << "a repeat";
  RunTrial(again, other);
}

TEST_F(ThreadedCoordinatorTest, ALeaseThatAGoodbyeNamesStands) {
  Create(NetworkStudy("s", 2));
  const std::string worker = Register();
  const auto named = Acquire(worker)->trial();
  ASSERT_TRUE(Acquire(worker)->has_trial());
  ASSERT_TRUE(Renew(worker, /*leaving=*/true, {named.token()}).ok());
  EXPECT_EQ(Trial().state(), v1::Trial::RUNNING);
  EXPECT_EQ(Workers()->workers(0).busy_slots(), 1);
}

TEST_F(ThreadedCoordinatorTest, AnAcquireThatWaitsAtTheGoodbyeGetsNothing) {
  const std::string worker = Register();
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_worker_id(worker);
  std::promise<absl::StatusOr<v1::AcquireWorkResponse>> answer;
  coordinator_->AcquireWork(request, [&](auto response) { answer.set_value(response); });
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  Create(NetworkStudy("s", 1));
  const auto response = answer.get_future().get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->has_trial());
  EXPECT_EQ(Acquire(Register())->trial().attempt(), 1);
}

TEST_F(ThreadedCoordinatorTest, AnAcquireThatTheGoodbyeOvertookGetsNothing) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  const auto late = Acquire(worker);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_FALSE(late->has_trial());
  EXPECT_TRUE(Workers()->workers(0).left());
  ASSERT_TRUE(Renew(worker).ok());
  EXPECT_TRUE(Acquire(worker)->has_trial()) << "it is there all the same";
}

TEST_F(ThreadedCoordinatorTest, AFileComesInChunksAndIsReadBack) {
  Create(NetworkStudy("s"));
  const std::string worker = Register();
  const auto work = Acquire(worker);
  std::string file(300'000, '\0');
  for (size_t i = 0; i < file.size(); ++i) file[i] = static_cast<char>(i * 31 % 251);
  const auto upload = [&](size_t offset, size_t size) {
    return Upload(work->trial().token(), v1::Artifact::WEIGHTS, 1, file, offset, size);
  };
  EXPECT_EQ(upload(0, 100'000)->received(), 100'000);
  EXPECT_EQ(upload(0, 100'000)->received(), 100'000) << "a chunk may be repeated";
  EXPECT_EQ(upload(100'000, 200'000)->received(), 300'000);
  EXPECT_EQ(upload(100'000, 200'000)->received(), 300'000) << "and the last one too";
  EXPECT_EQ(upload(50'000, 100'000).status().code(), absl::StatusCode::kOutOfRange);

  v1::Artifact artifact;
  artifact.set_study("s");
  artifact.set_attempt(1);
  artifact.set_kind(v1::Artifact::WEIGHTS);
  artifact.set_step(1);
  const auto back = Download(artifact);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, file);
  artifact.set_step(2);
  const absl::Status missing = Download(artifact).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), testing::HasSubstr("WEIGHTS of attempt 1, step 2"));
}

TEST_F(ThreadedCoordinatorTest, ACheckpointTravelsFromOneAttemptToTheNext) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  v1::FencingToken token = Acquire(worker)->trial().token();
  EXPECT_EQ(Upload(token, v1::Artifact::CHECKPOINT, 1, "early").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Files(), testing::IsEmpty()) << "what was refused is not kept";
  ASSERT_TRUE(Report(token, 1, 0.5).ok());
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "state after step 1").ok());
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "some updates later").ok());
  // One that is given up in the middle, and one that takes its room.
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, std::string(1000, 'x'), 0, 500).ok());
  EXPECT_EQ(Files().size(), 2u);
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, std::string(900, 'y'), 0, 400).ok());
  EXPECT_EQ(Files().size(), 2u);
  ASSERT_TRUE(GiveBack(token).ok());

  auto work = Acquire(worker)->trial();
  ASSERT_TRUE(work.has_checkpoint());
  EXPECT_EQ(*Download(work.checkpoint()), "some updates later");
  EXPECT_EQ(work.checkpoint().crc32(), storage::Crc32("some updates later"));
  ASSERT_TRUE(Report(work.token(), 2, 0.4).ok());
  const std::string file(300'000, 'z');
  ASSERT_TRUE(Upload(work.token(), v1::Artifact::CHECKPOINT, 2, file, 0, 200'000).ok());
  EXPECT_EQ(Upload(work.token(), v1::Artifact::CHECKPOINT, 2, file, 200'000)->received(), 300'000);
  EXPECT_EQ(Upload(work.token(), v1::Artifact::CHECKPOINT, 2, file, 200'000)->received(), 300'000)
      << "its answer was lost";
  EXPECT_EQ(Files().size(), 1u);
  ASSERT_TRUE(Upload(work.token(), v1::Artifact::WEIGHTS, 1, "weights").ok());
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.token();
  finish.mutable_completed();
  ASSERT_TRUE(Wait<v1::FinishWorkResponse>([&](auto done) {
                coordinator_->FinishWork(finish, std::move(done));
              }).ok());
  const std::string weights =
      absl::StrCat("2-weights-1-", absl::Hex(storage::Crc32("weights"), absl::kZeroPad8), "-4.bin");
  EXPECT_THAT(Files(), testing::ElementsAre(weights));

  v1::GetTrialRequest request;
  request.set_study("s");
  const auto trial =
      Wait<v1::Trial>([&](auto done) { coordinator_->GetTrial(request, std::move(done)); });
  ASSERT_TRUE(trial.ok()) << trial.status();
  ASSERT_EQ(trial->measurements_size(), 2) << "of both attempts";
  EXPECT_EQ(trial->measurements(0).metrics().at("validation_accuracy"), 0.5);
  EXPECT_EQ(trial->measurements(1).metrics().at("validation_accuracy"), 0.4);
  EXPECT_EQ(trial->objective(), 0.5);
  EXPECT_EQ(trial->objective_step(), 1);
  EXPECT_EQ(trial->weights_file(), absl::StrCat("artifacts/1/0/", weights))
      << "the checkpoint carried them";
  EXPECT_EQ(trial->attempts(1).parent_attempt(), 1);
  EXPECT_EQ(trial->attempts(1).resumed_from_step(), 1);
}

// A chunk may come twice; its file may be gone by then.
TEST_F(ThreadedCoordinatorTest, TheLastChunkOfAFileThatWasRefusedIsNoFile) {
  Create(NetworkStudy("s", 1));
  const v1::FencingToken token = Acquire(Register())->trial().token();
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "state", 0, 2).ok());
  EXPECT_EQ(Upload(token, v1::Artifact::CHECKPOINT, 1, "state", 2).status().code(),
            absl::StatusCode::kFailedPrecondition)
      << "before its measurements";
  ASSERT_TRUE(Report(token, 1, 0.5).ok());
  EXPECT_EQ(Upload(token, v1::Artifact::CHECKPOINT, 1, "state", 2).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_THAT(Files(), testing::IsEmpty());
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "state").ok());
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(ThreadedCoordinatorTest, OtherBytesForAStepAreAnotherFileUntilTheirRowIsThere) {
  Create(NetworkStudy("s", 1));
  const v1::FencingToken token = Acquire(Register())->trial().token();
  for (const auto kind : {v1::Artifact::WEIGHTS, v1::Artifact::MODEL}) {
    ASSERT_TRUE(Upload(token, kind, 1, "some").ok());
    const std::set<std::string> before = Files();
    store_.SetBeforeApply([](const auto&) { return absl::UnavailableError("a disk"); });
    EXPECT_FALSE(Upload(token, kind, 1, "others").ok());
    store_.SetBeforeApply(nullptr);
    const std::set<std::string> after = Files();
    EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()));
    ASSERT_TRUE(Upload(token, kind, 1, "others").ok());
  }
}

TEST_F(ThreadedCoordinatorTest, AFileOfOneChunkIsThereOnceHoweverOftenItsRowHasNoRoom) {
  Create(NetworkStudy("s", 1));
  const v1::FencingToken token = Acquire(Register())->trial().token();
  ASSERT_TRUE(Report(token, 1, 0.5).ok());
  store_.SetBeforeApply([](const auto&) { return absl::ResourceExhaustedError("full"); });
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(Upload(token, v1::Artifact::WEIGHTS, 1, "some").status()));
    EXPECT_TRUE(absl::IsUnavailable(Upload(token, v1::Artifact::CHECKPOINT, 1, "state").status()));
  }
  EXPECT_EQ(Files().size(), 2u);
  store_.SetBeforeApply(nullptr);
  ASSERT_TRUE(Upload(token, v1::Artifact::WEIGHTS, 1, "some").ok());
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "state").ok());
  EXPECT_EQ(Files().size(), 2u);
  EXPECT_EQ(store_.Load()->artifacts.size(), 2u);
}

// As releases before this one named them.
TEST_F(ThreadedCoordinatorTest, WeightsOfAnOlderNameGiveWayToOthers) {
  Create(NetworkStudy("s", 1));
  const v1::FencingToken token = Acquire(Register())->trial().token();
  ASSERT_TRUE(Upload(token, v1::Artifact::WEIGHTS, 1, "weights").ok());
  storage::ArtifactRow row = store_.Load()->artifacts.front();
  const std::string older = "artifacts/1/0/1-weights-1.bin";
  std::filesystem::rename(directory_ + "/" + row.file, directory_ + "/" + older);
  row.file = older;
  coordinator_.reset();
  ASSERT_TRUE(store_.Apply({row}, store_.Load()->commit + 1).ok());
  StartCoordinator();
  EXPECT_THAT(Files(), testing::ElementsAre("1-weights-1.bin"));
  ASSERT_TRUE(Upload(token, v1::Artifact::WEIGHTS, 1, "better").ok());
  EXPECT_THAT(Files(), testing::ElementsAre(testing::StartsWith("1-weights-1-")));
}

TEST_F(ThreadedCoordinatorTest, AtItsStartItRemovesFilesThatNoRowNames) {
  Create(NetworkStudy("s"));
  const v1::FencingToken token = Acquire(Register())->trial().token();
  ASSERT_TRUE(Report(token, 1, 0.5).ok());
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "kept").ok());
  const std::set<std::string> kept = Files();
  ASSERT_EQ(kept.size(), 1u);
  ASSERT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "unfinished", 0, 2).ok());
  for (const char* orphan : {"artifacts/1/0/1-checkpoint-0.bin", "artifacts/1/5/file",
                             "artifacts/77/0/1-weights-1.bin"}) {
    ASSERT_TRUE(artifacts_->Write(orphan, 0, "x").ok());
    ASSERT_TRUE(artifacts_->Commit(orphan, 1, storage::Crc32("x")).ok());
  }
  EXPECT_EQ(Files().size(), 5u);
  StartCoordinator();
  EXPECT_EQ(Files(), kept);
  EXPECT_EQ(Upload(token, v1::Artifact::CHECKPOINT, 1, "unfinished", 2).status().code(),
            absl::StatusCode::kOutOfRange)
      << "sent again from its start";
  EXPECT_TRUE(Upload(token, v1::Artifact::CHECKPOINT, 1, "unfinished").ok());
}

TEST_F(ThreadedCoordinatorTest, AModelGoesHomeOnceItsTrialIsCompleted) {
  Create(NetworkStudy("s"));
  const std::string worker = Register();
  const auto work = Acquire(worker);
  v1::UploadChunkRequest upload;
  *upload.mutable_token() = work->trial().token();
  upload.set_kind(v1::Artifact::MODEL);
  upload.set_step(5);
  upload.set_data("onnx");
  upload.set_size(4);
  upload.set_crc32(storage::Crc32("onnx"));
  upload.set_data_crc32(storage::Crc32("onnx"));
  ASSERT_TRUE(Wait<v1::UploadChunkResponse>([&](auto done) {
                coordinator_->UploadChunk(upload, std::move(done));
              }).ok());
  const auto download = [&] {
    v1::DownloadModelRequest request;
    request.set_study("s");
    return Wait<v1::DownloadModelResponse>(
        [&](auto done) { coordinator_->DownloadModel(request, std::move(done)); });
  };
  EXPECT_EQ(download().status().code(), absl::StatusCode::kNotFound);
  RunTrial(work->trial(), worker);
  const auto model = download();
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->data(), "onnx");
  EXPECT_THAT(Files(), testing::ElementsAre(testing::MatchesRegex("1-model-5-.*-0.onnx")));
}

TEST_F(ThreadedCoordinatorTest, AFileUnderAStaleTokenIsRefused) {
  v1::UploadChunkRequest request;
  request.mutable_token()->set_epoch(1);
  request.mutable_token()->set_counter(99);
  const auto refused = Wait<v1::UploadChunkResponse>(
      [&](auto done) { coordinator_->UploadChunk(request, std::move(done)); });
  EXPECT_TRUE(error::HasReason(refused.status(), error::kLeaseLost));
}

TEST_F(ThreadedCoordinatorTest, AFileThatTheDiskHasNoRoomForIsToBeSentAgain) {
  Create(NetworkStudy("s"));
  const auto work = Acquire(Register());
  const std::string file(2000, 'x');
  const auto upload = [&] { return Upload(work->trial().token(), v1::Artifact::WEIGHTS, 1, file); };
  {
    const storage::NoRoom no_room(1000);
    ExpectTriedAgain(upload().status());
  }
  EXPECT_EQ(upload()->received(), 2000);
}

TEST_F(ThreadedCoordinatorTest, ALogThatTheDiskHasNoRoomForIsToBeSentAgain) {
  Create(CommandStudy("s"));
  v1::AppendLogRequest request;
  *request.mutable_token() = Acquire(Register("command"))->trial().token();
  request.set_data(std::string(2000, 'x'));
  const auto append = [&] {
    return Wait<v1::AppendLogResponse>(
        [&](auto done) { coordinator_->AppendLog(request, std::move(done)); });
  };
  {
    const storage::NoRoom no_room(1000);
    ExpectTriedAgain(append().status());
  }
  EXPECT_EQ(append()->size(), 2000);
}

TEST_F(ThreadedCoordinatorTest, CodeThatTheDiskHasNoRoomForIsRefusedAtOnce) {
  const std::string code(2000, 'x');
  v1::UploadCodeRequest request;
  request.mutable_archive()->set_sha256(vocabulary::Sha256(code));
  request.mutable_archive()->set_size(2000);
  request.mutable_archive()->set_crc32(storage::Crc32(code));
  request.set_data(code);
  const storage::NoRoom no_room(1000);
  const absl::Status refused = Wait<v1::UploadCodeResponse>([&](auto done) {
                                 coordinator_->UploadCode(request, std::move(done));
                               }).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("disk is full"));
}

TEST_F(ThreadedCoordinatorTest, AStudyWhoseCodeIsNotThereIsRefused) {
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = NewRequestId();
  *request.mutable_study() = CommandStudy("s");
  v1::Code& code = *request.mutable_study()->mutable_trainer()->mutable_command()->mutable_code();
  code.set_upload(".");
  v1::CodeArchive& archive = *code.mutable_archive();
  archive.set_sha256(vocabulary::Sha256("code"));
  archive.set_size(4);
  archive.set_crc32(storage::Crc32("code"));
  const auto create = [&] {
    return Wait<v1::Study>([&](auto done) { coordinator_->CreateStudy(request, std::move(done)); });
  };
  EXPECT_TRUE(error::HasReason(create().status(), error::kCodeMissing));
  request.mutable_study()->clear_parameters();
  EXPECT_TRUE(error::HasReason(create().status(), error::kInvalidField)) << "what is wrong first";
  *request.mutable_study()->mutable_parameters() = CommandStudy("s").parameters();
  v1::UploadCodeRequest upload;
  *upload.mutable_archive() = archive;
  upload.set_data("code");
  EXPECT_TRUE(Wait<v1::UploadCodeResponse>([&](auto done) {
                coordinator_->UploadCode(upload, std::move(done));
              }).ok());
  EXPECT_TRUE(create().ok());
}

TEST_F(ThreadedCoordinatorTest, WhatAProgramPrintsIsReadWhileItRunsAndAfterwards) {
  Create(CommandStudy("s"));
  const std::string worker = Register("command");
  const auto work = Acquire(worker)->trial();
  const auto read = [&](int64_t offset, int32_t attempt = 0) {
    v1::ReadLogRequest request;
    request.set_study("s");
    request.set_offset(offset);
    request.set_attempt(attempt);
    return Wait<v1::ReadLogResponse>(
        [&](auto done) { coordinator_->ReadLog(request, std::move(done)); });
  };
  EXPECT_EQ(read(0)->size(), 0) << "nothing yet";
  EXPECT_FALSE(read(0)->ended());
  EXPECT_EQ(read(0, 2).status().code(), absl::StatusCode::kNotFound);
  v1::AppendLogRequest append;
  *append.mutable_token() = work.token();
  append.set_data("epoch 1\n");
  ASSERT_TRUE(Wait<v1::AppendLogResponse>([&](auto done) {
                coordinator_->AppendLog(append, std::move(done));
              }).ok());
  EXPECT_EQ(read(0)->data(), "epoch 1\n");
  EXPECT_EQ(read(-3)->data(), " 1\n") << "from the end";
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.token();
  finish.mutable_failed()->set_message("x");
  ASSERT_TRUE(Wait<v1::FinishWorkResponse>([&](auto done) {
                coordinator_->FinishWork(finish, std::move(done));
              }).ok());
  StartCoordinator();  // which removes files that nobody needs
  EXPECT_EQ(read(0, 1)->data(), "epoch 1\n");
  EXPECT_TRUE(read(0)->ended());
  EXPECT_EQ(read(100)->data(), "");
}

TEST_F(ThreadedCoordinatorTest, AnAskerIsToldThatAnotherValueStays) {
  Create(ExternalStudy("s"));
  v1::AskTrialRequest ask;
  *ask.mutable_request_id() = NewRequestId();
  ask.set_study("s");
  ask.mutable_lease()->set_seconds(3600);
  const auto asked =
      Wait<v1::AskTrialResponse>([&](auto done) { coordinator_->AskTrial(ask, std::move(done)); });
  ASSERT_TRUE(asked.ok()) << asked.status();
  std::vector<int> conflicts;
  for (const double value : {0.5, 0.9}) {
    v1::ReportTrialRequest report;
    report.set_study("s");
    report.set_number(asked->trial().number());
    *report.mutable_token() = asked->token();
    report.add_measurements()->set_step(1);
    (*report.mutable_measurements(0)->mutable_metrics())["accuracy"] = value;
    const auto reported = Wait<v1::ReportTrialResponse>(
        [&](auto done) { coordinator_->ReportTrial(report, std::move(done)); });
    ASSERT_TRUE(reported.ok()) << reported.status();
    conflicts.push_back(reported->conflicts());
  }
  EXPECT_EQ(conflicts, (std::vector{0, 1}));
}

TEST_F(ThreadedCoordinatorTest, AnAskThatReachesNobodyBlocksNoOther) {
  v1::Study definition = ExternalStudy("s");
  definition.mutable_limits()->set_parallel(1);
  Create(definition);
  std::vector<int> numbers;
  for (int i = 0; i < 3; ++i) {
    v1::AskTrialRequest ask;
    *ask.mutable_request_id() = NewRequestId();
    ask.set_study("s");
    const auto asked = Wait<v1::AskTrialResponse>(
        [&](auto done) { coordinator_->AskTrial(ask, std::move(done)); });
    ASSERT_TRUE(asked.ok()) << asked.status();
    numbers.push_back(asked->trial().number());
    coordinator_->LoseAnswer(asked->token());
  }
  EXPECT_EQ(numbers, (std::vector{0, 0, 0}));
}

TEST_F(ThreadedCoordinatorTest, AnAcquireCanBeCancelled) {
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_worker_id(Register());
  std::promise<absl::Status> answer;
  const int64_t id = coordinator_->AcquireWork(
      request, [&](auto response) { answer.set_value(response.status()); });
  coordinator_->CancelPoll(id);
  EXPECT_EQ(answer.get_future().get().code(), absl::StatusCode::kCancelled);
}

TEST_F(ThreadedCoordinatorTest, DestructionAnswersEveryParkedCall) {
  std::atomic<int> answered = 0;
  for (int i = 0; i < 50; ++i) {
    v1::AcquireWorkRequest request;
    *request.mutable_request_id() = NewRequestId();
    request.set_worker_id(Register());
    coordinator_->AcquireWork(request, [&](auto) { ++answered; });
  }
  coordinator_.reset();
  EXPECT_EQ(answered, 50);
}

TEST_F(ThreadedCoordinatorTest, PagesOfTrialsFollowOneAnother) {
  Create(NetworkStudy("s", 25));
  const std::string worker = Register();
  for (int i = 0; i < 25; ++i) RunTrial(Acquire(worker)->trial(), worker);
  v1::ListTrialsRequest request;
  request.set_study("s");
  request.set_page_size(10);
  request.set_order_by("number desc");
  std::vector<int> numbers;
  do {
    const auto page = Wait<v1::ListTrialsResponse>(
        [&](auto done) { coordinator_->ListTrials(request, std::move(done)); });
    ASSERT_TRUE(page.ok());
    for (const v1::Trial& trial : page->trials()) numbers.push_back(trial.number());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(numbers.size(), 25u);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(numbers[i], 24 - i);
  request.set_order_by("colour");
  EXPECT_FALSE(Wait<v1::ListTrialsResponse>([&](auto done) {
                 coordinator_->ListTrials(request, std::move(done));
               }).ok());
}

TEST(CoordinatorOptions, ALeaseShorterThanASecondIsRefused) {
  storage::MemoryStore store;
  RealClock clock;
  CountingRandomness randomness;
  auto artifacts = storage::ArtifactStore::Open(::testing::TempDir());
  Options options;
  options.lease_ttl = absl::Milliseconds(999);
  EXPECT_FALSE(
      Coordinator::Start({store, store, *artifacts, clock, randomness, nullptr}, options).ok());
}

}  // namespace
}  // namespace caviar::coordinator
