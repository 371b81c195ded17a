// Backup, restore and check, and what a coordinator refuses to start on, with the real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class BackupTest : public ::testing::Test {
 protected:
  CommandResult Check() { return cluster_.RunCoordinator({"--check", "--data-dir", data()}); }
  // Starts where nobody may serve.
  CommandResult Refused() {
    return cluster_.RunCoordinator({"--data-dir", data(), "--listen", "127.0.0.1:0"});
  }
  void Stop() {
    cluster_.coordinator().Signal(SIGTERM);
    ASSERT_EQ(cluster_.coordinator().Wait(), 0);
  }
  std::string data() const { return cluster_.data_directory(); }
  std::string database() const { return data() + "/caviar.db"; }

  Cluster cluster_;
};

TEST_F(BackupTest, OfARunningStudyIsTakenBackAndTheStudyGoesOn) {
  WriteIdxPair(cluster_.dataset_directory() + "/train", 3000, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 120, 8, 8, 4, 2);
  cluster_.StartCoordinator("2s");
  cluster_.CreateStudy(kAskedStudyFile);
  cluster_.CreateStudy(NetworkStudyFile("s", 6, 40));
  ASSERT_TRUE(cluster_.Json({"ask", "asked"}).is_object());
  const auto worker = cluster_.StartWorker("w", 2);
  ASSERT_TRUE(Eventually([&] {
    const json study = cluster_.Json({"study", "show", "s"});
    return study.is_object() && study.at("trial_counts").value("completed", 0) > 0;
  }));
  const std::string file = cluster_.directory() + "/caviar.backup";
  const json saved = cluster_.Json({"server", "backup", file});
  ASSERT_TRUE(saved.is_object());
  EXPECT_EQ(saved.at("bytes").get<uint64_t>(), fs::file_size(file));
  EXPECT_GT(saved.at("files"), 0) << "with the weights of the completed trial";
  const CommandResult again = cluster_.Run({"server", "backup", file});
  EXPECT_EQ(again.exit_code, 1) << "it is there already";

  // More is done, and lost with the disk.
  ASSERT_TRUE(cluster_.Json({"ask", "asked"}).is_object());
  const CommandResult told = cluster_.Run({"tell", "asked", "1", "accuracy=0.5"});
  ASSERT_EQ(told.exit_code, 0) << told.err;
  ASSERT_TRUE(cluster_.Json({"ask", "asked"}).is_object());
  cluster_.coordinator().Kill();
  fs::rename(data(), data() + ".lost");
  const CommandResult restored = cluster_.RunCoordinator({"--restore", file, "--data-dir", data()});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  EXPECT_THAT(restored.out,
              AllOf(StartsWith(absl::StrCat("restored ", data(), ": all up to commit ",
                                            saved.at("commit").get<int64_t>())),
                    HasSubstr("leases from before are stale")));
  EXPECT_EQ(Check().exit_code, 0);
  EXPECT_EQ(cluster_.RunCoordinator({"--restore", file, "--data-dir", data()}).exit_code, 78)
      << "not empty";

  cluster_.StartCoordinator("2s");
  // Trial 0 was asked for before the backup, trial 2 after it; whoever holds their tokens is told.
  const CommandResult stale = cluster_.Run({"tell", "asked", "0", "accuracy=0.5"});
  EXPECT_EQ(stale.exit_code, 1);
  EXPECT_THAT(stale.err, HasSubstr("the lease"));
  EXPECT_EQ(cluster_.Run({"tell", "asked", "2", "accuracy=0.5"}).exit_code, 1);
  for (int i = 0; i < 3; ++i) {
    const json asked = cluster_.Json({"ask", "asked"});
    ASSERT_TRUE(asked.is_object());
    EXPECT_EQ(asked.at("trial").at("number"), i) << "what was begun is handed out again";
    const CommandResult done =
        cluster_.Run({"tell", "asked", absl::StrCat(i), absl::StrCat("accuracy=0.", i + 1)});
    EXPECT_EQ(done.exit_code, 0) << done.err;
  }
  for (const std::string study : {"asked", "s"}) {
    const CommandResult wait = cluster_.Run({"study", "wait", study});
    EXPECT_EQ(wait.exit_code, 0) << wait.out << wait.err;
  }
  const json list = cluster_.Json({"trial", "list", "s"});
  for (const json& trial : list.at("trials")) {
    EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
    EXPECT_EQ(trial.value("lost_leases", 0), 0) << "a restore counts against nobody: " << trial;
  }
  ASSERT_NO_FATAL_FAILURE(Stop());
  const CommandResult check = Check();
  EXPECT_EQ(check.exit_code, 0) << check.out;
  EXPECT_THAT(check.out, HasSubstr("is whole"));
}

TEST_F(BackupTest, WhatIsNoStoreToServeIsRefusedWithItsExitCode) {
  cluster_.StartCoordinator();
  cluster_.CreateStudy(kAskedStudyFile);
  const CommandResult busy = Check();
  EXPECT_EQ(busy.exit_code, 78);
  EXPECT_THAT(busy.err, HasSubstr("in use by another coordinator (process "));
  EXPECT_EQ(Refused().exit_code, 78);
  ASSERT_NO_FATAL_FAILURE(Stop());
  const std::string old = ReadFile(database());
  cluster_.StartCoordinator();
  ASSERT_TRUE(cluster_.Json({"ask", "asked"}).is_object());
  ASSERT_NO_FATAL_FAILURE(Stop());
  const std::string whole = ReadFile(database());

  const auto expect_refused = [this](const std::string& content, int exit_code, const auto& words) {
    WriteFile(database(), content);
    const CommandResult refused = Refused();
    EXPECT_EQ(refused.exit_code, exit_code);
    EXPECT_THAT(refused.err, words);
  };
  expect_refused(old, 65, AllOf(HasSubstr("was rolled back"), HasSubstr("--accept-data-loss")));
  EXPECT_EQ(Check().exit_code, 65);

  std::string newer = whole;
  newer[60] = 1;  // the first byte of user_version
  expect_refused(newer, 78, HasSubstr("was written by a newer Caviar"));

  std::string foreign = whole;
  foreign[68] = 0;  // the first byte of application_id
  expect_refused(foreign, 78, HasSubstr("is another program's database"));

  for (const std::string& damaged : {whole.substr(0, whole.size() / 2), std::string(10'000, 'x')}) {
    expect_refused(damaged, 65, HasSubstr("restore a backup"));
    EXPECT_EQ(Check().exit_code, 65);
  }
  WriteFile(cluster_.directory() + "/file", whole);
  const CommandResult refused = cluster_.RunCoordinator(
      {"--restore", cluster_.directory() + "/file", "--data-dir", cluster_.directory() + "/new"});
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_THAT(refused.err, HasSubstr("is no backup"));

  WriteFile(database(), whole);
  cluster_.StartCoordinator();
  EXPECT_EQ(cluster_.Run({"tell", "asked", "0", "accuracy=1"}).exit_code, 0)
      << "nothing was done to it";
}

}  // namespace
}  // namespace caviar::system_test
