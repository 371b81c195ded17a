// Constraints and several objectives, as the commands show them.
#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "client/commands/nearest_trial.h"
#include "client/commands/outcome_text.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

v1::Study Bounded(const std::string& more = "") {
  return TestStudy(
      "constraints { metric: 'latency' max: 10 } "
      "constraints { metric: 'recall' min: 0.5 max: 1 } " +
      more);
}

v1::Study Several(const std::string& more = "") {
  v1::Study study = TestStudy(
      "objectives { metric: 'accuracy' goal: MAXIMIZE value: LAST } "
      "objectives { metric: 'latency' goal: MINIMIZE value: LAST } " +
      more);
  study.clear_objective();
  return study;
}

v1::Trial Measured(int number, double accuracy, double latency, double recall,
                   const std::string& more = "") {
  v1::Trial trial = TestTrial(number, more);
  trial.set_objective(accuracy);
  (*trial.mutable_outcome())["accuracy"] = accuracy;
  (*trial.mutable_outcome())["latency"] = latency;
  (*trial.mutable_outcome())["recall"] = recall;
  trial.set_feasible(latency <= 10 && recall >= 0.5);
  return trial;
}

v1::Trial OnFront(int number, double accuracy, double latency) {
  v1::Trial trial = TestTrial(number);
  trial.set_objective(accuracy);
  (*trial.mutable_outcome())["accuracy"] = accuracy;
  (*trial.mutable_outcome())["latency"] = latency;
  return trial;
}

TEST(OutcomeText, NamesTheConstraintsAndWhatBreaksThem) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(ConstraintsText(Bounded()), "latency <= 10, 0.5 <= recall <= 1");
  EXPECT_EQ(OutcomeText(Bounded(), Measured(0, 0.9, 12.345678901, 0.25)),
            "accuracy 0.9, latency 12.3457 > 10, recall 0.25 < 0.5");
  EXPECT_EQ(OutcomeText(Bounded(), Measured(0, 0.9, 9, 0.7)), "accuracy 0.9");
  EXPECT_EQ(ConstraintsOutcomeText(Bounded(), Measured(0, 0.9, kNan, 0.7)),
            "broken: latency NaN, which is not finite; kept: recall 0.7 >= 0.5 and <= 1");
  EXPECT_EQ(ConstraintsOutcomeText(TestStudy(), TestTrial(0)), "");
  EXPECT_EQ(ObjectiveNames(Several()), "accuracy, latency");
  EXPECT_EQ(ObjectiveNames(TestStudy()), "accuracy");
}

TEST(Nearest, AddsUpTheSharesThatConstraintsAreBrokenBy) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const v1::Study study = Bounded();
  EXPECT_EQ(Nearest(study, {}), nullptr);
  // Of the most that is broken by, 100 and 0.5: .02 + .8, 0 + 1, .1 + .2, 1 (not finite).
  const std::vector<v1::Trial> trials = {Measured(0, 1, 12, 0.1), Measured(1, 1, 110, 0.5),
                                         Measured(2, 1, 20, 0.4), Measured(3, 1, kNan, 0.5),
                                         Measured(4, 1, 9, 0)};
  EXPECT_EQ(Nearest(study, trials)->number(), 2);
  EXPECT_EQ(Nearest(study, {trials[3], trials[4]})->number(), 3) << "the first of equals";
}

using OutcomeCommands = CommandTest;

TEST_F(OutcomeCommands, BestShowsTheConstraintsMetrics) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  v1::ListBestTrialsResponse best;
  *best.add_trials() = Measured(2, 0.9, 9.5, 0.75);
  EXPECT_CALL(client_, ListBestTrials).WillOnce(Return(best));
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "RANK  TRIAL  ACCURACY  LATENCY  RECALL  STEP       RATE  OPTIMIZER\n"
            "   1      2       0.9      9.5    0.75     7  0.0123457  sgd\n");
}

TEST_F(OutcomeCommands, BestOfSeveralObjectivesIsTheFrontWithoutRanks) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Several()));
  v1::ListBestTrialsResponse best;
  *best.add_trials() = OnFront(2, 0.9, 9.5);
  *best.add_trials() = OnFront(0, 0.5, 3);
  EXPECT_CALL(client_, ListBestTrials).WillOnce(Return(best));
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "TRIAL  ACCURACY  LATENCY  STEP       RATE  OPTIMIZER\n"
            "    2       0.9      9.5     7  0.0123457  sgd\n"
            "    0       0.5        3     7  0.0123457  sgd\n"
            "\nthe Pareto front, by accuracy: no other trial is better than one of these in all "
            "objectives\n");
}

TEST_F(OutcomeCommands, AFrontAsFlagsNeedsToBeToldHowMany) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(Several()));
  EXPECT_CALL(client_, ListBestTrials).WillOnce([](const v1::ListBestTrialsRequest& request) {
    EXPECT_EQ(request.count(), 1);
    v1::ListBestTrialsResponse best;
    *best.add_trials() = OnFront(2, 0.9, 9.5);
    return best;
  });
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags"}), kWrongUsage);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("--output flags needs --top here: mnist has several objectives"));
  EXPECT_THAT(err(), HasSubstr("--top 1 takes the first of the front, which is the best by "
                               "accuracy"));
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags", "--top", "1"}), kDone);
  EXPECT_EQ(out(), "--rate=0.012345678901234 --optimizer=sgd\n");
}

TEST_F(OutcomeCommands, BestNamesTheNearestWhereNothingIsFeasible) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded("trial_counts { completed: 2 }")));
  EXPECT_CALL(client_, ListBestTrials).WillOnce(Return(v1::ListBestTrialsResponse()));
  EXPECT_CALL(client_, ListTrials).WillOnce([](const v1::ListTrialsRequest& request) {
    EXPECT_EQ(request.states_size(), 1);
    EXPECT_EQ(request.states(0), v1::Trial::COMPLETED);
    v1::ListTrialsResponse page;
    *page.add_trials() = Measured(0, 0.99, 50, 0.75);
    *page.add_trials() = Measured(3, 0.9, 12.3, 0.75);
    return page;
  });
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(),
            "caviar: mnist: no trial keeps the constraints; the nearest is trial 3: accuracy 0.9, "
            "latency 12.3 > 10\n");
}

TEST_F(OutcomeCommands, SaveModelNeedsATrialWhereThereAreSeveralObjectives) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Several()));
  EXPECT_CALL(client_, DownloadModel).Times(0);
  EXPECT_EQ(Run({"best", "mnist", "--save-model", "/tmp/caviar-no-such-model.onnx"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("--save-model needs --trial here: mnist has several objectives"));
}

TEST_F(OutcomeCommands, TrialListHasAColumnAMetricAndSaysWhatIsFeasible) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  v1::ListTrialsResponse page;
  *page.add_trials() = Measured(0, 0.9, 12.5, 0.75);
  v1::Trial running = TestTrial(1, "state: RUNNING");
  running.clear_objective();
  running.clear_objective_step();
  *page.add_trials() = running;
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(page));
  EXPECT_EQ(Run({"trial", "list", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "NUMBER  STATE      ACCURACY  LATENCY  RECALL  FEASIBLE  STEP  WORKER       RATE  "
            "OPTIMIZER\n"
            "     0  COMPLETED       0.9     12.5    0.75  no           7  host-1  0.0123457  sgd\n"
            "     1  RUNNING           -        -       -  -            -  host-1  0.0123457  "
            "sgd\n");
}

TEST_F(OutcomeCommands, TrialShowSaysWhichConstraintsAreBroken) {
  EXPECT_CALL(client_, GetTrial).WillRepeatedly(Return(Measured(3, 0.9, 12.5, 0.75)));
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("objective    0.9 at step 7\n"));
  EXPECT_THAT(out(), HasSubstr("constraints  broken: latency 12.5 > 10; kept: recall 0.75 >= 0.5 "
                               "and <= 1\n"));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3", "--output", "json"}), kDone);
  EXPECT_EQ(json()["outcome"]["latency"], 12.5);
  EXPECT_EQ(json()["feasible"], false);
}

TEST_F(OutcomeCommands, TrialShowHasAllObjectives) {
  EXPECT_CALL(client_, GetTrial).WillOnce(Return(OnFront(3, 0.9, 12.5)));
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Several()));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("objectives  accuracy 0.9, latency 12.5 at step 7\n"));
  EXPECT_THAT(out(), Not(HasSubstr("constraints")));
}

TEST_F(OutcomeCommands, StudyShowAndListNameObjectivesAndConstraints) {
  EXPECT_CALL(client_, GetStudy)
      .WillOnce(Return(Bounded("trial_counts { completed: 2 }")))
      .WillOnce(Return(Several("trial_counts { completed: 2 }")));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("constraints  latency <= 10, 0.5 <= recall <= 1\n"));
  EXPECT_THAT(out(), HasSubstr("best         none, no trial keeps the constraints: caviar best "
                               "mnist\n"));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("objectives  maximize accuracy, minimize latency, at the last step "
                               "of a trial that has them all\n"));
  EXPECT_THAT(out(), HasSubstr("best        a Pareto front: caviar best mnist\n"));
  v1::ListStudiesResponse page;
  *page.add_studies() = Several();
  EXPECT_CALL(client_, ListStudies).WillOnce(Return(page));
  EXPECT_EQ(Run({"study", "list"}), kDone);
  EXPECT_THAT(out(), HasSubstr("  accuracy, latency     -  "));
}

TEST_F(OutcomeCommands, ExportHasAColumnAMetric) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  v1::ListTrialsResponse page;
  *page.add_trials() = Measured(0, 0.9, 12.5, 0.75);
  *page.add_trials() = TestTrial(1, "state: PRUNED");
  page.mutable_trials(1)->clear_objective();
  page.mutable_trials(1)->clear_objective_step();
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(page));
  EXPECT_EQ(Run({"export", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "number,state,objective,objective_step,outcome.accuracy,outcome.latency,outcome.recall,"
            "feasible,worker,create_time,start_time,end_time,origin,rate,optimizer\n"
            "0,COMPLETED,0.9,7,0.9,12.5,0.75,false,host-1,,,,SAMPLER,0.012345678901234,sgd\n"
            "1,PRUNED,,,,,,,host-1,,,,SAMPLER,0.012345678901234,sgd\n");
}

// A stream of one message, the study's end.
auto EndWith(const v1::Study& study, const std::vector<v1::Trial>& finished) {
  v1::WatchStudyResponse change;
  *change.mutable_study() = study;
  for (const v1::Trial& trial : finished) *change.add_finished() = trial;
  return [change](const v1::WatchStudyRequest&,
                  std::function<bool(const v1::WatchStudyResponse&)> on_change) {
    on_change(change);
    return absl::OkStatus();
  };
}

const char kEndedByTrials[] = "state: ENDED end_reason: MAX_TRIALS trial_counts { completed: 2 }";

TEST_F(OutcomeCommands, WaitSaysWhatIsFeasibleAndFailsWhereNothingIs) {
  EXPECT_CALL(client_, LintStudy).WillOnce(Return(v1::LintStudyResponse()));
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  const std::vector<v1::Trial> trials = {Measured(0, 0.99, 50, 0.75), Measured(1, 0.9, 12.5, 0.75)};
  EXPECT_CALL(client_, WatchStudy).WillOnce(EndWith(Bounded(kEndedByTrials), trials));
  v1::ListTrialsResponse page;
  for (const v1::Trial& trial : trials) *page.add_trials() = trial;
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(page));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_THAT(out(),
              HasSubstr("trial 1 COMPLETED accuracy=0.9 latency=12.5 recall=0.75 feasible=no "
                        "step=7 worker=host-1 "));
  EXPECT_THAT(out(), HasSubstr("2 completed; no trial keeps the constraints; the nearest is trial "
                               "1: accuracy 0.9, latency 12.5 > 10\n"));
  EXPECT_EQ(err(), "caviar: study mnist ended without a trial that keeps the constraints\n");
}

TEST_F(OutcomeCommands, WaitCountsTheParetoFront) {
  EXPECT_CALL(client_, LintStudy).WillOnce(Return(v1::LintStudyResponse()));
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Several()));
  const std::vector<v1::Trial> trials = {OnFront(0, 0.5, 3), OnFront(1, 0.9, 9)};
  EXPECT_CALL(client_, WatchStudy).WillOnce(EndWith(Several(kEndedByTrials), trials));
  v1::ListBestTrialsResponse front;
  for (const v1::Trial& trial : trials) *front.add_trials() = trial;
  EXPECT_CALL(client_, ListBestTrials).WillOnce(Return(front));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("trial 1 COMPLETED accuracy=0.9 latency=9 step=7 "));
  EXPECT_THAT(out(), HasSubstr("2 completed; 2 trials on the Pareto front: caviar best mnist\n"));
  EXPECT_EQ(err(), "");
}

TEST_F(OutcomeCommands, WaitOnATerminalSaysThatNothingIsFeasibleYet) {
  terminal_ = true;
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(Bounded()));
  EXPECT_CALL(client_, WatchStudy)
      .WillOnce(EndWith(Bounded("state: STOPPED trial_counts { completed: 2 }"), {}));
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(v1::ListTrialsResponse()));
  EXPECT_EQ(Run({"study", "wait", "mnist"}), kFailed);
  EXPECT_THAT(out(), HasSubstr("2/4 done, 0 running, 0 failed | none keeps the constraints"));
}

}  // namespace
}  // namespace caviar::commands
