#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

using StudyCommands = CommandTest;

TEST_F(StudyCommands, ListGoesThroughAllPages) {
  EXPECT_CALL(client_, ListStudies)
      .Times(2)
      .WillRepeatedly([](const v1::ListStudiesRequest& request) {
        v1::ListStudiesResponse page;
        *page.add_studies() = TestStudy();
        if (request.page_token().empty()) {
          page.set_next_page_token("2");
        } else {
          EXPECT_EQ(request.page_token(), "2");
          page.mutable_studies(0)->set_name("other");
          page.mutable_studies(0)->set_best_objective(0.5);
          page.mutable_studies(0)->mutable_trial_counts()->set_completed(3);
        }
        return page;
      });
  EXPECT_EQ(Run({"study", "list"}), kDone);
  EXPECT_EQ(out(),
            "NAME   STATE   FINAL  RUNNING  FAILED  METRIC    BEST  CREATED\n"
            "mnist  ACTIVE    0/4        0       0  accuracy     -  2023-11-14T22:13:20Z\n"
            "other  ACTIVE    3/4        0       0  accuracy   0.5  2023-11-14T22:13:20Z\n");
}

TEST_F(StudyCommands, ListNamesOwnersWhereThereAreSeveral) {
  v1::ListStudiesResponse page;
  for (const char* owner : {"alice", "bob", ""}) {
    *page.add_studies() = TestStudy();
    page.mutable_studies()->rbegin()->set_owner(owner);
  }
  EXPECT_CALL(client_, ListStudies).WillOnce(Return(page));
  EXPECT_EQ(Run({"study", "list"}), kDone);
  EXPECT_THAT(out(), HasSubstr("CREATED               OWNER\n"));
  EXPECT_THAT(out(), HasSubstr("2023-11-14T22:13:20Z  alice\n"));
  EXPECT_THAT(out(), HasSubstr("2023-11-14T22:13:20Z  bob\n"));
  EXPECT_THAT(out(), HasSubstr("2023-11-14T22:13:20Z  -\n"));
  for (v1::Study& study : *page.mutable_studies()) study.set_owner("alice");
  EXPECT_CALL(client_, ListStudies).WillOnce(Return(page));
  EXPECT_EQ(Run({"study", "list"}), kDone);
  EXPECT_THAT(out(), Not(HasSubstr("OWNER"))) << "they are all one's";
}

TEST_F(StudyCommands, ListAsJsonIsTheResponse) {
  v1::ListStudiesResponse page;
  *page.add_studies() = TestStudy();
  EXPECT_CALL(client_, ListStudies).WillRepeatedly(Return(page));
  EXPECT_EQ(Run({"study", "list", "--output", "json"}), kDone);
  EXPECT_EQ(json()["studies"][0]["name"], "mnist");
  EXPECT_EQ(json()["studies"][0]["objective"]["goal"], "MAXIMIZE");
  EXPECT_EQ(json()["next_page_token"], "");
  EXPECT_EQ(Run({"study", "list", "--output", "yaml"}), kDone);
  EXPECT_THAT(out(), HasSubstr("studies:\n  - name: mnist\n"));
}

TEST_F(StudyCommands, AStudyMayHaveTheNameOfACommand) {
  EXPECT_CALL(client_, GetStudy).WillOnce([](const v1::GetStudyRequest& request) {
    EXPECT_EQ(request.study(), "list");
    return TestStudy();
  });
  EXPECT_EQ(Run({"study", "show", "list"}), kDone);
}

TEST_F(StudyCommands, ShowPrintsAPage) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy(R"(
    trial_counts { completed: 3 failed: 1 } best_trial: 2 best_objective: 0.8912
    message: "trial 1 failed: no such file" active_duration { seconds: 192 }
    parameters { name: "momentum" type: DOUBLE min: 0.9 max: 0.999 scale: ONE_MINUS_LOG
                 when { parameter: "optimizer" values { string_value: "sgd" } } }
    parameters { name: "epsilon" value { double_value: 1e-8 } }
    state: ENDED end_reason: MAX_TRIALS
    test_evaluation { state: COMPLETED trial: 2 metrics { key: "test_accuracy" value: 0.88 } }
  )")));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  for (const char* part :
       {"state       ENDED (MAX_TRIALS)\n", "message     trial 1 failed: no such file\n",
        "objective   maximize accuracy, the best measurement of a trial\n",
        "best        0.8912 (trial 2)\n", "test        test_accuracy 0.88 (trial 2)\n",
        "trials      3 completed, 1 failed\n", "sampler     sobol, seed 7\n",
        "limits      max_trials 4\n", "active for  3m12s\n",
        "rate       double       0.0001 .. 0.1  log            -\n",
        "optimizer  categorical  sgd            -              -\n",
        "momentum   double       0.9 .. 0.999   one_minus_log  optimizer = sgd\n",
        "epsilon    fixed        1e-08          -              -\n"}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
  EXPECT_EQ(Run({"study", "show", "mnist", "--as-file"}), kDone);
  EXPECT_THAT(out(), HasSubstr("  rate: {type: double, min: 0.0001, max: 0.1, scale: log}\n"));
  EXPECT_THAT(out(), Not(HasSubstr("state")));
}

TEST_F(StudyCommands, ShowSaysHowATestThatFailedIsRepeated) {
  const std::string failed =
      "test_evaluation { state: FAILED trial: 2 message: 'there is no test.csv' }";
  EXPECT_CALL(client_, GetStudy)
      .WillOnce(Return(TestStudy("state: ENDED " + failed)))
      .WillOnce(Return(TestStudy("state: ACTIVE " + failed)));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("test       trial 2 could not be evaluated on the test set: there "
                               "is no test.csv; once that is mended, 'caviar study update mnist' "
                               "with wider limits lets the study go on"));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("there is no test.csv\n")) << "it goes on";
}

TEST_F(StudyCommands, ShowTellsOfRepeatsAndOfWhatItLearnedFrom) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy(R"(
    repeats: 5 best_trial: 10 best_objective: 0.8912 best_standard_error: 0.00125
    warm_start: "mnist-1" warm_start_trials: 80 warm_start_completed: 100
    warm_start: "mnist-2" warm_start_trials: 7 warm_start_completed: 7
  )")));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  for (const char* part : {"best        0.8912 +- 0.00125 (trial 10 and its repeats)\n",
                           "repeats     5 trials of each configuration\n",
                           "warm_start  80 of 100 trials of mnist-1, 7 of 7 trials of mnist-2\n"}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
  EXPECT_EQ(Run({"study", "show", "mnist", "--as-file"}), kDone);
  EXPECT_THAT(out(), HasSubstr("repeats: 5\n"));
  EXPECT_THAT(out(), HasSubstr("warm_start: [mnist-1, mnist-2]\n"));
}

TEST_F(StudyCommands, ShowNamesTheDataAndListsAsAStudyFileDoes) {
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy(R"(
    trainer { batch_norm_network { epochs: 3 data { npz { file: "data.npz" } } } }
    parameters { name: "units" type: CATEGORICAL values { string_value: "512,256" }
                 values { string_value: "128,64" } }
    parameters { name: "class_weights" value { string_value: "1,2.5" } }
  )")));
  EXPECT_EQ(Run({"study", "show", "mnist"}), kDone);
  for (const char* part :
       {"batch_norm_network on data.npz, epochs 3\n", " [512, 256], [128, 64] ", " [1, 2.5] "}) {
    EXPECT_THAT(out(), HasSubstr(part));
  }
  EXPECT_EQ(Run({"study", "show", "mnist", "--as-file"}), kDone);
  EXPECT_THAT(out(), HasSubstr("units: {type: categorical, values: [[512, 256], [128, 64]]}\n"));
  EXPECT_THAT(out(), HasSubstr("data: {format: npz, file: data.npz}"));
}

TEST_F(StudyCommands, StopResumeAndDelete) {
  EXPECT_CALL(client_, StopStudy).Times(2).WillRepeatedly([](v1::StopStudyRequest request) {
    return TestStudy(request.end() ? "state: ENDED" : "state: STOPPED trial_counts { running: 2 }");
  });
  EXPECT_EQ(Run({"study", "stop", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("(2 now)"));
  EXPECT_EQ(Run({"study", "stop", "mnist", "--end"}), kDone);
  EXPECT_EQ(out(), "mnist is ended\n");
  EXPECT_CALL(client_, ResumeStudy).WillOnce(Return(TestStudy()));
  EXPECT_EQ(Run({"study", "resume", "mnist"}), kDone);
  EXPECT_EQ(out(), "mnist is active\n");
  EXPECT_CALL(client_, DeleteStudy).WillOnce(Return(v1::DeleteStudyResponse()));
  EXPECT_EQ(Run({"study", "delete", "mnist"}), kDone);
  EXPECT_EQ(out(), "mnist is deleted\n");
}

TEST_F(StudyCommands, ServerAndWorkers) {
  EXPECT_CALL(client_, GetServerStatus).WillRepeatedly(Return(Parse<v1::ServerStatus>(R"(
    version: "0.1.0" uptime { seconds: 7500 } lease_ttl { seconds: 60 } active_studies: 1
    workers: 2 slots: 4 busy_slots: 3 commit: 99
  )")));
  EXPECT_EQ(Run({"server", "status"}), kDone);
  EXPECT_THAT(out(), HasSubstr("workers      2, 3 of 4 slots busy\n"));
  EXPECT_THAT(out(), HasSubstr("up for       2h05m\n"));
  EXPECT_THAT(out(), Not(HasSubstr("late values")));
  EXPECT_EQ(Run({"server", "status", "--output", "json"}), kDone);
  EXPECT_EQ(json()["lease_ttl"], "60s");
  EXPECT_CALL(client_, GetServerStatus).WillOnce(Return(Parse<v1::ServerStatus>(R"(
    late_values_kept: 12 late_values_dropped: 3 )")));
  EXPECT_EQ(Run({"server", "status"}), kDone);
  EXPECT_THAT(out(), HasSubstr("late values  12 kept apart, 3 dropped\n"));
  EXPECT_CALL(client_, ListWorkers).WillOnce(Return(Parse<v1::ListWorkersResponse>(R"(
    workers { name: "host-1" state: ALIVE version: "0.1.0" slots: 2 busy_slots: 1
              idle { seconds: 3 } running: "mnist/4"
              resources { cpus: 2 gpus: 0 memory { bytes: 1074000000 } }
              labels { key: "zone" value: "b" } labels { key: "gpu" value: "none" } }
    workers { name: "host-2" state: SILENT version: "0.1.0" slots: 1 idle { seconds: 90 } }
    workers { name: "host-3" state: SILENT left: true version: "0.1.0" slots: 1 idle { seconds: 5 } }
  )")));
  EXPECT_EQ(Run({"worker", "list"}), kDone);
  EXPECT_EQ(
      out(),
      "NAME    STATE   BUSY  VERSION  LAST HEARD  OFFERS                                       "
      "RUNS\n"
      "host-1  ALIVE    1/2  0.1.0      3.0s ago  cpus 2, gpus 0, memory 1GiB gpu=none zone=b  "
      "mnist/4\n"
      "host-2  SILENT   0/1  0.1.0     1m30s ago  -                                            "
      "-\n"
      "host-3  LEFT     0/1  0.1.0      5.0s ago  -                                            "
      "-\n");
}

TEST_F(StudyCommands, WhatWorkersCouldNotDoIsListedWithThem) {
  EXPECT_CALL(client_, ListWorkers).WillOnce(Return(Parse<v1::ListWorkersResponse>(R"(
    workers { name: "a" state: ALIVE version: "0.1.0" slots: 2 idle { seconds: 3 }
              rests { study: "mnist" left { seconds: 40 } }
              rests { study: "s" left { seconds: 600 } } }
    workers { name: "b" state: ALIVE version: "0.1.0" slots: 1 idle { seconds: 3 } }
  )")));
  EXPECT_EQ(Run({"worker", "list"}), kDone);
  EXPECT_EQ(out(),
            "NAME  STATE  BUSY  VERSION  LAST HEARD  OFFERS  RUNS  COULD NOT DO\n"
            "a     ALIVE   0/2  0.1.0      3.0s ago  -       -     mnist (again in 40s), s (again "
            "in 10m00s)\n"
            "b     ALIVE   0/1  0.1.0      3.0s ago  -       -     -\n");
}

TEST_F(StudyCommands, ColoursAreForTerminalsWithoutNoColor) {
  v1::ListStudiesResponse page;
  *page.add_studies() = TestStudy();
  EXPECT_CALL(client_, ListStudies).WillRepeatedly(Return(page));
  Run({"study", "list"});
  EXPECT_THAT(out(), Not(HasSubstr("\033")));
  terminal_ = true;
  Run({"study", "list"});
  EXPECT_THAT(out(), HasSubstr("\033[32mACTIVE\033[0m"));
  Run({"study", "list", "--output", "json"});
  EXPECT_THAT(out(), Not(HasSubstr("\033")));
  variables_["NO_COLOR"] = "1";
  Run({"study", "list"});
  EXPECT_THAT(out(), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace caviar::commands
