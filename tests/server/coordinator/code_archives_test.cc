// Code archives and logs: what comes in by pieces.
#include "server/coordinator/code_archives.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "server/coordinator/logs.h"
#include "storage/code_file.h"
#include "tests/server/coordinator/command_study.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

constexpr int64_t kMostCodeBytes = 100;

class CodeArchivesTest : public testing::Test {
 protected:
  v1::CodeArchive Describe(const std::string& bytes) {
    v1::CodeArchive archive;
    archive.set_sha256(vocabulary::Sha256(bytes));
    archive.set_size(static_cast<int64_t>(bytes.size()));
    archive.set_crc32(storage::Crc32(bytes));
    return archive;
  }
  absl::StatusOr<v1::UploadCodeResponse> Send(const v1::CodeArchive& archive, int64_t offset,
                                              const std::string& data) {
    v1::UploadCodeRequest request;
    *request.mutable_archive() = archive;
    request.set_offset(offset);
    request.set_data(data);
    return code_.Take(request);
  }
  v1::Study StudyWith(const v1::CodeArchive& archive) {
    v1::Study study = CommandStudy("s");
    *study.mutable_trainer()->mutable_command()->mutable_code()->mutable_archive() = archive;
    return study;
  }
  std::string PathOf(const v1::CodeArchive& archive) {
    return folder_.path() + "/" + storage::CodeFile(archive.sha256());
  }
  void MakeOld(const v1::CodeArchive& archive) {
    const timespec times[2] = {{1'000'000, 0}, {1'000'000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, PathOf(archive).c_str(), times, 0), 0);
  }

  storage::TemporaryFolder folder_;
  storage::ArtifactStore artifacts_ = storage::ArtifactStore::Open(folder_.path()).value();
  CodeArchives code_{artifacts_, kMostCodeBytes};
};

TEST_F(CodeArchivesTest, IsThereOnceAllOfItCame) {
  const v1::CodeArchive archive = Describe("0123456789");
  EXPECT_EQ(Send(archive, 0, "")->received(), 0);
  EXPECT_EQ(Send(archive, 0, "01234")->received(), 5);
  const absl::Status missing = code_.Check(StudyWith(archive));
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(error::HasReason(missing, error::kCodeMissing));
  EXPECT_EQ(Send(archive, 5, "56789")->received(), 10);
  EXPECT_TRUE(code_.Check(StudyWith(archive)).ok());
  EXPECT_EQ(Send(archive, 0, "")->received(), 10) << "nobody has to send it again";
  v1::DownloadCodeRequest request;
  request.set_sha256(archive.sha256());
  request.set_offset(3);
  const auto read = code_.Read(request);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->data(), "3456789");
  EXPECT_EQ(read->data_crc32(), storage::Crc32("3456789"));
}

TEST_F(CodeArchivesTest, WhatHasAnotherHashIsNotKept) {
  v1::CodeArchive archive = Describe("good");
  archive.set_crc32(storage::Crc32("evil"));
  EXPECT_EQ(Send(archive, 0, "evil").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(code_.Check(StudyWith(archive)).ok());
  EXPECT_EQ(Send(Describe("good"), 0, "good")->received(), 4) << "and is in nobody's way";
}

TEST_F(CodeArchivesTest, WhatWasDamagedIsNotThereAndCanBeSentAgain) {
  const v1::CodeArchive archive = Describe("good");
  ASSERT_TRUE(Send(archive, 0, "good").ok());
  std::ofstream(PathOf(archive)) << "evil";
  EXPECT_FALSE(code_.Check(StudyWith(archive)).ok());
  ASSERT_TRUE(Send(archive, 0, "good").ok());
  EXPECT_TRUE(code_.Check(StudyWith(archive)).ok());
}

TEST_F(CodeArchivesTest, WhatNoStudyNamesIsRemovedADayAfterItWasAskedFor) {
  const v1::CodeArchive named = Describe("named"), old = Describe("old"), young = Describe("young"),
                        asked = Describe("asked");
  for (const std::string bytes : {"named", "old", "young", "asked"}) {
    ASSERT_TRUE(Send(Describe(bytes), 0, bytes).ok());
  }
  for (const auto& archive : {named, old, asked}) MakeOld(archive);
  ASSERT_TRUE(code_.Check(StudyWith(asked)).ok());
  code_.RemoveOthers({storage::CodeFile(named.sha256())});
  EXPECT_TRUE(code_.Check(StudyWith(named)).ok());
  EXPECT_TRUE(code_.Check(StudyWith(young)).ok());
  EXPECT_TRUE(code_.Check(StudyWith(asked)).ok());
  EXPECT_FALSE(code_.Check(StudyWith(old)).ok());
}

TEST_F(CodeArchivesTest, WhatIsTooLargeIsRefusedWithTheFlagThatSaysSo) {
  EXPECT_TRUE(Send(Describe(std::string(kMostCodeBytes, 'x')), 0, "xx").ok());
  const absl::Status refused =
      Send(Describe(std::string(kMostCodeBytes + 1, 'x')), 0, "xx").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(refused.message()),
      testing::AllOf(testing::HasSubstr("archive.size: is 101 bytes"),
                     testing::HasSubstr("at most 100"), testing::HasSubstr("--max-code-size")));
}

class LogsTest : public CodeArchivesTest {
 protected:
  void SetUp() override {
    Lease lease;
    lease.study_id = 3;
    lease.study = "s";
    lease.number = 17;
    lease.attempt = 2;
    lease.duration = absl::Seconds(60);
    leases_.Insert({1, 5}, lease, absl::ZeroDuration());
  }
  absl::StatusOr<v1::AppendLogResponse> Append(int64_t counter, int64_t offset,
                                               const std::string& data) {
    v1::AppendLogRequest request;
    request.mutable_token()->set_epoch(1);
    request.mutable_token()->set_counter(counter);
    request.set_offset(offset);
    request.set_data(data);
    return logs_.Append(request);
  }

  LeaseTable leases_;
  Logs logs_{leases_, artifacts_};
};

TEST_F(LogsTest, GrowsByWhatIsNew) {
  EXPECT_EQ(Append(5, 0, "hello ")->size(), 6);
  EXPECT_EQ(Append(5, 0, "hello ")->size(), 6) << "a repeat adds nothing";
  EXPECT_EQ(Append(5, 3, "lo world")->size(), 11);
  EXPECT_EQ(artifacts_.Read(LogFile(3, 17, 2), 0, 100).value(), "hello world");
  EXPECT_EQ(Append(5, 12, "x").status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(LogsTest, TakesNothingUnderAStaleToken) {
  EXPECT_TRUE(error::HasReason(Append(4, 0, "x").status(), error::kLeaseLost));
  EXPECT_FALSE(artifacts_.Size(LogFile(3, 17, 2)).ok());
}

TEST_F(LogsTest, TakesTheLastLinesOfALeaseThatHasJustEnded) {
  leases_.Remove({1, 5});
  EXPECT_EQ(Append(5, 0, "stopped\n")->size(), 8);
  leases_.ForgetEnded(4);
  EXPECT_TRUE(Append(5, 8, "x").ok());
  leases_.ForgetEnded(3);
  EXPECT_TRUE(error::HasReason(Append(5, 9, "x").status(), error::kLeaseLost))
      << "its study is gone";
}

TEST_F(LogsTest, HasABound) {
  const int64_t most = (10 << 20) + (4 << 10);
  EXPECT_EQ(Append(5, most, "x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Append(5, most - 1, "x").status().code(), absl::StatusCode::kOutOfRange)
      << "only that something before it is missing";
}

}  // namespace
}  // namespace caviar::coordinator
