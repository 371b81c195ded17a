// Workers as a Slurm job array, in a real Slurm of two nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/system/cluster.h"
#include "tests/system/slurm/slurm_cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class SlurmTest : public ::testing::Test {
 protected:
  SlurmTest() : slurm_(cluster_.directory() + "/slurm") {
    std::filesystem::create_directory(cluster_.directory() + "/slurm");
    WriteIdxPair(cluster_.dataset_directory() + "/train", 20000, 8, 8, 4, 1);
    WriteIdxPair(cluster_.dataset_directory() + "/test", 120, 8, 8, 4, 2);
  }
  void StartCoordinator() {
    cluster_.StartCoordinator("10m", {.arguments = {"--address-file", address_file()}});
  }
  // Submits deploy/slurm/caviar-workers.sbatch with these options; its job's id.
  std::string Submit(std::vector<std::string> options, const std::string& exit_when_idle) {
    options.insert(options.begin(), "sbatch");
    for (const std::string& more : std::vector<std::string>{
             "--parsable", "--output=" + cluster_.directory() + "/worker-%a.log",
             std::string(CAVIAR_SOURCE_DIRECTORY) + "/deploy/slurm/caviar-workers.sbatch",
             "--dataset-dir", cluster_.dataset_directory()}) {
      options.push_back(more);
    }
    return slurm_.Run(std::move(options), {"CAVIAR_WORKER=" + cluster_.Binary("caviar-worker"),
                                           "CAVIAR_COORDINATOR=file:" + address_file(),
                                           "CAVIAR_EXIT_WHEN_IDLE=" + exit_when_idle});
  }
  json Trials() { return cluster_.Json({"trial", "list", "s"}); }
  // A trial that this task of the array runs, and has measured something of; -1: none.
  int TrialOf(const std::string& task) {
    const json trials = Trials();
    if (!trials.is_object() || !trials.contains("trials")) return -1;
    for (const json& trial : trials.at("trials")) {
      if (trial.value("state", "") != "RUNNING" || trial.value("last_step", int64_t{0}) < 1)
        continue;
      const json full =
          cluster_.Json({"trial", "show", "s", absl::StrCat(trial.value("number", 0))});
      if (absl::StartsWith(full.at("attempts").back().value("worker", ""), task + "@")) {
        return trial.value("number", 0);
      }
    }
    return -1;
  }
  std::string address_file() const { return cluster_.directory() + "/address"; }
  std::string WorkerLog(int task) const {
    return ReadFile(absl::StrCat(cluster_.directory(), "/worker-", task, ".log"));
  }

  Cluster cluster_;
  SlurmCluster slurm_;
};

TEST_F(SlurmTest, AJobArrayEndsAStudyThoughATaskIsCancelledAndTheCoordinatorMoves) {
  ASSERT_NO_FATAL_FAILURE(slurm_.Start());
  StartCoordinator();
  cluster_.CreateStudy(NetworkStudyFile("s", 6, 150));
  const std::string job = Submit({"--array=0-3"}, "10s");
  const std::string victim = job + "_1";
  int number = -1;
  ASSERT_TRUE(Eventually([&] { return (number = TrialOf(victim)) >= 0; })) << WorkerLog(1);
  slurm_.Run({"scancel", victim});
  ASSERT_TRUE(Eventually([&] {
    return absl::StrContains(WorkerLog(1), "what runs hands in its checkpoints");
  })) << WorkerLog(1);

  // It comes back elsewhere: the address that the workers were told is of no use any more.
  const std::string before = ReadFile(address_file());
  cluster_.coordinator().Signal(SIGTERM);
  ASSERT_EQ(cluster_.coordinator().Wait(), 0) << cluster_.coordinator().Errors();
  EXPECT_FALSE(std::filesystem::exists(address_file()));
  cluster_.MoveTo("127.0.0.1:0", {});
  StartCoordinator();
  ASSERT_NE(ReadFile(address_file()), before);

  const CommandResult waited = cluster_.Run({"study", "wait", "s"});
  ASSERT_EQ(waited.exit_code, 0) << waited.err;
  const json trials = Trials();
  ASSERT_EQ(trials.at("trials").size(), 6u);
  for (const json& listed : trials.at("trials")) {
    const json trial =
        cluster_.Json({"trial", "show", "s", absl::StrCat(listed.value("number", 0))});
    EXPECT_EQ(trial.at("state"), "COMPLETED") << trial.at("attempts");
    EXPECT_EQ(trial.value("lost_leases", 0), 0) << trial.at("attempts");
    EXPECT_EQ(trial.at("last_step"), 150) << trial.at("attempts");
    for (const json& attempt : trial.at("attempts")) {
      EXPECT_THAT(attempt.at("outcome"), ::testing::AnyOf("COMPLETED", "GIVEN_BACK"))
          << trial.at("attempts");
    }
  }
  const json cut = cluster_.Json({"trial", "show", "s", absl::StrCat(number)});
  EXPECT_GE(cut.at("attempts").size(), 2u) << cut.at("attempts");
  EXPECT_GT(cut.at("attempts").back().value("resumed_from_step", int64_t{0}), 0)
      << cut.at("attempts");

  // They leave by themselves, and Slurm takes that for a good end.
  ASSERT_TRUE(Eventually([&] { return slurm_.Run({"squeue", "--noheader"}).empty(); }));
  for (int task = 0; task < 4; ++task) {
    EXPECT_THAT(slurm_.Run({"scontrol", "show", "job", absl::StrCat(job, "_", task)}),
                HasSubstr(task == 1 ? "JobState=CANCELLED" : "JobState=COMPLETED"))
        << WorkerLog(task);
  }
  EXPECT_THAT(WorkerLog(0), HasSubstr("no work for 10s: leaving"));
}

}  // namespace
}  // namespace caviar::system_test
