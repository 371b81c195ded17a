#include "server/coordinator/disk_full.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "server/coordinator/backups.h"

namespace caviar::coordinator {
namespace {

using testing::HasSubstr;

TEST(DiskFullTest, IsTriedAgainByWorkersAndSaysWhatToDo) {
  const absl::Status status =
      RetryWhenThereIsRoom(absl::ResourceExhaustedError("writing a: No space left on device"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "the coordinator's disk is full, nothing was stored; make room and try again (writing "
            "a: No space left on device)");
}

TEST(DiskFullTest, IsFinalForWhatAPersonBeginsAnew) {
  const absl::Status status = RefuseWithoutRoom(absl::ResourceExhaustedError("writing a"));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("disk is full"));
}

TEST(DiskFullTest, IsNotSaidOfAnythingElse) {
  for (const absl::Status& status : {absl::OkStatus(), absl::OutOfRangeError("only 3 bytes"),
                                     absl::UnavailableError("reading a: broken")}) {
    EXPECT_EQ(RetryWhenThereIsRoom(status), status);
    EXPECT_EQ(RefuseWithoutRoom(status), status);
  }
}

TEST(DiskFullTest, IsNotTakenForAnotherBackupThatIsBeingMade) {
  Backups backups([] { return absl::ResourceExhaustedError("copying: database or disk is full"); });
  std::promise<absl::Status> answer;
  backups.Take([&](const auto& backup) { answer.set_value(backup.status()); });
  const absl::Status status = answer.get_future().get();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("make room and try again (copying"));
}

}  // namespace
}  // namespace caviar::coordinator
