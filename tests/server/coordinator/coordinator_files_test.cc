// Files, logs and code on their way through a coordinator with its threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "storage/artifact_store.h"
#include "tests/server/coordinator/command_study.h"
#include "tests/server/coordinator/threaded_coordinator.h"
#include "tests/storage/no_room.h"

namespace caviar::coordinator {
namespace {

using testing::HasSubstr;

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
  const auto trial = Wait<v1::Trial>(
      [&](auto done) { coordinator_->GetTrial(request, std::move(done), nullptr); });
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
        [&](auto done) { coordinator_->DownloadModel(request, std::move(done), nullptr); });
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
        [&](auto done) { coordinator_->ReadLog(request, std::move(done), nullptr); });
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

}  // namespace
}  // namespace caviar::coordinator
