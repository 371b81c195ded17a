// What keeps a worker from starting any program is no fault of the trial.
#include <errno.h>

#include <fstream>

#include "client/archive/archive.h"
#include "tests/storage/no_room.h"
#include "tests/worker/few_files.h"
#include "tests/worker/training/command/command_fixture.h"
#include "worker/training/command/process.h"
#include "worker/training/command/program_path.h"

namespace caviar::command {
namespace {

using storage::NoRoom;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class TroubleTest : public CommandFixture {
 protected:
  TroubleTest() { SetRun({"sh", "-c", "echo accuracy=1"}); }

  // An archive of a file that has two million bytes, also packed.
  void UploadCode() {
    ASSERT_EQ(Run("head -c 2000000 /dev/urandom > $CAVIAR_OUTPUT_DIR/../../../big").kind,
              Kind::kCompleted);
    const auto packed = archive::Pack((folder_ / "big").string(), {});
    ASSERT_TRUE(packed.ok()) << packed.status();
    work_.code_archive = (folder_ / "code").string();
    std::ofstream(work_.code_archive, std::ios::binary) << *packed;
    SetRun({"test", "-s", "big"});
  }
};

TEST_F(TroubleTest, NoFolderForAnAttempt) {
  std::ofstream(folder_ / "running") << "in the way";
  command().set_keep(v1::KeptFolders::ALL);
  const Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message,
              AllOf(HasSubstr((folder_ / "running").string()), HasSubstr("Not a directory")));
  std::filesystem::remove(folder_ / "running");
  EXPECT_EQ(Train().kind, Kind::kCompleted);
}

TEST_F(TroubleTest, NoRoomForTheParameters) {
  command().set_keep(v1::KeptFolders::ALL);
  {
    const NoRoom full(0);
    const Outcome outcome = Train();
    EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
    EXPECT_THAT(outcome.message, HasSubstr("File too large"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "kept")) << "nothing ran";
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "running"));
}

TEST_F(TroubleTest, NoRoomForTheCode) {
  UploadCode();
  {
    const NoRoom full(1'000'000);
    const Outcome outcome = Train();
    EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
    EXPECT_THAT(outcome.message,
                AllOf(StartsWith("the uploaded code: big: "), HasSubstr("File too large")));
  }
  EXPECT_EQ(Train().kind, Kind::kCompleted);
  std::ofstream(work_.code_archive, std::ios::binary) << "damaged";
  EXPECT_EQ(Train().kind, Kind::kFailed);
}

TEST_F(TroubleTest, TheCodeThatWasFetchedCannotBeRead) {
  UploadCode();
  std::filesystem::remove(work_.code_archive);
  EXPECT_EQ(Train().kind, Kind::kWorkerTrouble);
  std::filesystem::create_directory(work_.code_archive);
  const Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message, HasSubstr("Is a directory"));
}

TEST_F(TroubleTest, NoSocket) {
  std::filesystem::create_directories(folder_ / "running/1");
  Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message,
              AllOf(HasSubstr("no socket can be opened in"), HasSubstr("Address already in use")));
  options_.work_directory = (folder_ / std::string(100, 'w')).string();
  outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message, HasSubstr("--work-dir"));
}

// Whatever it is that lacks a file first.
TEST_F(TroubleTest, NoFilesLeft) {
  UploadCode();
  command().set_resumable(true);
  Kind kind = Kind::kFailed;
  int left = 0;
  for (; kind != Kind::kCompleted && left < 100; ++left) {
    const FewFiles few(left);
    const Outcome outcome = Train();
    kind = outcome.kind;
    if (kind != Kind::kCompleted) {
      EXPECT_EQ(kind, Kind::kWorkerTrouble) << left << " files: " << outcome.message;
    }
  }
  EXPECT_GT(left, 5);
  EXPECT_EQ(kind, Kind::kCompleted);
}

TEST_F(TroubleTest, NoProgramCanBePutWhereItIsToBe) {
  ProgramSpec spec;
  spec.file = "/bin/true";
  spec.arguments = {"true"};
  spec.folder = folder_.string();
  spec.cgroup = (folder_ / "none").string();
  EXPECT_TRUE(absl::IsUnavailable(Process::Start(spec, "test").status()));
  spec.cgroup = "";
  spec.folder = (folder_ / "none").string();
  EXPECT_TRUE(absl::IsNotFound(Process::Start(spec, "test").status())) << "the study names it";
}

TEST_F(TroubleTest, ItsOwnFolderIsRemovedWhileItStarts) {
  options_.on_start = [](const ProgramSpec& spec) { std::filesystem::remove_all(spec.folder); };
  const Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message, HasSubstr((folder_ / "running").string()));
  command().mutable_code()->set_path((folder_ / "shared").string());
  std::filesystem::create_directory(folder_ / "shared");
  EXPECT_EQ(Train().kind, Kind::kFailed) << "the study names it";
}

TEST_F(TroubleTest, ItsProgramIsRemovedWhileItStarts) {
  options_.on_start = [](const ProgramSpec& spec) { std::filesystem::remove(spec.file); };
  command().mutable_code()->set_path(folder_.string());
  std::ofstream(folder_ / "train.sh") << "#!/bin/sh\n";
  std::filesystem::permissions(folder_ / "train.sh", std::filesystem::perms(0700));
  SetRun({"./train.sh"});
  const Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
  EXPECT_THAT(outcome.message, HasSubstr("something removed "));
  EXPECT_EQ(Train().kind, Kind::kFailed) << "it is not there";
}

TEST_F(TroubleTest, NoProgramCanBeStartedNow) {
  for (const int error : {EAGAIN, ENOMEM, EMFILE, ENFILE, EIO, ETXTBSY}) {
    EXPECT_TRUE(absl::IsUnavailable(ExecError("/bin/true", error))) << strerror(error);
  }
  for (const int error : {ENOENT, EACCES, EPERM, ENOEXEC, E2BIG, ELOOP, EISDIR, ELIBBAD}) {
    const absl::Status status = ExecError("/bin/true", error);
    EXPECT_FALSE(absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) << status;
  }
}

TEST_F(TroubleTest, WhatTheStudyAsksForInVainFails) {
  SetRun({"no-such-program"});
  EXPECT_EQ(Train().kind, Kind::kFailed);
  SetRun({"/etc/passwd"});
  EXPECT_EQ(Train().kind, Kind::kFailed);
  SetRun({"sh", "${none}"});
  EXPECT_EQ(Train().kind, Kind::kFailed);
  SetRun({"sh"});
  command().mutable_code()->set_path("/none");
  EXPECT_EQ(Train().kind, Kind::kFailed);
  command().clear_code();
  command().mutable_resources()->set_gpus(1);
  EXPECT_EQ(Train().kind, Kind::kFailed);
}

}  // namespace
}  // namespace caviar::command
