// kill -9 in the middle of commits: what was acknowledged is there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "storage/sqlite_store.h"
#include "tests/storage/sample_rows.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::storage {
namespace {

constexpr int kRowsPerCommit = 20;

Batch BatchOf(int64_t commit) {
  if (commit == 1) return {SampleStudy(1, "a"), SampleTrial(1, 1, 0), SampleAttempt(1, 1, 1)};
  Batch batch;
  for (int64_t i = 0; i < kRowsPerCommit; ++i) {
    batch.push_back(SampleMeasurement(1, 1, "loss", commit * kRowsPerCommit + i, 0.5));
  }
  return batch;
}

// Commits until it is killed, and writes the number of each acknowledged commit to the pipe.
[[noreturn]] void CommitForEver(const std::string& folder, int pipe) {
  SqliteOptions options;
  options.checkpoint_frames = 50;
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(folder, options);
  if (!store.ok()) _exit(1);
  for (int64_t commit = (*store)->Load()->commit + 1;; ++commit) {
    if (!(*store)->Apply(BatchOf(commit), commit).ok()) _exit(2);
    if (write(pipe, &commit, sizeof(commit)) != sizeof(commit)) _exit(3);
  }
}

// Starts a child, kills it after so many acknowledged commits, and returns the last one of them.
int64_t KillAfter(const std::string& folder, int commits) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    CommitForEver(folder, ends[1]);
  }
  close(ends[1]);
  int64_t acknowledged = 0;
  for (int i = 0; i < commits; ++i) {
    if (read(ends[0], &acknowledged, sizeof(acknowledged)) != sizeof(acknowledged)) break;
  }
  kill(child, SIGKILL);
  int64_t commit = 0;  // those that it acknowledged before the signal reached it
  while (read(ends[0], &commit, sizeof(commit)) == sizeof(commit)) acknowledged = commit;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return acknowledged;
}

TEST(Crash, EveryAcknowledgedCommitSurvivesKillNine) {
  TemporaryFolder folder;
  std::mt19937 random(20260115);
  int64_t acknowledged = 0;
  for (int cycle = 0; cycle < 12; ++cycle) {
    acknowledged = KillAfter(folder.path(), std::uniform_int_distribution(1, 60)(random));
    absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(folder.path());
    ASSERT_TRUE(store.ok()) << store.status();
    const int64_t commit = (*store)->Load()->commit;
    ASSERT_GE(commit, acknowledged);
    ASSERT_LE(commit, acknowledged + 1) << "at most the commit that was under way";
    const auto values = (*store)->ReadMetric(1, 1, "loss");
    ASSERT_TRUE(values.ok()) << values.status();
    ASSERT_EQ(values->size(), (commit - 1) * kRowsPerCommit) << "all of a commit or nothing";
  }
}

}  // namespace
}  // namespace caviar::storage
