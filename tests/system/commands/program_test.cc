// What programs do: well-behaved ones and others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/system/commands/command_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ProgramTest : public CommandSystemTest {
 protected:
  void SetUp() override {
    cluster_.StartCoordinator();
    worker_ = StartCommandWorker("w", 4);
  }
  std::unique_ptr<Process> worker_;
};

TEST_F(ProgramTest, AScriptGetsItsParametersAndReportsByPrinting) {
  Create("s", R"(
echo "got $1 and $CAVIAR_PARAMETERS as $CAVIAR_STUDY/$CAVIAR_TRIAL.$CAVIAR_ATTEMPT"
echo 'caviar: {"step": 1, "accuracy": 0.25}'
echo 'caviar: {"step": 2, "accuracy": 0.75}'
)");
  const json trial = Finish("s");
  EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
  EXPECT_EQ(trial.at("objective"), 0.75);
  const std::string log = Log("s");
  EXPECT_THAT(log, HasSubstr("got --x=0."));
  EXPECT_THAT(log, HasSubstr(R"(and {"x": 0.)"));
  EXPECT_THAT(log, HasSubstr("as s/0.1"));
}

TEST_F(ProgramTest, CodeThatWasUploadedIsTheCurrentFolder) {
  const std::string folder = cluster_.directory() + "/project";
  std::filesystem::create_directories(folder + "/data");
  WriteFile(folder + "/train.sh",
            "echo \"caviar: {\\\"step\\\": 1, \\\"accuracy\\\": $(cat data/value)}\"\n");
  WriteFile(folder + "/data/value", "0.5");
  WriteFile(folder + "/.caviarignore", "*.tmp\n");
  WriteFile(folder + "/big.tmp", std::string(1 << 20, 'x'));
  WriteFile(folder + "/study.yaml", R"(
study: uploaded
objective: {metric: accuracy, goal: maximize}
trainer: {command: {run: [sh, train.sh], code: {upload: .}}}
limits: {max_trials: 2}
parameters: {x: {min: 0.0, max: 1.0}}
)");
  const CommandResult created = cluster_.Run({"study", "create", folder + "/study.yaml"});
  ASSERT_EQ(created.exit_code, 0) << created.err;
  std::filesystem::remove_all(folder);
  EXPECT_EQ(Finish("uploaded").at("objective"), 0.5);
  EXPECT_EQ(Trial("uploaded", 1).at("state"), "COMPLETED");
}

TEST_F(ProgramTest, OneThatIgnoresTermIsKilled) {
  Create("stubborn", R"(
trap '' TERM
echo 'caviar: {"step": 1, "accuracy": 0.5}'
while true; do sleep 0.05; done
)",
         "    stop_grace: 1s\n");
  AwaitStep("stubborn", 1);
  ASSERT_TRUE(Runs("stubborn.sh"));
  ASSERT_EQ(cluster_.Run({"study", "stop", "stubborn", "--end"}).exit_code, 0);
  EXPECT_EQ(Finish("stubborn").at("state"), "CANCELLED");
  EXPECT_TRUE(Eventually([] { return !Runs("stubborn.sh"); }));
}

TEST_F(ProgramTest, NothingThatItStartedOutlivesIt) {
  const std::string mark = absl::StrCat("61", getpid());  // seconds that nobody else sleeps
  Create("forker", absl::StrCat("sleep ", mark, R"( &
setsid sh -c 'sleep )",
                                mark, R"( & sleep )", mark, R"(' > /dev/null 2>&1 &
echo 'caviar: {"step": 1, "accuracy": 0.5}'
)"));
  const json trial = Finish("forker");
  EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
  EXPECT_TRUE(Eventually([&] { return !Runs(mark); }));
}

TEST_F(ProgramTest, OfAHundredMegabytesTheFirstTenAreKept) {
  Create("chatty", R"(
head -c 100000000 /dev/zero | tr '\0' 'x' | fold -w 999
echo
echo 'caviar: {"step": 1, "accuracy": 0.5}'
)");
  const json trial = Finish("chatty");
  EXPECT_EQ(trial.at("state"), "COMPLETED") << trial;
  EXPECT_EQ(trial.at("objective"), 0.5) << "what it measured at the end counts";
  const std::string log = Log("chatty");
  EXPECT_GT(log.size(), size_t{10'000'000});
  EXPECT_LT(log.size(), (size_t{10} << 20) + 4096);
}

TEST_F(ProgramTest, OneThatNeverPrintsHasFailedForLackOfAnObjective) {
  Create("silent", "exit 0\n");
  const json trial = Finish("silent");
  EXPECT_EQ(trial.at("state"), "FAILED") << trial;
  EXPECT_THAT(trial.at("message"), HasSubstr("accuracy"));
}

TEST_F(ProgramTest, OneThatTakesMoreMemoryThanItSaidHasFailedForThat) {
  Create("hungry", R"(
echo 'caviar: {"step": 1, "accuracy": 0.5}'
exec awk 'BEGIN { s = "x"; while (length(s) < 400000000) s = s s; while (1) t = s "x"; }'
)",
         "    resources: {memory: 64MiB}\n");
  const json trial = Finish("hungry");
  EXPECT_EQ(trial.at("state"), "FAILED") << trial;
  EXPECT_THAT(trial.at("message"), HasSubstr("memory"));
}

TEST_F(ProgramTest, NotANumberMakesTheTrialInfeasible) {
  Create("nan", "echo 'caviar: {\"step\": 1, \"accuracy\": NaN}'\n");
  EXPECT_EQ(Finish("nan").at("state"), "INFEASIBLE");
}

TEST_F(ProgramTest, ItsExitCodeSaysHowItEnded) {
  Create("infeasible", "exit 65\n");
  Create("broken",
         "echo 'caviar: {\"step\": 1, \"accuracy\": 1}'\necho no such file >&2\nexit 3\n");
  Create("again", R"(
if [ "$CAVIAR_ATTEMPT" -lt 2 ]; then exit 75; fi
echo 'caviar: {"step": 1, "accuracy": 0.5}'
)");
  EXPECT_EQ(Finish("infeasible").at("state"), "INFEASIBLE");
  const json broken = Finish("broken");
  EXPECT_EQ(broken.at("state"), "FAILED");
  EXPECT_THAT(broken.at("message"), HasSubstr("3"));
  EXPECT_THAT(broken.at("message"), HasSubstr("no such file"));
  EXPECT_THAT(cluster_.Run({"trial", "show", "broken", "0"}).out, HasSubstr("no such file"));
  const json again = Finish("again");
  EXPECT_EQ(again.at("state"), "COMPLETED") << again;
  EXPECT_EQ(again.at("lost_leases"), 1);
}

TEST_F(ProgramTest, AStudyWhoseFirstTrialsAllFailStopsAndSaysWhy) {
  Create("hopeless", "echo cannot import torch >&2\nexit 1\n", "", "limits: {max_trials: 50}\n");
  const json study = [&] {
    json shown;
    EXPECT_TRUE(Eventually([&] {
      shown = cluster_.Json({"study", "show", "hopeless"});
      return shown.is_object() && shown.at("state") == "STOPPED";
    }));
    return shown;
  }();
  EXPECT_THAT(study.at("message"), HasSubstr("cannot import torch"));
  EXPECT_LT(study.at("trial_counts").at("failed"), 10);
}

TEST_F(ProgramTest, ItSpeaksToItsWorkerByTheCommandLine) {
  const std::string caviar = cluster_.Binary("caviar");
  Create("report", absl::StrCat(caviar, " report --step 1 accuracy=0.5\n"));
  EXPECT_EQ(Finish("report").at("objective"), 0.5);
  EXPECT_THAT(Log("report"), HasSubstr("continue"));
}

TEST_F(ProgramTest, APrunedOneIsToldToStopAndIsPrunedWhateverItsExitCode) {
  // Trial n reports .(9 - n) at each of nine steps: all but the first are worse.
  const std::string script = R"sh(
step=1
while [ $step -le 9 ]; do
  answer=$(CAVIAR report --step $step "accuracy=0.$((9 - CAVIAR_TRIAL))")
  echo "$step $answer"
  if [ "$answer" = stop ]; then exit 0; fi
  step=$((step + 1))
done
)sh";
  Create("pruned", absl::StrReplaceAll(script, {{"CAVIAR ", cluster_.Binary("caviar") + " "}}), "",
         "limits: {max_trials: 6, parallel: 1}\n"
         "pruner: {algorithm: asha, grace: 1, eta: 3, max_step: 9}\n");
  EXPECT_EQ(Finish("pruned").at("state"), "COMPLETED");
  const json last = Trial("pruned", 5);
  EXPECT_EQ(last.at("state"), "PRUNED") << last;
  EXPECT_EQ(last.at("last_step"), 1);
}

}  // namespace
}  // namespace caviar::system_test
