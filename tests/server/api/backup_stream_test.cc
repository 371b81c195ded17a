// A backup over a real connection on loopback.
#include "server/api/backup_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "caviar/v1/backup_service.grpc.pb.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "server/api/server.h"
#include "server/coordinator/backups.h"
#include "storage/restore.h"
#include "tests/server/api/fake_coordinator.h"
#include "tests/storage/data_directory.h"
#include "tests/storage/filled_store.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::server_api {
namespace {

class BackupStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = storage::FilledStore(source_);
    ServerOptions options;
    options.backups = &backups_;
    auto server = Server::Start(coordinator_, "127.0.0.1:0", std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::BackupService::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }
  // Reads to the end.
  static grpc::Status ReadAll(grpc::ClientReader<v1::BackUpResponse>& reader, std::string& data,
                              v1::BackUpResponse& last) {
    while (reader.Read(&last)) data += last.data();
    return reader.Finish();
  }

  storage::TemporaryFolder folder_;
  const std::string source_ = folder_.path() + "/source";
  std::unique_ptr<storage::SqliteStore> store_;
  FakeCoordinator coordinator_;
  coordinator::Backups backups_{[this] { return storage::Backup::Take(source_); }};
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::BackupService::Stub> stub_;
};

TEST_F(BackupStreamTest, WhatComesCanBeTakenBack) {
  grpc::ClientContext context;
  std::string data;
  v1::BackUpResponse last;
  const auto reader = stub_->BackUp(&context, v1::BackUpRequest());
  ASSERT_TRUE(ReadAll(*reader, data, last).ok());
  EXPECT_EQ(last.summary().size(), static_cast<int64_t>(data.size()));
  EXPECT_EQ(last.summary().crc32(), storage::Crc32(data));
  EXPECT_EQ(last.summary().commit(), storage::kFilledCommits);
  EXPECT_EQ(last.summary().files(), 2);
  storage::WriteFile(folder_.path() + "/backup", data);
  EXPECT_TRUE(storage::Restore(folder_.path() + "/backup", folder_.path() + "/target").ok());
}

TEST_F(BackupStreamTest, OfManyPiecesComesWhole) {
  const std::string content(3 << 20, 'c');
  ASSERT_TRUE(
      store_->Apply({storage::StoredArtifact(source_, 6, content)}, storage::kFilledCommits + 1)
          .ok());
  grpc::ClientContext context;
  std::string data;
  v1::BackUpResponse last;
  const grpc::Status status = ReadAll(*stub_->BackUp(&context, v1::BackUpRequest()), data, last);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(data.size(), content.size());
  EXPECT_EQ(last.summary().crc32(), storage::Crc32(data));
  EXPECT_EQ(last.summary().files(), 3);
}

TEST_F(BackupStreamTest, OneAtATimeAndTheNextOneWhenItsClientHasGone) {
  auto context = std::make_unique<grpc::ClientContext>();
  auto reader = stub_->BackUp(context.get(), v1::BackUpRequest());
  v1::BackUpResponse piece;
  ASSERT_TRUE(reader->Read(&piece));
  grpc::ClientContext second;
  std::string data;
  v1::BackUpResponse last;
  const grpc::Status refused = ReadAll(*stub_->BackUp(&second, v1::BackUpRequest()), data, last);
  // Where the first one is over already, so small is it, the second one was served.
  EXPECT_TRUE(refused.ok() || refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  context->TryCancel();
  (void)reader->Finish();
  for (;;) {
    grpc::ClientContext third;
    const grpc::Status status = ReadAll(*stub_->BackUp(&third, v1::BackUpRequest()), data, last);
    if (status.ok()) break;
    ASSERT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
}

TEST_F(BackupStreamTest, WhoComesDuringAnotherOneIsToldWhenToTryAgain) {
  absl::Notification taken;
  std::shared_ptr<storage::Backup> other;
  backups_.Take([&](absl::StatusOr<std::shared_ptr<storage::Backup>> backup) {
    if (backup.ok()) other = *std::move(backup);
    taken.Notify();
  });
  taken.WaitForNotification();
  ASSERT_NE(other, nullptr);
  grpc::ClientContext context;
  std::string data;
  v1::BackUpResponse last;
  const grpc::Status refused = ReadAll(*stub_->BackUp(&context, v1::BackUpRequest()), data, last);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const absl::Status status = error::ParseDetail(
      absl::ResourceExhaustedError(refused.error_message()), refused.error_details());
  ASSERT_TRUE(error::HasReason(status, error::kBackupRunning));
  EXPECT_EQ(error::RetryDelayOf(*error::Detail(status)), absl::Seconds(1));
}

TEST_F(BackupStreamTest, OfADamagedStoreThereIsNone) {
  storage::Ask(source_, "UPDATE measurement SET value = 0.99 WHERE step = 100");
  grpc::ClientContext context;
  std::string data;
  v1::BackUpResponse last;
  const grpc::Status status = ReadAll(*stub_->BackUp(&context, v1::BackUpRequest()), data, last);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("table measurement"));
  EXPECT_EQ(data, "");
}

}  // namespace
}  // namespace caviar::server_api
