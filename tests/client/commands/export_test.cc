#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "client/render/json.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::Return;

class Export : public CommandTest {
 protected:
  void SetUp() override {
    v1::Study study = TestStudy();
    study.add_parameters()->set_name("state");
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(study));
    EXPECT_CALL(client_, ListTrials).WillRepeatedly([](const v1::ListTrialsRequest& request) {
      v1::ListTrialsResponse page;
      if (request.page_token().empty()) {
        *page.add_trials() = TestTrial(0, "create_time { seconds: 1700000000 } origin: ADDED");
        page.set_next_page_token("x");
      } else {
        v1::Trial trial = TestTrial(1, "origin: SAMPLER");
        trial.clear_objective();
        trial.clear_objective_step();
        trial.set_state(v1::Trial::FAILED);
        trial.set_worker("a,\"b\"");
        (*trial.mutable_parameters())["state"].set_bool_value(true);
        *page.add_trials() = trial;
      }
      return page;
    });
  }
};

TEST_F(Export, CsvHasARowATrialAndAColumnAParameter) {
  EXPECT_EQ(Run({"export", "mnist"}), kDone);
  EXPECT_EQ(
      out(),
      "number,state,objective,objective_step,worker,create_time,start_time,end_time,origin,rate,"
      "optimizer,parameters.state\n"
      "0,COMPLETED,0.8911666870117188,7,host-1,2023-11-14T22:13:20Z,,,ADDED,0.012345678901234,sgd,"
      "\n"
      "1,FAILED,,,\"a,\"\"b\"\"\",,,,SAMPLER,0.012345678901234,sgd,true\n");
}

TEST_F(Export, CsvOfRepeatsHasWhatTheyCameToAtTheirFirstTrial) {
  v1::Study study = TestStudy("repeats: 2");
  study.add_parameters()->set_name("mean");
  EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(study));
  EXPECT_CALL(client_, ListTrials).WillRepeatedly([](const v1::ListTrialsRequest&) {
    v1::ListTrialsResponse page;
    *page.add_trials() =
        TestTrial(0, "repeat_of: 0 repeats { completed: 2 mean: 0.75 standard_error: 0.125 }");
    *page.add_trials() = TestTrial(1, "repeat_of: 0 origin: REPEAT");
    return page;
  });
  EXPECT_EQ(Run({"export", "mnist"}), kDone);
  EXPECT_EQ(out(),
            "number,state,objective,objective_step,worker,create_time,start_time,end_time,"
            "origin,repeat_of,mean,standard_error,rate,optimizer,parameters.mean\n"
            "0,COMPLETED,0.8911666870117188,7,host-1,,,,SAMPLER,0,0.75,0.125,0.012345678901234,sgd,"
            "\n"
            "1,COMPLETED,0.8911666870117188,7,host-1,,,,REPEAT,0,,,0.012345678901234,sgd,\n");
}

TEST_F(Export, WhatBreaksOffIsAFailureWhateverTheCoordinatorSays) {
  for (const absl::Status& status : {absl::CancelledError(""), absl::UnavailableError("gone")}) {
    EXPECT_CALL(client_, ListTrials).WillRepeatedly(Return(status));
    EXPECT_NE(Run({"export", "mnist"}), kDone) << status;
  }
}

TEST(ExportToAFullDisk, IsAFailure) {
  std::istringstream in;
  std::ofstream full("/dev/full");
  std::ostringstream err;
  Environment environment{
      .in = in,
      .out = full,
      .err = err,
      .terminal_width = [] { return 80; },
      .variable = [](const std::string&) { return std::nullopt; },
      .connect =
          [](client::ClientOptions) {
            auto client = std::make_unique<::testing::NiceMock<MockClient>>();
            ON_CALL(*client, GetStudy).WillByDefault(Return(TestStudy()));
            ON_CALL(*client, ListTrials).WillByDefault(Return(v1::ListTrialsResponse()));
            return client;
          },
      .now = {},
      .wait = {},
      .catch_interrupts = {},
      .run_trial = {},
      .start_cluster = {},
  };
  const char* const words[] = {"caviar", "export", "mnist"};
  EXPECT_EQ(RunCaviar(3, words, environment), kFailed);
  EXPECT_THAT(err.str(), testing::HasSubstr("not everything could be written"));
}

TEST_F(Export, JsonHasTheStudyAndAllTrials) {
  EXPECT_EQ(Run({"export", "mnist", "--format", "json"}), kDone);
  EXPECT_EQ(json()["study"]["name"], "mnist");
  ASSERT_EQ(json()["trials"].size(), 2u);
  EXPECT_EQ(json()["trials"][1]["state"], "FAILED");
  EXPECT_EQ(out(), render::FormatJson(nlohmann::ordered_json::parse(out())))
      << "it is written piece by piece, and looks like one";
}

class ExportMeasurements : public CommandTest {
 protected:
  void SetUp() override {
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
    EXPECT_CALL(client_, ListTrials).WillRepeatedly([](const v1::ListTrialsRequest& request) {
      EXPECT_EQ(request.view(), v1::TRIAL_VIEW_FULL);
      v1::ListTrialsResponse page;
      *page.add_trials() = TestTrial(0, R"(
        measurements { step: 1 metrics { key: "loss" value: nan } metrics { key: "a,b" value: inf }
                       time { seconds: 1700000000 } }
        measurements { step: 2 metrics { key: "loss" value: -0.5 } })");
      *page.add_trials() = TestTrial(1);
      return page;
    });
  }
};

TEST_F(ExportMeasurements, CsvHasALineAValue) {
  EXPECT_EQ(Run({"export", "mnist", "measurements"}), kDone);
  EXPECT_EQ(out(),
            "trial,step,metric,value,time\n"
            "0,1,\"a,b\",Infinity,2023-11-14T22:13:20Z\n"
            "0,1,loss,NaN,2023-11-14T22:13:20Z\n"
            "0,2,loss,-0.5,\n");
}

TEST_F(ExportMeasurements, JsonHasAnObjectAStep) {
  EXPECT_EQ(Run({"export", "mnist", "measurements", "--format", "json"}), kDone);
  ASSERT_EQ(json()["measurements"].size(), 2u);
  EXPECT_EQ(json()["measurements"][0]["trial"], 0);
  EXPECT_EQ(json()["measurements"][0]["metrics"]["loss"], "NaN");
  EXPECT_EQ(json()["measurements"][1]["metrics"]["loss"], -0.5);
}

TEST_F(ExportMeasurements, AFileIsThereAsAWhole) {
  const std::string file = testing::TempDir() + "/caviar-export-" + std::to_string(getpid());
  std::remove(file.c_str());
  EXPECT_EQ(Run({"export", "mnist", "measurements", "--output", file}), kDone) << err();
  EXPECT_EQ(out(), "");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_THAT(text.str(), testing::StartsWith("trial,step,metric,value,time\n0,1,"));
  EXPECT_EQ(Run({"export", "mnist", "measurements", "--output", file}), kFailed);
  EXPECT_THAT(err(), testing::HasSubstr("--force"));
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(absl::UnavailableError("gone")));
  EXPECT_NE(Run({"export", "mnist", "--output", file, "--force"}), kDone);
  std::stringstream still;
  still << std::ifstream(file).rdbuf();
  EXPECT_EQ(still.str(), text.str()) << "what broke off is not written";
  std::remove(file.c_str());
}

TEST_F(ExportMeasurements, OtherThingsAreNotExported) {
  EXPECT_EQ(Run({"export", "mnist", "weights"}), kWrongUsage);
}

}  // namespace
}  // namespace caviar::commands
