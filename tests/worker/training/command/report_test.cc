// Programs that speak to the worker by the socket.
#include "absl/strings/str_split.h"
#include "tests/worker/training/command/command_fixture.h"
#include "tests/worker/training/command/reporting_program.h"

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReportTest : public CommandFixture {
 protected:
  ReportTest() {
    command().set_resumable(true);
    (*command().mutable_env())["PAUSE_AT"] = "step-2";
  }
  // What the program printed. What the worker says beside it comes by a way of its own, sooner or
  // later than that.
  std::vector<std::string> OwnLines() const {
    std::vector<std::string> lines = absl::StrSplit(seen_.log(), '\n', absl::SkipEmpty());
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("[caviar] "); });
    return lines;
  }
  Outcome Report(const std::vector<std::string>& lines) {
    std::vector<std::string> run = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                    kReportFlag};
    run.insert(run.end(), lines.begin(), lines.end());
    SetRun(run);
    return Train();
  }
};

TEST_F(ReportTest, EachLineIsAnswered) {
  const Outcome outcome = Report({R"({"step": 1, "accuracy": 0.5})", R"({"accuracy": NaN})",
                                  R"({"step": 1, "accuracy": 1})", "accuracy=1", R"({"step": 5})"});
  EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 accuracy=0.5", "2 accuracy=nan"));
  EXPECT_EQ(seen_.awaited, 3);
  EXPECT_THAT(OwnLines(),
              ElementsAre("answer: continue", "answer: continue", "answer: continue",
                          testing::StartsWith("answer: error: it is no JSON object"),
                          "answer: error: it has no metric",
                          "step 1 came after step 2 and was left out: steps have to grow"));
}

TEST_F(ReportTest, AProgramThatIsToldToStopEndsByItself) {
  seen_.on_measurement = [this](const v1::Measurement& measurement) {
    if (measurement.step() == 2) seen_.stop = true;
  };
  const Outcome outcome = Report({R"({"step": 1, "accuracy": 1})", R"({"step": 2, "accuracy": 2})",
                                  R"({"step": 3, "accuracy": 3})"});
  EXPECT_EQ(outcome.kind, Kind::kStopped) << outcome.message;
  EXPECT_EQ(seen_.measurements().size(), 2u);
}

TEST_F(ReportTest, AProgramThatIsToldToPauseLeavesACheckpoint) {
  seen_.on_measurement = [this](const v1::Measurement& measurement) {
    if (measurement.step() == 2) seen_.pause = true;
  };
  const Outcome outcome = Report({R"({"step": 1, "accuracy": 1})", R"({"step": 2, "accuracy": 2})",
                                  R"({"step": 3, "accuracy": 3})"});
  EXPECT_EQ(outcome.kind, Kind::kStopped) << outcome.message;
  EXPECT_THAT(seen_.log(), HasSubstr("answer: pause\n"));
  EXPECT_THAT(seen_.checkpoint_steps(), ElementsAre(2));
}

TEST_F(ReportTest, OnlyItsUserMayConnect) {
  Run("stat -c %a $(echo $CAVIAR_REPORT_ADDRESS | cut -c 6-)");
  EXPECT_EQ(seen_.log(), "600\n");
}

}  // namespace
}  // namespace caviar::command
