// A worker that is killed while it sends a checkpoint.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

constexpr int kCutEpochs = 12;

class CutCheckpointTest : public FaultTest {
 protected:
  // A network of some MiB, so that a checkpoint goes in many pieces.
  static std::string Study(const std::string& name) {
    return absl::StrReplaceAll(
        NetworkStudyFile(name, 1, kCutEpochs, ", max_attempts: 100"),
        {{"hidden_units: {min: 8, max: 32, scale: log}", "hidden_units: {value: 700}"},
         {"hidden_layers: {min: 1, max: 2}", "hidden_layers: {value: 2}"},
         {"optimizer: {values: [sgd, adam]}", "optimizer: {value: adam}"},
         {"  momentum: {min: 0.9, max: 0.999, scale: one_minus_log, when: {optimizer: sgd}}\n",
          ""}});
  }

  // Whether there is a file of a checkpoint of any trial that is being received, or was.
  bool HasCheckpoint(bool unfinished) const {
    const std::string artifacts = cluster_.data_directory() + "/artifacts";
    std::error_code error;
    for (auto file = std::filesystem::recursive_directory_iterator(artifacts, error);
         !error && file != std::filesystem::recursive_directory_iterator(); file.increment(error)) {
      const std::string name = file->path().filename();
      if (absl::StrContains(name, "checkpoint") && absl::StartsWith(name, ".") == unfinished) {
        return true;
      }
    }
    return false;
  }

  // Kills a worker in the middle of a checkpoint after `step`; false: the checkpoint was quicker,
  // or the trial is over.
  bool KillInTheMiddle(const std::string& worker_name, int64_t step) {
    const auto worker = cluster_.StartWorker(worker_name);
    if (!WaitForStep("cut", 0, step)) return false;
    const absl::Time end = absl::Now() + kPatience;
    // With an earlier one to go on from: without it, the heir would begin anew.
    while (!(HasCheckpoint(true) && HasCheckpoint(false)) && absl::Now() < end) {
    }
    worker->Kill();
    // Until then the last piece may still be on its way.
    return WaitForState("cut", 0, "WAITING") && HasCheckpoint(true);
  }
};

TEST_F(CutCheckpointTest, EndsBitForBitAsOneThatWasNot) {
  WriteIdxPair(cluster_.dataset_directory() + "/train", 600, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 40, 8, 8, 4, 2);
  cluster_.StartCoordinator("1s");
  cluster_.CreateStudy(Study("cut"));
  int tries = 0;
  while (!KillInTheMiddle(absl::StrCat("w", tries), 2)) {
    ASSERT_EQ(Trial("cut", 0).at("state"), "WAITING") << "it was over before a checkpoint was cut";
    ASSERT_LT(++tries, 20);
  }
  const auto heir = cluster_.StartWorker("heir");
  WaitForEnd("cut");
  // No lease of it may be lost, however busy the machine is.
  cluster_.coordinator().Kill();
  cluster_.StartCoordinator("60s");
  cluster_.CreateStudy(Study("straight"));
  WaitForEnd("straight");

  const json attempts = Trial("cut", 0).at("attempts");
  EXPECT_EQ(attempts[attempts.size() - 2].at("outcome"), "LEASE_EXPIRED");
  EXPECT_EQ(attempts.back().at("worker"), "heir");
  EXPECT_GE(attempts.back().value("resumed_from_step", 0), 1) << attempts;
  EXPECT_EQ(Trial("straight", 0).at("attempts").size(), 1u);
  EXPECT_EQ(Curve("cut", 0), Curve("straight", 0));
  EXPECT_TRUE(Weights("cut", 0) == Weights("straight", 0)) << "not the same weights";
}

}  // namespace
}  // namespace caviar::system_test
