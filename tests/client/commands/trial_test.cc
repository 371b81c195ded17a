#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

using TrialCommands = CommandTest;

TEST_F(TrialCommands, ListIsATableOverAllPages) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
  EXPECT_CALL(client_, ListTrials)
      .Times(2)
      .WillRepeatedly([](const v1::ListTrialsRequest& request) {
        EXPECT_EQ(request.study(), "mnist");
        EXPECT_EQ(request.order_by(), "number");
        v1::ListTrialsResponse page;
        if (request.page_token().empty()) {
          *page.add_trials() = TestTrial(0);
          page.set_next_page_token("x");
        } else {
          v1::Trial trial = TestTrial(1);
          trial.set_state(v1::Trial::RUNNING);
          trial.clear_objective();
          trial.clear_objective_step();
          trial.mutable_parameters()->erase("optimizer");
          *page.add_trials() = trial;
        }
        return page;
      });
  EXPECT_EQ(Run({"trial", "list", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "NUMBER  STATE      OBJECTIVE  STEP  WORKER       RATE  OPTIMIZER\n"
            "     0  COMPLETED   0.891167     7  host-1  0.0123457  sgd\n"
            "     1  RUNNING            -     -  host-1  0.0123457  -\n");
}

TEST_F(TrialCommands, ListTakesStatesOrderAndLimit) {
  EXPECT_CALL(client_, ListTrials).WillOnce([](const v1::ListTrialsRequest& request) {
    EXPECT_EQ(request.page_size(), 2);
    EXPECT_EQ(request.order_by(), "objective desc");
    EXPECT_EQ(request.states_size(), 2);
    EXPECT_EQ(request.states(1), v1::Trial::FAILED);
    v1::ListTrialsResponse page;
    for (int i = 0; i < 2; ++i) *page.add_trials() = TestTrial(i);
    page.set_next_page_token("more");
    return page;
  });
  EXPECT_EQ(Run({"trial", "list", "mnist", "--state", "completed,FAILED", "--order-by",
                 "objective desc", "--limit", "2", "--output", "json"}),
            kDone);
  EXPECT_EQ(json()["trials"].size(), 2u);
  EXPECT_EQ(json()["trials"][1]["worker"], "host-1");
  EXPECT_EQ(json()["trials"][1]["parameters"]["rate"], 0.012345678901234);
  EXPECT_EQ(json()["next_page_token"], "");
}

TEST_F(TrialCommands, ShowHasConfigurationObjectiveAttemptsAndCurve) {
  EXPECT_CALL(client_, GetTrial).WillOnce([](const v1::GetTrialRequest& request) {
    EXPECT_EQ(request.number(), 3);
    EXPECT_EQ(request.view(), v1::TRIAL_VIEW_FULL);
    return TestTrial(3, R"(
      attempts { number: 1 worker: "host-0" outcome: LEASE_EXPIRED message: "not renewed" }
      attempts { number: 2 worker: "host-1" outcome: COMPLETED }
      measurements { step: 1 metrics { key: "accuracy" value: 0.5 } metrics { key: "loss" value: 2 } }
      measurements { step: 2 metrics { key: "accuracy" value: 0.75 } }
      weights_file: "artifacts/mnist/3.weights"
      model_file: "artifacts/mnist/3.onnx"
    )");
  });
  variables_["LANG"] = "de_DE.UTF-8";
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  for (const char* part :
       {"trial      3 of mnist\n", "objective  0.8911666870117188 at step 7\n",
        "weights    artifacts/mnist/3.weights\n", "model      artifacts/mnist/3.onnx\n",
        "rate       0.012345678901234\n",
        "      1  host-0  LEASE_EXPIRED  -        -      not renewed\n",
        "STEP  ACCURACY  LOSS\n   1       0.5     2\n   2      0.75     -\n", "accuracy  ▁█\n"}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
}

TEST_F(TrialCommands, ShowSaysWhatAnAttemptWentOnFromAndWhetherTheNumericsChanged) {
  EXPECT_CALL(client_, GetTrial).WillOnce(Return(TestTrial(3, R"(
    attempts { number: 1 worker: "a" outcome: LEASE_EXPIRED numerics_fingerprint: "AVX2" }
    attempts { number: 2 worker: "b" outcome: GIVEN_BACK parent_attempt: 1 resumed_from_step: 7
               numerics_fingerprint: "AVX-512\t" numerics_changed: true }
    attempts { number: 3 worker: "b" parent_attempt: 2 resumed_from_step: 9
               numerics_fingerprint: "AVX-512\t" }
  )")));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(),
              HasSubstr("\nattempt 2 went on from attempt 1 after step 7, with other numerics "
                        "(AVX-512 ; before: AVX2): its last bits may differ from those of "
                        "one run without a break\n"
                        "attempt 3 went on from attempt 2 after step 9\n"));
}

class TrialCurvesCommand : public CommandTest {
 protected:
  void SetUp() override {
    EXPECT_CALL(client_, GetTrial).WillRepeatedly(Return(TestTrial(3, R"(
      objective_step: 2
      measurements { step: 1 metrics { key: "train_accuracy" value: 0.8 }
                             metrics { key: "validation_accuracy" value: 0.8 }
                             metrics { key: "train_loss" value: 0.6 }
                             metrics { key: "validation_loss" value: 0.5 }
                             metrics { key: "learning_rate" value: 0.1 } }
      measurements { step: 2 metrics { key: "train_accuracy" value: 0.98 }
                             metrics { key: "validation_accuracy" value: 0.9 }
                             metrics { key: "train_loss" value: 0.1 }
                             metrics { key: "validation_loss" value: 0.3 }
                             metrics { key: "learning_rate" value: 0.05 } }
    )")));
  }
};

TEST_F(TrialCurvesCommand, ShowDrawsTrainingAgainstValidationAndSaysWhatThatMeans) {
  variables_["LC_ALL"] = "C.utf8";
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  for (const char* part : {"\naccuracy: ╌╌ training, ── validation\n", "\n0.95 ┤",
                           "\nloss: ╌╌ training, ── validation\n", "⣀", "\nlearning_rate  █▁\n",
                           "\nHigh variance: at step 2 the training error is 2.00 %"}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
  EXPECT_THAT(out(), Not(HasSubstr("\ntrain_accuracy "))) << "it is drawn";
}

TEST_F(TrialCurvesCommand, ShowIsAsciiWhereTheLocaleIs) {
  variables_["LANG"] = "de_DE.UTF-8";
  variables_["LC_ALL"] = "C";
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("\naccuracy: o training, x validation\n"));
  for (const char c : out()) EXPECT_GE(c, 0) << out();
}

TEST_F(TrialCurvesCommand, ShowPaintsOnATerminalUnlessNoColor) {
  variables_["LANG"] = "C.UTF-8";
  terminal_ = true;
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("\033[36m──\033[0m training, \033[33m──\033[0m validation\n"));
  variables_["NO_COLOR"] = "1";
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), Not(HasSubstr("\033")));
}

TEST_F(TrialCurvesCommand, ShowAsJsonDrawsNothing) {
  EXPECT_EQ(Run({"trial", "show", "mnist", "3", "--output", "json"}), kDone);
  EXPECT_EQ(json()["measurements"][1]["metrics"]["train_accuracy"], 0.98);
}

TEST_F(TrialCommands, BestRanksAndTellsTheTestsVerdict) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(TestStudy(R"(
    test_evaluation { state: COMPLETED trial: 2 metrics { key: "test_accuracy" value: 0.8812 }
                      metrics { key: "test_loss" value: 0.33 } })")));
  EXPECT_CALL(client_, ListBestTrials).WillOnce([](const v1::ListBestTrialsRequest& request) {
    EXPECT_EQ(request.count(), 2);
    v1::ListBestTrialsResponse best;
    *best.add_trials() = TestTrial(2);
    *best.add_trials() = TestTrial(0, "objective: 0.5");
    return best;
  });
  EXPECT_EQ(Run({"best", "mnist", "--top", "2"}), kDone);
  EXPECT_EQ(out(),
            "RANK  TRIAL  ACCURACY  STEP       RATE  OPTIMIZER\n"
            "   1      2  0.891167     7  0.0123457  sgd\n"
            "   2      0       0.5     7  0.0123457  sgd\n"
            "\ntest set: test_accuracy 0.8812, test_loss 0.33 (trial 2)\n");
}

TEST_F(TrialCommands, BestSaysWhyTheTestWaits) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(TestStudy(R"(
    test_evaluation { state: WAITING trial: 2 message: "given back by worker w" })")));
  EXPECT_CALL(client_, ListBestTrials).WillOnce([](const v1::ListBestTrialsRequest&) {
    v1::ListBestTrialsResponse best;
    *best.add_trials() = TestTrial(2);
    return best;
  });
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("test set: trial 2 waits for a worker to evaluate it on the test "
                               "set; given back by worker w\n"));
}

TEST_F(TrialCommands, OfRepeatsTheMeanIsShownWithItsStandardError) {
  const char kRepeats[] = "repeat_of: 3 repeats { completed: 2 mean: 0.75 standard_error: 0.0125 }";
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy("repeats: 3")));
  EXPECT_CALL(client_, ListBestTrials).WillOnce([&](const v1::ListBestTrialsRequest&) {
    v1::ListBestTrialsResponse best;
    *best.add_trials() = TestTrial(3, kRepeats);
    *best.add_trials() = TestTrial(0, "repeats { completed: 1 mean: 0.5 }");
    return best;
  });
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "RANK  TRIAL        ACCURACY  REPEATS       RATE  OPTIMIZER\n"
            "   1      3  0.75 +- 0.0125   2 of 3  0.0123457  sgd\n"
            "   2      0             0.5   1 of 3  0.0123457  sgd\n");
  EXPECT_CALL(client_, ListTrials).WillOnce([&](const v1::ListTrialsRequest&) {
    v1::ListTrialsResponse page;
    *page.add_trials() = TestTrial(3, kRepeats);
    *page.add_trials() = TestTrial(4, "repeat_of: 3");
    return page;
  });
  EXPECT_EQ(Run({"trial", "list", "mnist"}), kDone);
  EXPECT_EQ(
      out(),
      "NUMBER  STATE      OBJECTIVE  STEP  WORKER  REPEAT_OF            MEAN       RATE  "
      "OPTIMIZER\n"
      "     3  COMPLETED   0.891167     7  host-1          3  0.75 +- 0.0125  0.0123457  sgd\n"
      "     4  COMPLETED   0.891167     7  host-1          3               -  0.0123457  "
      "sgd\n");
  EXPECT_CALL(client_, GetTrial)
      .WillOnce(Return(TestTrial(3, kRepeats)))
      .WillOnce(Return(TestTrial(4, "repeat_of: 3")));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("\nrepeats    2 completed, mean 0.75 +- 0.0125\n"));
  EXPECT_THAT(out(), Not(HasSubstr("repeat of")));
  EXPECT_EQ(Run({"trial", "show", "mnist", "4"}), kDone);
  EXPECT_THAT(out(), HasSubstr("\nrepeat of  trial 3\n"));
}

TEST_F(TrialCommands, BestOfNothingSaysSo) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
  EXPECT_CALL(client_, ListBestTrials).WillRepeatedly(Return(v1::ListBestTrialsResponse()));
  EXPECT_EQ(Run({"best", "mnist"}), kDone);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "caviar: mnist has no completed trial yet\n");
  EXPECT_EQ(Run({"best", "mnist", "--output", "json"}), kDone);
  EXPECT_EQ(out(), "{\n  \"trials\": []\n}\n");
}

class AddTrialCommand : public CommandTest {
 protected:
  void SetUp() override {
    v1::Study study = TestStudy(R"(
      parameters { name: "layers" type: CATEGORICAL values { string_value: "256,128" }
                   values { string_value: "64" } }
      parameters { name: "steps" type: INT min: 1 max: 9 }
      parameters { name: "flag" type: BOOL }
      constraints { metric: "size" max: 3 })");
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(study));
  }
};

TEST_F(AddTrialCommand, WithoutMetricsAConfigurationIsQueued) {
  EXPECT_CALL(client_, AddTrial).WillOnce([](v1::AddTrialRequest request) {
    EXPECT_EQ(request.study(), "mnist");
    EXPECT_FALSE(request.has_completed());
    EXPECT_EQ(request.parameters().at("rate").double_value(), 1e-3);
    EXPECT_EQ(request.parameters().at("optimizer").string_value(), "sgd");
    EXPECT_EQ(request.parameters().at("layers").string_value(), "256,128");
    EXPECT_EQ(request.parameters().at("steps").int_value(), 4);
    EXPECT_TRUE(request.parameters().at("flag").bool_value());
    v1::Trial trial = TestTrial(7, "state: WAITING message: \"the same configuration as trial 2\"");
    trial.clear_objective();
    return trial;
  });
  EXPECT_EQ(Run({"trial", "add", "mnist", "rate=1e-3", "optimizer=sgd", "layers=[256, 128]",
                 "steps=4", "flag=true"}),
            kDone);
  EXPECT_EQ(out(), "trial 7 WAITING: the same configuration as trial 2\n");
}

TEST_F(AddTrialCommand, WithMetricsAResultIsTold) {
  EXPECT_CALL(client_, AddTrial).WillOnce([](v1::AddTrialRequest request) {
    EXPECT_EQ(request.parameters().at("layers").string_value(), "64") << "a text that is a number";
    EXPECT_EQ(request.completed().metrics().at("accuracy"), 0.91);
    EXPECT_EQ(request.completed().metrics().at("size"), 2);
    return TestTrial(7, "objective: 0.91");
  });
  EXPECT_EQ(
      Run({"trial", "add", "mnist", "layers=64", "accuracy=0.91", "size=2", "--output", "json"}),
      kDone);
  EXPECT_EQ(json()["number"], 7);
}

TEST_F(AddTrialCommand, ANameThatTheStudyDoesNotKnowIsRefusedWithThoseThatItKnows) {
  EXPECT_EQ(Run({"trial", "add", "mnist", "rat=0.1"}), kWrongUsage);
  EXPECT_EQ(err(),
            "caviar: mnist has neither a parameter nor a metric \"rat\"; did you mean rate?\n"
            "caviar: its parameters: rate, optimizer, layers, steps, flag\n"
            "caviar: its metrics: accuracy, size\n");
  for (const char* wrong : {"rate", "=1", "accuracy=much"}) {
    EXPECT_EQ(Run({"trial", "add", "mnist", wrong}), kWrongUsage) << wrong;
  }
  EXPECT_EQ(Run({"trial", "add", "mnist", "rate=1", "rate=2"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("given twice"));
}

TEST_F(AddTrialCommand, WhatTheCoordinatorSaysIsShown) {
  EXPECT_CALL(client_, AddTrial)
      .WillOnce(Return(absl::FailedPreconditionError("study 'mnist' has ended")));
  EXPECT_EQ(Run({"trial", "add", "mnist"}), kFailed);
  EXPECT_EQ(err(), "caviar: study 'mnist' has ended\n");
}

}  // namespace
}  // namespace caviar::commands
