// A program that writes and reads checkpoints, preempted, paused, promoted and killed along the
// way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "tests/system/commands/command_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;

// A chain of numbers, each made of the one before: who starts anew or leaves one out ends
// elsewhere. It takes 20 ms a step, and after `hold` it waits until a file is there.
constexpr char kScript[] = R"(
folder=$CAVIAR_LATEST_CHECKPOINT
if [ -n "$folder" ]; then step=$(cat "$folder/step"); value=$(cat "$folder/value"); else step=0; value=$((CAVIAR_TRIAL + 7)); fi
while [ $step -lt 27 ]; do
  step=$((step + 1))
  value=$(( (value * 1103 + 12345) % 1000003 ))
  part=$CAVIAR_CHECKPOINT_DIR/part
  mkdir -p "$part"; echo $step > "$part/step"; echo $value > "$part/value"
  echo "caviar: {\"step\": $step, \"accuracy\": 0.$(printf %06d $value)}"
  rm -rf "$CAVIAR_CHECKPOINT_DIR/step-$step"; mv "$part" "$CAVIAR_CHECKPOINT_DIR/step-$step"
  sleep 0.02
  while [ -e "$HOLD-$step" ]; do sleep 0.02; done
done
)";

class ResumeTest : public CommandSystemTest {
 protected:
  void SetUp() override { cluster_.StartCoordinator("2s"); }

  std::string HoldFile(int step) const {
    return absl::StrCat(cluster_.directory(), "/hold-", step);
  }
  void CreateResumable(const std::string& study, const std::string& rest) {
    Create(study, kScript,
           absl::StrCat("    resumable: true\n    stop_grace: 1s\n    env: {HOLD: ",
                        cluster_.directory(), "/hold}\n"),
           rest);
  }
  // By step.
  std::map<int64_t, double> Curve(const std::string& study, int number = 0) {
    std::map<int64_t, double> curve;
    const json trial = Trial(study, number);
    for (const json& measurement : trial.at("measurements")) {
      curve[measurement.at("step")] = measurement.at("metrics").at("accuracy");
    }
    return curve;
  }
};

TEST_F(ResumeTest, PreemptedAndKilledItEndsWithTheSameMetrics) {
  auto worker = StartCommandWorker("a");
  CreateResumable("through", "limits: {max_trials: 1}\n");
  ASSERT_EQ(Finish("through").at("state"), "COMPLETED");
  for (const int step : {5, 12}) WriteFile(HoldFile(step), "");
  CreateResumable("cut", "limits: {max_trials: 1}\n");
  AwaitStep("cut", 5);
  worker->Signal(SIGTERM);  // as a cluster preempts
  ASSERT_EQ(worker->Wait(), 0) << worker->Errors();
  std::filesystem::remove(HoldFile(5));
  worker = StartCommandWorker("b");
  AwaitStep("cut", 12);
  worker->Kill();
  std::filesystem::remove(HoldFile(12));
  worker = StartCommandWorker("c");
  const json trial = Finish("cut");
  EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
  EXPECT_EQ(trial.at("lost_leases"), 1) << "the preemption is not counted";
  ASSERT_EQ(trial.at("attempts").size(), 3u);
  EXPECT_EQ(trial.at("attempts")[1].at("resumed_from_step"), 5);
  EXPECT_EQ(Curve("cut"), Curve("through"));
  EXPECT_EQ(Curve("cut").size(), 27u);
}

TEST_F(ResumeTest, PausedAndPromotedItEndsWithTheSameMetrics) {
  const auto worker = StartCommandWorker("a", 2);
  CreateResumable("through", "limits: {max_trials: 9}\n");
  CreateResumable("promoted",
                  "limits: {max_trials: 9}\n"
                  "pruner: {algorithm: asha, mode: promote, grace: 3, eta: 3, max_step: 27}\n");
  Finish("through");
  Finish("promoted");
  int promoted = 0;
  for (int number = 0; number < 9; ++number) {
    const auto whole = Curve("through", number), part = Curve("promoted", number);
    for (const auto& [step, value] : part)
      EXPECT_EQ(value, whole.at(step)) << number << "@" << step;
    const json trial = Trial("promoted", number);
    if (trial.at("state") != "COMPLETED") continue;
    ++promoted;
    EXPECT_EQ(part.size(), 27u) << number;
    EXPECT_GT(trial.at("attempts").size(), 1u) << "it was paused on its way";
  }
  EXPECT_GT(promoted, 0);
  EXPECT_LT(promoted, 9);
}

}  // namespace
}  // namespace caviar::system_test
