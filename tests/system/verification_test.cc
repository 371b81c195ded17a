// What the real programs stored can be computed again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/system/cluster.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr int kWorkers = 8;
constexpr int kVerifiedTrials = 28;
constexpr int kKills = 4;

class VerificationTest : public ::testing::Test {
 protected:
  int FinalTrials() {
    const json study = cluster_.Json({"study", "show", "s"});
    if (!study.is_object() || !study.contains("trial_counts")) return 0;
    const json& counts = study.at("trial_counts");
    return counts.value("completed", 0) + counts.value("pruned", 0);
  }

  Cluster cluster_;
};

TEST_F(VerificationTest, EightWorkersAndADyingCoordinatorAreReplayedBitForBit) {
  WriteIdxPair(cluster_.dataset_directory() + "/train", 1200, 8, 8, 4, 1);
  WriteIdxPair(cluster_.dataset_directory() + "/test", 120, 8, 8, 4, 2);
  cluster_.StartCoordinator();
  const std::string file = absl::StrReplaceAll(NetworkStudyFile("s", kVerifiedTrials, 9),
                                               {{"algorithm: sobol", "algorithm: gp"}});
  cluster_.CreateStudy(file + "pruner: {algorithm: asha, grace: 1}\n");
  std::vector<std::unique_ptr<Process>> workers;
  for (int i = 0; i < kWorkers; ++i) workers.push_back(cluster_.StartWorker(absl::StrCat("w", i)));
  for (int kill = 1; kill <= kKills; ++kill) {
    // While they train and report.
    ASSERT_TRUE(Eventually([&] { return FinalTrials() >= kill * kVerifiedTrials / (kKills + 2); }));
    cluster_.coordinator().Kill();
    cluster_.StartCoordinator();
  }
  const CommandResult wait = cluster_.Run({"study", "wait", "s"});
  ASSERT_EQ(wait.exit_code, 0) << wait.out << wait.err;

  const CommandResult verified = cluster_.Run({"study", "verify", "s"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("differences  0\n"));
  const json found = cluster_.Json({"study", "verify", "s"});
  ASSERT_TRUE(found.is_object());
  EXPECT_EQ(found.at("trials"), kVerifiedTrials);
  EXPECT_EQ(found.value("differences", 0), 0);
  EXPECT_EQ(found.value("not_comparable", 0), 0);
  EXPECT_EQ(found.value("equal", 0) + found.value("equal_stand_ins", 0), kVerifiedTrials) << found;
  EXPECT_GT(found.value("equal", 0), 0);
  EXPECT_GE(found.value("equal_decisions", 0), kVerifiedTrials)
      << "each trial reached the first rung";
}

TEST_F(VerificationTest, AStudyThatIsNotThereIsSaid) {
  cluster_.StartCoordinator();
  const CommandResult verified = cluster_.Run({"study", "verify", "s"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_THAT(verified.err, HasSubstr("there is no study 's'"));
}

}  // namespace
}  // namespace caviar::system_test
