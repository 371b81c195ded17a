// Workers that are asked to leave: SIGTERM, --grace and a second SIGTERM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class LeavingTest : public FaultTest {
 protected:
  // A worker in the middle of trial 0 that was asked to leave while the coordinator is away.
  std::unique_ptr<Process> StartAndLeave(const std::string& grace) {
    cluster_.StartCoordinator();
    CreateEndlessStudy("s", 1);
    auto worker = cluster_.StartWorker("w", 1, {.arguments = {"--grace", grace}});
    EXPECT_TRUE(WaitForStep("s", 0, 1));
    cluster_.coordinator().Kill();
    worker->Signal(SIGTERM);
    EXPECT_TRUE(WaitForLog(*worker, "leaving; what runs hands in its checkpoints"));
    return worker;
  }
};

TEST_F(LeavingTest, WaitsWithinItsGraceForACoordinatorThatIsAway) {
  const auto worker = StartAndLeave("1h");
  // Being stopped and going on is no second signal.
  Freeze(*worker);
  Thaw(*worker);
  cluster_.StartCoordinator();
  EXPECT_EQ(worker->Wait(), 0) << worker->Errors();
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("state"), "WAITING");
  EXPECT_EQ(trial.at("lost_leases"), 0);
  const auto heir = cluster_.StartWorker("heir");
  ASSERT_TRUE(WaitForStep("s", 0, trial.at("last_step").get<int64_t>() + 1));
  const json attempt = Trial("s", 0).at("attempts").back();
  EXPECT_EQ(attempt.value("resumed_from_step", int64_t{0}), trial.at("last_step"))
      << "its checkpoint was handed in";
  EndStudy("s");
}

TEST_F(LeavingTest, EndsWithItsGrace) {
  const auto worker = StartAndLeave("1s");
  EXPECT_EQ(worker->Wait(), 1) << "its work was not given back";
}

TEST_F(LeavingTest, ASecondSignalEndsItAtOnce) {
  const auto worker = StartAndLeave("1h");
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait(), 1);
  EXPECT_THAT(worker->Errors(), HasSubstr("ending at once"));
}

// Batch systems send it as a warning (sbatch --signal).
TEST_F(LeavingTest, AForeignSignalIsNeitherTheEndNorInTheWayOfIt) {
  cluster_.StartCoordinator();
  CreateEndlessStudy("s", 1);
  auto worker = cluster_.StartWorker("w");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  worker->Signal(SIGUSR1);
  ASSERT_TRUE(WaitForLog(*worker, "means nothing to a worker"));
  ASSERT_TRUE(WaitForStep("s", 0, Trial("s", 0).at("last_step").get<int64_t>() + 1));
  worker->Signal(SIGTERM);
  EXPECT_EQ(worker->Wait(absl::Seconds(30)), 0) << worker->Errors();
  EXPECT_EQ(Trial("s", 0).at("state"), "WAITING");
  EndStudy("s");
}

TEST_F(LeavingTest, AWorkerThatGetsTooFewThreadsEndsAllTheSame) {
  cluster_.StartCoordinator();
  std::vector<std::unique_ptr<Process>> workers;
  for (int threads = 0; threads < 18; ++threads) {
    workers.push_back(cluster_.StartWorker(
        absl::StrCat("w", threads), 2,
        {.arguments = {"--grace", "5s"},
         .environment = {Preloading(FEW_THREADS), absl::StrCat("FEW_THREADS=", threads)}}));
  }
  for (const auto& worker : workers) {
    // One of too few may come to nothing at all.
    Eventually(
        [&] {
          return !worker->Running() || worker->Errors().find("registered as") != std::string::npos;
        },
        absl::Seconds(5));
    worker->Signal(SIGTERM);
  }
  for (size_t threads = 0; threads < workers.size(); ++threads) {
    Process& worker = *workers[threads];
    const int exit_code = worker.Wait(absl::Seconds(30));
    EXPECT_TRUE(exit_code == 0 || exit_code == 1)
        << "with " << threads << " threads: " << exit_code << "\n"
        << worker.Errors();
  }
}

}  // namespace
}  // namespace caviar::system_test
