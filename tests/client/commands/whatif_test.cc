#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

using Whatif = CommandTest;

v1::ReplayPrunerResponse Replay(const std::string& more = "") {
  return Parse<v1::ReplayPrunerResponse>(R"(
    pruner { algorithm: ASHA mode: STOP grace: 3 eta: 4 } trials: 40 stopped: 30 steps: 1000
    steps_needed: 400 best: 7 best_objective: 0.9 best_then: 7 best_objective_then: 0.9)",
                                         more);
}

TEST_F(Whatif, SendsThePrunerAndSaysWhatItWouldHaveSaved) {
  v1::ReplayPrunerRequest sent;
  EXPECT_CALL(client_, ReplayPruner).WillOnce([&](const v1::ReplayPrunerRequest& request) {
    sent = request;
    return Replay();
  });
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "asha", "--mode", "stop", "--eta", "4", "--grace",
                 "3", "--max-step", "27"}),
            kDone);
  EXPECT_EQ(sent.study(), "mnist");
  EXPECT_EQ(sent.pruner().ShortDebugString(),
            "algorithm: ASHA mode: STOP grace: 3 eta: 4 max_step: 27");
  EXPECT_EQ(out(),
            "pruner  asha, mode stop, grace 3, eta 4\n"
            "trials  40, 30 ended early\n"
            "steps   400 of 1000, 600 saved (60.0 %)\n"
            "winner  trial 7, 0.9: would have lived\n");
}

TEST_F(Whatif, WhatIsNotGivenIsLeftToTheCoordinator) {
  v1::ReplayPrunerRequest sent;
  EXPECT_CALL(client_, ReplayPruner).WillRepeatedly([&](const v1::ReplayPrunerRequest& request) {
    sent = request;
    return Replay();
  });
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "median"}), kDone);
  EXPECT_EQ(sent.pruner().ShortDebugString(), "algorithm: MEDIAN");
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "wilcoxon", "--warm-up", "6", "--p-value", "0.2"}),
            kDone);
  EXPECT_EQ(sent.pruner().ShortDebugString(), "algorithm: WILCOXON warm_up: 6 p_value: 0.2");
  EXPECT_EQ(Run({"whatif", "mnist"}), kWrongUsage);
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "asah"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("asah"));
}

TEST_F(Whatif, TellsOfAWinnerThatWouldNotHaveLived) {
  EXPECT_CALL(client_, ReplayPruner).WillOnce(Return(Replay(R"(
        best_then: 9 best_objective_then: 0.85 best_stopped_at: 3 cut_short: 5
        best_stopped_reason: "step 3: 0.4 is not among the best 2 of 8")")));
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "asha"}), kDone);
  EXPECT_THAT(out(), HasSubstr("winner     trial 7, 0.9: would have ended at step 3 (step 3: 0.4 "
                               "is not among the best 2 of 8)\n"
                               "best then  trial 9, 0.85\n"
                               "not known  5 trials would have gone on beyond what was measured"));
}

TEST_F(Whatif, AStudyWithoutMeasurementsSaysSo) {
  EXPECT_CALL(client_, ReplayPruner).WillRepeatedly(Return(v1::ReplayPrunerResponse()));
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "asha"}), kDone);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "caviar: mnist has no measurements yet\n");
  EXPECT_EQ(Run({"whatif", "mnist", "--pruner", "asha", "--output", "json"}), kDone);
  EXPECT_EQ(json()["steps"], 0);
  EXPECT_THAT(out(), Not(HasSubstr("best_then")));
}

}  // namespace
}  // namespace caviar::commands
