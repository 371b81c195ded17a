#include "server/coordinator/uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kMostFileBytes = 10;

class UploadsTest : public testing::Test {
 protected:
  void SetUp() override {
    Lease lease;
    lease.study_id = 3;
    lease.number = 17;
    lease.attempt = 2;
    lease.duration = absl::Seconds(60);
    leases_.Insert({1, 5}, lease, absl::ZeroDuration());
  }
  // The chunk of `file` at `offset`, or all that is left of it.
  static v1::UploadChunkRequest Chunk(const std::string& file, size_t offset = 0,
                                      size_t size = std::string::npos,
                                      v1::Artifact::Kind kind = v1::Artifact::WEIGHTS) {
    v1::UploadChunkRequest request;
    request.mutable_token()->set_epoch(1);
    request.mutable_token()->set_counter(5);
    request.set_kind(kind);
    request.set_step(8);
    request.set_size(static_cast<int64_t>(file.size()));
    request.set_crc32(storage::Crc32(file));
    request.set_offset(static_cast<int64_t>(offset));
    request.set_data(file.substr(offset, size));
    request.set_data_crc32(storage::Crc32(request.data()));
    return request;
  }
  // The row of a file that is whole with this chunk.
  static storage::ArtifactRow Row(Uploads& uploads, const v1::UploadChunkRequest& chunk) {
    const auto progress = uploads.Take(chunk);
    EXPECT_TRUE(progress.ok()) << progress.status();
    return progress.ok() && progress->whole ? *progress->whole : storage::ArtifactRow();
  }

  const storage::TemporaryFolder folder_;
  storage::ArtifactStore artifacts_ = storage::ArtifactStore::Open(folder_.path()).value();
  LeaseTable leases_;
  Uploads uploads_{leases_, artifacts_, kMostFileBytes};
};

TEST_F(UploadsTest, AFileThatIsTooLargeIsRefusedBeforeItsFirstByte) {
  const absl::Status refused = uploads_.Take(Chunk("0123456789+", 0, 5)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("--max-upload-size"), HasSubstr("at most 10 ")));
  const auto detail = error::Detail(refused);
  EXPECT_FALSE(detail && error::RetryDelayOf(*detail)) << "waiting does not help";
  EXPECT_EQ(uploads_.Take(Chunk("0123456789", 0, 5))->received, 5);
}

TEST_F(UploadsTest, AChunkThatCameOutDamagedIsSentAgain) {
  v1::UploadChunkRequest damaged = Chunk("good");
  damaged.set_data("evil");
  const absl::Status status = uploads_.Take(damaged).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("send it again"));
  const storage::ArtifactRow row = Row(uploads_, Chunk("good"));
  EXPECT_TRUE(artifacts_.Verify(row.file, 4, storage::Crc32("good")).ok());
}

TEST_F(UploadsTest, AFileThatIsNotWhatWasSaidIsNotStored) {
  v1::UploadChunkRequest request = Chunk("evil");
  request.set_crc32(storage::Crc32("good"));
  const auto progress = uploads_.Take(request);
  EXPECT_EQ(progress.status().code(), absl::StatusCode::kDataLoss) << progress.status();
}

TEST_F(UploadsTest, ALastChunkThatComesAgainIsTakenForAsLongAsItsFileIsThere) {
  for (const auto kind : {v1::Artifact::CHECKPOINT, v1::Artifact::WEIGHTS, v1::Artifact::MODEL}) {
    ASSERT_EQ(uploads_.Take(Chunk("state", 0, 3, kind))->received, 3);
    const v1::UploadChunkRequest last = Chunk("state", 3, 2, kind);
    const std::string file = Row(uploads_, last).file;
    EXPECT_EQ(Row(uploads_, last).file, file) << "its answer was lost";
    ASSERT_TRUE(artifacts_.Remove(file).ok());
    uploads_.Forget(file);
    const absl::Status refused = uploads_.Take(last).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kOutOfRange) << refused;
    const storage::ArtifactRow anew = Row(uploads_, Chunk("state", 0, 5, kind));
    EXPECT_TRUE(artifacts_.Verify(anew.file, 5, storage::Crc32("state")).ok());
  }
}

TEST_F(UploadsTest, NoFileTakesThePlaceOfAnother) {
  for (const auto kind : {v1::Artifact::CHECKPOINT, v1::Artifact::WEIGHTS, v1::Artifact::MODEL}) {
    const storage::ArtifactRow first = Row(uploads_, Chunk("good", 0, 4, kind));
    const storage::ArtifactRow second = Row(uploads_, Chunk("better", 0, 6, kind));
    const storage::ArtifactRow third = Row(uploads_, Chunk("good", 0, 4, kind));
    for (const storage::ArtifactRow& row : {first, second, third}) {
      EXPECT_TRUE(artifacts_.Verify(row.file, row.size, row.crc32).ok()) << row.file;
    }
    EXPECT_NE(first.file, second.file);
    EXPECT_NE(first.file, third.file) << "the first one may be about to be erased";
  }
}

TEST_F(UploadsTest, AFileOfOneChunkThatComesAgainTakesNoMoreRoom) {
  const storage::ArtifactRow first = Row(uploads_, Chunk("good"));
  EXPECT_EQ(Row(uploads_, Chunk("good")).file, first.file);
}

}  // namespace
}  // namespace caviar::coordinator
