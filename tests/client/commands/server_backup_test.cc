// `caviar server backup` against a service that answers what a test told it to.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "caviar/v1/backup_service.grpc.pb.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "client/api/crc32.h"
#include "fake_client.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Return;

using Writer = grpc::ServerWriter<v1::BackUpResponse>;

class FakeBackups : public v1::BackupService::Service {
 public:
  grpc::Status BackUp(grpc::ServerContext* context, const v1::BackUpRequest*,
                      Writer* writer) override {
    return answer(*context, *writer);
  }
  std::function<grpc::Status(grpc::ServerContext&, Writer&)> answer;
};

// Sends the pieces, and a summary that fits them but for the checksum that `damage` changes.
void Send(Writer& writer, const std::vector<std::string>& pieces, uint32_t damage = 0) {
  v1::BackupSummary summary;
  for (const std::string& piece : pieces) {
    v1::BackUpResponse response;
    response.set_data(piece);
    writer.Write(response);
    summary.set_size(summary.size() + static_cast<int64_t>(piece.size()));
    summary.set_crc32(client::Crc32(piece, summary.crc32()));
  }
  summary.set_crc32(summary.crc32() ^ damage);
  summary.set_commit(7);
  summary.set_files(2);
  v1::BackUpResponse last;
  *last.mutable_summary() = summary;
  writer.Write(last);
}

// What a coordinator answers that takes another one.
grpc::Status OtherRuns() {
  const absl::Status status = error::WithRetryDelay(
      absl::ResourceExhaustedError("another backup is being taken; try again when it is done"),
      error::kBackupRunning, absl::Seconds(3));
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, std::string(status.message()),
                      error::SerializeDetail(status));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ServerBackup : public CommandTest {
 protected:
  void SetUp() override {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&backups_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    variables_["CAVIAR_COORDINATOR"] = "127.0.0.1:" + std::to_string(port);
    EXPECT_CALL(client_, GetServerStatus).WillRepeatedly(Return(v1::ServerStatus()));
    backups_.answer = [](grpc::ServerContext&, Writer& writer) {
      Send(writer, {"the first piece, ", "the second"});
      return grpc::Status::OK;
    };
  }
  // Nothing is left of what did not come to an end.
  void ExpectNoFile() const { EXPECT_TRUE(fs::is_empty(folder_.path())); }

  storage::TemporaryFolder folder_;
  const std::string file_ = folder_.path() + "/caviar.backup";
  FakeBackups backups_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ServerBackup, WhatCameIsInTheFileAndSummedUp) {
  EXPECT_EQ(Run({"server", "backup", file_}), kDone) << err();
  EXPECT_EQ(ReadFile(file_), "the first piece, the second");
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms(0600))
      << "programs' secrets are in there";
  EXPECT_EQ(out(), "saved " + file_ + ": all up to commit 7, with 2 files, 27 bytes\n");
  EXPECT_EQ(Run({"server", "backup", file_, "--force", "--output", "json"}), kDone) << err();
  EXPECT_EQ(json()["commit"], 7);
  EXPECT_EQ(json()["bytes"], 27);
}

TEST_F(ServerBackup, AFileThatIsThereIsOverwrittenOnlyByForce) {
  std::ofstream(file_) << "an older one";
  EXPECT_EQ(Run({"server", "backup", file_}), kFailed);
  EXPECT_THAT(err(), HasSubstr("--force"));
  EXPECT_EQ(ReadFile(file_), "an older one");
  EXPECT_EQ(Run({"server", "backup", file_, "--force"}), kDone) << err();
  EXPECT_EQ(ReadFile(file_), "the first piece, the second");
}

TEST_F(ServerBackup, WhatDoesNotFitItsChecksumIsNotKept) {
  backups_.answer = [](grpc::ServerContext&, Writer& writer) {
    Send(writer, {"the first piece"}, 1);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"server", "backup", file_}), kFailed);
  EXPECT_THAT(err(), HasSubstr("are not the 15 bytes that the coordinator sent; try again"));
  ExpectNoFile();
}

TEST_F(ServerBackup, AnErrorIsToldAndLeavesNoFile) {
  backups_.answer = [](grpc::ServerContext&, Writer& writer) {
    Send(writer, {"the first piece"});
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "table trial, row of id 3");
  };
  EXPECT_EQ(Run({"server", "backup", file_}), kFailed);
  EXPECT_THAT(err(), HasSubstr("table trial, row of id 3"));
  ExpectNoFile();
}

TEST_F(ServerBackup, ACoordinatorThatLeavesIsNoneAndLeavesNoFile) {
  const absl::Status leaves = error::ShuttingDown();
  backups_.answer = [&](grpc::ServerContext&, Writer& writer) {
    Send(writer, {"the first piece"});
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, std::string(leaves.message()),
                        error::SerializeDetail(leaves));
  };
  EXPECT_EQ(Run({"server", "backup", file_}), kNoCoordinator);
  EXPECT_THAT(err(), HasSubstr("the coordinator is shutting down"));
  ExpectNoFile();
}

TEST_F(ServerBackup, AnInterruptEndsItAndLeavesNoFile) {
  backups_.answer = [this](grpc::ServerContext& context, Writer& writer) {
    v1::BackUpResponse piece;
    piece.set_data("and so on");
    writer.Write(piece);
    interrupt_();
    while (!context.IsCancelled()) writer.Write(piece);
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(Run({"server", "backup", file_}), kInterrupted);
  EXPECT_THAT(err(), HasSubstr("interrupted"));
  ExpectNoFile();
}

TEST_F(ServerBackup, WaitsUntilAnotherOneIsDone) {
  int tries = 0;
  backups_.answer = [&](grpc::ServerContext&, Writer& writer) {
    if (++tries < 4) return OtherRuns();
    Send(writer, {"the first piece"});
    return grpc::Status::OK;
  };
  const absl::Time start = now_;
  EXPECT_EQ(Run({"server", "backup", file_, "--output", "json"}), kDone) << err();
  EXPECT_EQ(now_ - start, 3 * absl::Seconds(3)) << "as the coordinator says";
  EXPECT_EQ(
      err(),
      "caviar: another backup is being taken; waiting until it is done, for 10m00s at most\n");
  EXPECT_EQ(json()["commit"], 7);
  EXPECT_EQ(ReadFile(file_), "the first piece");
}

TEST_F(ServerBackup, DoesNotWaitForEver) {
  backups_.answer = [](grpc::ServerContext&, Writer&) { return OtherRuns(); };
  const absl::Time start = now_;
  EXPECT_EQ(Run({"server", "backup", file_}), kFailed);
  EXPECT_EQ(now_ - start, absl::Minutes(10));
  EXPECT_THAT(err(), HasSubstr("another backup is being taken; try again when it is done"));
  ExpectNoFile();
}

TEST_F(ServerBackup, AnInterruptEndsTheWaitForAnotherOne) {
  int tries = 0;
  backups_.answer = [&](grpc::ServerContext&, Writer&) {
    ++tries;
    return OtherRuns();
  };
  on_wait_ = [this] { interrupt_(); };
  EXPECT_EQ(Run({"server", "backup", file_}), kInterrupted);
  EXPECT_EQ(tries, 1);
  EXPECT_THAT(err(), HasSubstr("interrupted"));
  ExpectNoFile();
}

}  // namespace
}  // namespace caviar::commands
