#include "caviar/v1/error_detail.h"
#include "client/commands/wait_display.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

v1::WatchStudyResponse Change(const std::string& study, std::vector<v1::Trial> finished = {}) {
  v1::WatchStudyResponse change;
  *change.mutable_study() = TestStudy(study);
  for (const v1::Trial& trial : finished) *change.add_finished() = trial;
  return change;
}

// A stream that sends these messages, as long as they are wanted, and then ends so.
auto Stream(std::vector<v1::WatchStudyResponse> changes, absl::Status end = absl::OkStatus()) {
  return [changes, end](const v1::WatchStudyRequest& request,
                        std::function<bool(const v1::WatchStudyResponse&)> on_change) {
    EXPECT_EQ(request.study(), "mnist");
    EXPECT_TRUE(request.include_finished());
    for (const auto& change : changes) {
      if (!on_change(change)) return absl::OkStatus();
    }
    return end;
  };
}

const char kEnded[] = R"(
  state: ENDED end_reason: MAX_TRIALS trial_counts { completed: 2 failed: 1 } best_trial: 1
  best_objective: 0.9 active_duration { seconds: 30 }
  test_evaluation { state: COMPLETED trial: 1 metrics { key: "test_accuracy" value: 0.88 } })";

class StudyWait : public CommandTest {
 protected:
  void SetUp() override {
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
    EXPECT_CALL(client_, LintStudy).WillRepeatedly(Return(v1::LintStudyResponse()));
  }
};

TEST_F(StudyWait, PipedPrintsALineAFinishedTrialAndASummary) {
  v1::Trial failed = TestTrial(2, "state: FAILED message: 'train.csv: no such file'");
  failed.clear_objective();
  failed.clear_objective_step();
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("trial_counts { running: 2 }"),
                        Change("trial_counts { completed: 1 }", {TestTrial(0)}),
                        Change(kEnded, {TestTrial(1, "objective: 0.9"), failed})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "trial 0 COMPLETED accuracy=0.891167 step=7 worker=host-1 rate=0.0123457 "
            "optimizer=sgd\n"
            "trial 1 COMPLETED accuracy=0.9 step=7 worker=host-1 rate=0.0123457 optimizer=sgd\n"
            "trial 2 FAILED worker=host-1 rate=0.0123457 optimizer=sgd: train.csv: no such file\n"
            "study mnist ended (max_trials) after 30s: 2 completed, 1 failed; best trial 1: "
            "accuracy 0.9 at step 7 with rate=0.0123457 optimizer=sgd; test set: test_accuracy "
            "0.88 (trial 1)\n");
  EXPECT_EQ(err(), "");
}

TEST_F(StudyWait, EndsWithWhatAColleagueWouldRemark) {
  EXPECT_CALL(client_, WatchStudy)
      .WillRepeatedly(Stream({Change(kEnded, {TestTrial(1, "objective: 0.9")})}));
  EXPECT_CALL(client_, LintStudy)
      .WillOnce(Return(Parse<v1::LintStudyResponse>(R"(
        findings { severity: WARNING code: "best_at_edge" parameter: "rate" message: "widen it" }
        findings { severity: NOTE code: "too_few_trials" message: "few" })")))
      .WillOnce(Return(absl::UnimplementedError("an older coordinator")));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), EndsWith("(trial 1)\nwarning: rate: widen it [best_at_edge]\n"
                              "note: few [too_few_trials]\n"));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), EndsWith("(trial 1)\n"));
  EXPECT_EQ(err(), "");
}

TEST_F(StudyWait, OnATerminalDrawsABar) {
  terminal_ = true;
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("trial_counts { running: 2 completed: 1 } best_trial: 0 "
                               "best_objective: 0.5 active_duration { seconds: 10 }",
                               {TestTrial(0)}),
                        Change(kEnded, {TestTrial(1, "objective: 0.9")})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("\r\033[K["));
  EXPECT_THAT(out(), HasSubstr("1/4 done, 2 running, 0 failed | best 0.5 (trial 0) | 30s left"));
  EXPECT_THAT(out(), HasSubstr("\r\033[Kstudy mnist ended"));
  EXPECT_THAT(out(), Not(HasSubstr("COMPLETED")));
}

TEST_F(StudyWait, OfRepeatsTheMeanIsToldAndAllTrialsCount) {
  const char kDone2[] = R"(repeats: 2 state: ENDED end_reason: MAX_TRIALS
    trial_counts { completed: 8 } best_trial: 2 best_objective: 0.75 best_standard_error: 0.05)";
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(
          Stream({Change(kDone2, {TestTrial(2, "repeat_of: 2"), TestTrial(3, "repeat_of: 2")})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "trial 2 COMPLETED accuracy=0.891167 step=7 worker=host-1 rate=0.0123457 "
            "optimizer=sgd\n"
            "trial 3 COMPLETED accuracy=0.891167 step=7 repeat_of=2 worker=host-1 rate=0.0123457 "
            "optimizer=sgd\n"
            "study mnist ended (max_trials): 8 completed; best trial 2 and its repeats: accuracy "
            "0.75 +- 0.05 with rate=0.0123457 optimizer=sgd\n");
  terminal_ = true;
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("repeats: 2 trial_counts { completed: 2 } best_trial: 0 "
                               "best_objective: 0.5 best_standard_error: 0.25 "
                               "active_duration { seconds: 10 }"),
                        Change(kDone2, {TestTrial(2)})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("2/8 done, 0 running, 0 failed | best 0.5 +- 0.25 (trial 0) | 30s "
                               "left"));
}

TEST_F(StudyWait, ThatNoWorkerCanRunItIsSaidOnce) {
  const std::string unplaced = "message: 'no worker can run it: none runs programs'";
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change(unplaced), Change(unplaced), Change("message: 'trial 3 failed: x'"),
                        Change(kEnded, {TestTrial(1)})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_EQ(err(), "caviar: no worker can run it: none runs programs\n");
}

TEST_F(StudyWait, WhatKeepsWorkersFromTheirWorkIsSaidOnce) {
  const std::string trial =
      "message: 'trial 3 waits: given back by worker w, which could not do it: no room'";
  const std::string test =
      "state: ENDED test_evaluation { trial: 2 state: WAITING message: 'given back by worker w, "
      "which could not do it: no files' }";
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change(trial), Change(""), Change(trial), Change(test), Change(test),
                        Change(kEnded, {TestTrial(1)})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_EQ(err(),
            "caviar: trial 3 waits: given back by worker w, which could not do it: no room\n"
            "caviar: test set: trial 2 waits for a worker to evaluate it on the test set; given "
            "back by worker w, which could not do it: no files\n");
}

TEST_F(StudyWait, AsJsonPrintsTheStudyAtTheEnd) {
  EXPECT_CALL(client_, WatchStudy).WillOnce(Stream({Change(kEnded, {TestTrial(1)})}));
  EXPECT_EQ(Run({"study", "wait", "mnist", "--output", "json"}), kDone);
  EXPECT_EQ(json()["end_reason"], "MAX_TRIALS");
}

TEST_F(StudyWait, AsksForTheBestTrialWhereItWasNotSeen) {
  EXPECT_CALL(client_, WatchStudy).WillOnce(Stream({Change(kEnded)}));
  EXPECT_CALL(client_, GetTrial).WillOnce(Return(TestTrial(1)));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("with rate=0.0123457"));
}

TEST_F(StudyWait, AStudyWithoutACompletedTrialFails) {
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("state: ENDED end_reason: MAX_FAILED trial_counts { failed: 3 } "
                               "message: 'trial 2 failed: no data'")}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_THAT(out(), HasSubstr("no completed trial"));
  EXPECT_THAT(err(), HasSubstr("trial 2 failed: no data"));
}

TEST_F(StudyWait, AStudyThatEndedByItsFailuresFails) {
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("state: ENDED end_reason: MAX_FAILED trial_counts { failed: 3 "
                               "completed: 1 }")}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("3 trials failed"));
}

TEST_F(StudyWait, AStoppedStudyIsWaitedForUntilNothingRuns) {
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("state: STOPPED trial_counts { running: 1 }"),
                        Change("state: STOPPED trial_counts { completed: 1 }", {TestTrial(0)}),
                        Change("state: ACTIVE")}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("caviar study resume mnist"));
  EXPECT_THAT(out(), HasSubstr("trial 0 COMPLETED"));
}

TEST_F(StudyWait, ACoordinatorThatGoesAwayIsWaitedForAndNothingIsPrintedTwice) {
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("", {TestTrial(0)})}, absl::UnavailableError("gone")))
      .WillOnce(Return(absl::UnavailableError("refused")))
      .WillOnce(Stream({Change("", {TestTrial(0)})}))  // it shut down in order
      .WillOnce(Stream({Change(kEnded, {TestTrial(0), TestTrial(1)})}));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  const std::string text = out();
  EXPECT_EQ(text.find("trial 0 "), text.rfind("trial 0 "));
  // Once each time it goes.
  EXPECT_EQ(err(),
            "caviar: the coordinator is away; waiting for it to come back, for 5m00s at most\n"
            "caviar: the coordinator is away; waiting for it to come back, for 5m00s at most\n");
}

TEST_F(StudyWait, ACoordinatorThatStaysAwayIsGivenUp) {
  EXPECT_CALL(client_, WatchStudy).WillRepeatedly(Return(absl::UnavailableError("refused")));
  const absl::Time start = now_;
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kNoCoordinator);
  EXPECT_GE(now_ - start, absl::Minutes(5));
  EXPECT_LE(now_ - start, absl::Minutes(6));
  EXPECT_THAT(err(), HasSubstr("for 5m00s"));
}

TEST_F(StudyWait, ACoordinatorThatIsThereButCannotAnswerSaysWhy) {
  EXPECT_CALL(client_, WatchStudy)
      .WillRepeatedly(
          Return(error::WithReason(absl::UnavailableError("the store cannot be read"), "NOT_NOW")));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_EQ(err(),
            "caviar: the store cannot be read; waiting, for 5m00s at most\n"
            "caviar: the store cannot be read\n");
}

TEST_F(StudyWait, OtherErrorsEndIt) {
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(Stream({Change("")}, absl::NotFoundError("the study was deleted")));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_EQ(err(), "caviar: the study was deleted\n");
}

TEST_F(StudyWait, CtrlCLeavesTheStudyRunningAndSaysSo) {
  EXPECT_CALL(client_, CancelWaiting);
  EXPECT_CALL(client_, WatchStudy).WillOnce([&](const auto&, const auto& on_change) {
    EXPECT_TRUE(on_change(Change("")));
    interrupt_();
    EXPECT_FALSE(on_change(Change("")));
    return absl::CancelledError("cancelled");
  });
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kInterrupted);
  EXPECT_THAT(err(), HasSubstr("the study goes on"));
  EXPECT_THAT(err(), HasSubstr("caviar study wait mnist"));
}

TEST_F(StudyWait, CtrlCOfOneThatHasEndedSaysWhatItWaitsFor) {
  EXPECT_CALL(client_, CancelWaiting);
  EXPECT_CALL(client_, WatchStudy).WillOnce([&](const auto&, const auto& on_change) {
    EXPECT_TRUE(on_change(Change("state: ENDED test_evaluation { trial: 2 state: WAITING }")));
    interrupt_();
    return absl::CancelledError("cancelled");
  });
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kInterrupted);
  EXPECT_THAT(err(), AllOf(HasSubstr("the study has ended, trial 2 waits for a worker"),
                           HasSubstr("caviar study wait mnist"), Not(HasSubstr("study stop"))));
}

TEST_F(StudyWait, AnUnknownStudyAndAMissingCoordinatorAreToldAtOnce) {
  EXPECT_CALL(client_, GetStudy)
      .WillOnce(Return(absl::NotFoundError("no study")))
      .WillOnce(Return(absl::UnavailableError("refused")));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kNoCoordinator);
}

TEST(TimeLeft, FollowsThePaceAndTheDuration) {
  EXPECT_FALSE(TimeLeft(TestStudy()));
  const char pace[] = "trial_counts { completed: 1 } active_duration { seconds: 10 }";
  EXPECT_EQ(TimeLeft(TestStudy(pace)), absl::Seconds(30));
  EXPECT_EQ(TimeLeft(TestStudy(std::string(pace) + "limits { max_duration { seconds: 15 } }")),
            absl::Seconds(5));
  EXPECT_EQ(TimeLeft(TestStudy("active_duration { seconds: 20 } "
                               "limits { max_duration { seconds: 15 } }")),
            absl::ZeroDuration());
  EXPECT_FALSE(TimeLeft(TestStudy(std::string(pace) + "state: STOPPED")));
}

}  // namespace
}  // namespace caviar::commands
