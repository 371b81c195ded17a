#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;

using Importance = CommandTest;

v1::GetImportanceResponse Response(const std::string& parameters) {
  return Parse<v1::GetImportanceResponse>(parameters, R"(method: "fANOVA over 20 trials")");
}

const char kAgainst[] = R"(
  parameters { parameter: "layers" importance: 0.625 expected_tier: 3 trials: 20 }
  parameters { parameter: "optimizer" importance: 0.25 trials: 20 }
  parameters { parameter: "rate" importance: 0.125 expected_tier: 1 trials: 19 })";

TEST_F(Importance, IsATableWithBarsBesideTheCoursesOrder) {
  v1::GetImportanceRequest sent;
  EXPECT_CALL(client_, GetImportance).WillOnce([&](const v1::GetImportanceRequest& request) {
    sent = request;
    return Response(kAgainst);
  });
  EXPECT_EQ(Run({"importance", "mnist"}), kDone);
  EXPECT_EQ(sent.study(), "mnist");
  EXPECT_EQ(sent.metric(), "");
  EXPECT_EQ(out(),
            "PARAMETER  IMPORTANCE                   COURSE  TRIALS\n"
            "layers         62.5 %  ###############  3rd         20\n"
            "optimizer      25.0 %  ######           -           20\n"
            "rate           12.5 %  ###              1st         19\n"
            "\n"
            "fANOVA over 20 trials\n"
            "Against the course's order: layers (62.5 %) matters more here than rate (12.5 %), "
            "which it tunes before.\n");
  EXPECT_EQ(err(), "");
}

TEST_F(Importance, HasFinerBarsWhereTheTerminalShowsThem) {
  variables_["LANG"] = "en_US.UTF-8";
  EXPECT_CALL(client_, GetImportance)
      .WillOnce(Return(Response(R"(parameters { parameter: "rate" importance: 0.3 })")));
  EXPECT_EQ(Run({"importance", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("███████▎"));
}

TEST_F(Importance, SaysWhereNothingContradictsTheCourse) {
  EXPECT_CALL(client_, GetImportance)
      .WillOnce(Return(Response(R"(
        parameters { parameter: "layers" importance: 0.52 expected_tier: 3 }
        parameters { parameter: "rate" importance: 0.48 expected_tier: 1 })")))
      .WillOnce(Return(Response(R"(
        parameters { parameter: "x" importance: 0.9 }
        parameters { parameter: "rate" importance: 0.1 expected_tier: 1 })")));
  EXPECT_EQ(Run({"importance", "mnist"}), kDone);
  EXPECT_THAT(out(), HasSubstr("Nothing here contradicts the order"));
  EXPECT_EQ(Run({"importance", "mnist"}), kDone);
  EXPECT_THAT(out(), Not(HasSubstr("order")));
}

TEST_F(Importance, SaysWhereThereAreTooFewTrials) {
  EXPECT_CALL(client_, GetImportance)
      .WillOnce(
          Return(Parse<v1::GetImportanceResponse>(R"(method: "too few trials: 4 finished")")));
  EXPECT_EQ(Run({"importance", "mnist"}), kDone);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "caviar: too few trials: 4 finished\n");
}

TEST_F(Importance, AsCsvJsonAndYaml) {
  EXPECT_CALL(client_, GetImportance).WillRepeatedly(Return(Response(kAgainst)));
  EXPECT_EQ(Run({"importance", "mnist", "--output", "csv", "--metric", "accuracy"}), kDone);
  EXPECT_EQ(out(),
            "parameter,importance,expected_tier,trials\nlayers,0.625,3,20\noptimizer,0.25,0,20\n"
            "rate,0.125,1,19\n");
  EXPECT_EQ(Run({"importance", "mnist", "--output", "json"}), kDone);
  EXPECT_EQ(json()["parameters"][0]["expected_tier"], 3);
  EXPECT_EQ(Run({"importance", "mnist", "--output", "yaml"}), kDone);
  EXPECT_THAT(out(), HasSubstr("method: fANOVA over 20 trials"));
  EXPECT_EQ(Run({"best", "mnist", "--output", "csv"}), kWrongUsage);
}

TEST_F(Importance, AnUnknownMetricIsWrongUsage) {
  EXPECT_CALL(client_, GetImportance)
      .WillOnce(Return(absl::InvalidArgumentError("metric: \"x\" is no objective")));
  EXPECT_EQ(Run({"importance", "mnist", "--metric", "x"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("is no objective"));
}

}  // namespace
}  // namespace caviar::commands
