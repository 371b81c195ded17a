#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "caviar/v1/error_detail.h"
#include "client/commands/ask_tokens.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;
using ::testing::StartsWith;

class Ask : public CommandTest {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "caviar-ask-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    variables_["XDG_STATE_HOME"] = name;
    file_ = folder_ / "caviar/asks/127.0.0.1%3A7461/mnist/3.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static v1::AskTrialResponse Answer(int number) {
    v1::AskTrialResponse answer;
    *answer.mutable_trial() = TestTrial(number);
    answer.mutable_token()->set_epoch(5);
    answer.mutable_token()->set_counter(1);
    return answer;
  }

  void ExpectAsk() {
    v1::AskTrialResponse answer;
    *answer.mutable_trial() = TestTrial(3);
    answer.mutable_token()->set_epoch(5);
    answer.mutable_token()->set_counter(9007199254740993);
    EXPECT_CALL(client_, AskTrial).WillOnce([answer](v1::AskTrialRequest request) {
      EXPECT_EQ(request.lease().seconds(), 24 * 3600);
      return answer;
    });
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(Ask, ThenReportThenTell) {
  ExpectAsk();
  EXPECT_EQ(Run({"ask", "mnist"}), kDone);
  EXPECT_EQ(out(), "trial 3\noptimizer=sgd\nrate=0.012345678901234\n");

  EXPECT_CALL(client_, ReportTrial).WillOnce([](const v1::ReportTrialRequest& request) {
    EXPECT_EQ(request.token().epoch(), 5);
    EXPECT_EQ(request.token().counter(), 9007199254740993);
    EXPECT_EQ(request.measurements(0).step(), 2);
    EXPECT_EQ(request.measurements(0).metrics().at("accuracy"), 0.81);
    EXPECT_EQ(request.measurements(0).metrics().at("loss"), -1e-3);
    v1::ReportTrialResponse answer;
    answer.set_directive(v1::DIRECTIVE_CONTINUE);
    return answer;
  });
  EXPECT_EQ(Run({"report", "mnist", "3", "--step", "2", "accuracy=0.81", "loss=-1e-3"}), kDone);
  EXPECT_EQ(out(), "continue\n");

  EXPECT_CALL(client_, TellTrial).WillOnce([](const v1::TellTrialRequest& request) {
    EXPECT_EQ(request.token().counter(), 9007199254740993);
    EXPECT_EQ(request.completed().metrics().at("accuracy"), 0.83);
    return TestTrial(3, "objective: 0.83");
  });
  EXPECT_TRUE(std::filesystem::exists(file_));
  EXPECT_EQ(Run({"tell", "mnist", "3", "accuracy=0.83"}), kDone);
  EXPECT_EQ(out(), "trial 3 COMPLETED 0.83\n");
  EXPECT_FALSE(std::filesystem::exists(file_));

  EXPECT_EQ(Run({"tell", "mnist", "3", "accuracy=0.83"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("there is no token for trial 3 of mnist"));
}

TEST_F(Ask, SeveralAtOnceAreALineEachAndEachIsToldByItsNumber) {
  int number = 3;
  EXPECT_CALL(client_, AskTrial).Times(3).WillRepeatedly([&](v1::AskTrialRequest request) {
    EXPECT_FALSE(request.has_request_id()) << "the client library draws one for each";
    v1::AskTrialResponse answer;
    *answer.mutable_trial() = TestTrial(number);
    answer.mutable_token()->set_epoch(5);
    answer.mutable_token()->set_counter(100 + number++);
    return answer;
  });
  EXPECT_EQ(Run({"ask", "mnist", "--count", "3"}), kDone);
  EXPECT_EQ(out(),
            "trial 3 optimizer=sgd rate=0.012345678901234\n"
            "trial 4 optimizer=sgd rate=0.012345678901234\n"
            "trial 5 optimizer=sgd rate=0.012345678901234\n");
  for (const int told : {4, 3, 5}) {
    EXPECT_CALL(client_, TellTrial).WillOnce([told](const v1::TellTrialRequest& request) {
      EXPECT_EQ(request.number(), told);
      EXPECT_EQ(request.token().counter(), 100 + told);
      return TestTrial(told);
    });
    EXPECT_EQ(Run({"tell", "mnist", std::to_string(told), "accuracy=0.5"}), kDone);
  }
}

TEST_F(Ask, ValuesArePrintedUnchangedAndQuotedWhereTheyHaveTo) {
  v1::AskTrialResponse answer;
  *answer.mutable_trial() = TestTrial(3);
  auto& parameters = *answer.mutable_trial()->mutable_parameters();
  parameters.clear();
  parameters["a"].set_string_value("x\ny's");
  parameters["b"].set_string_value("it's c=1");
  parameters["c"].set_string_value("plain/one");
  answer.mutable_token()->set_epoch(5);
  answer.mutable_token()->set_counter(100);
  EXPECT_CALL(client_, AskTrial).Times(2).WillRepeatedly(Return(answer));
  EXPECT_EQ(Run({"ask", "mnist"}), kDone);
  EXPECT_EQ(out(), "trial 3\na=$'x\\ny\\'s'\nb='it'\\''s c=1'\nc=plain/one\n");
  EXPECT_EQ(Run({"ask", "mnist", "--count", "1"}), kDone);
  EXPECT_EQ(out(), "trial 3 a=$'x\\ny\\'s' b='it'\\''s c=1' c=plain/one\n");
}

TEST_F(Ask, WhatWasObtainedBeforeAFailureIsPrintedAndTheRestSaid) {
  for (const char* output : {"table", "json"}) {
    int number = 0;
    EXPECT_CALL(client_, AskTrial)
        .Times(3)
        .WillRepeatedly([&](v1::AskTrialRequest) -> absl::StatusOr<v1::AskTrialResponse> {
          if (number == 2) {
            return error::WithReason(absl::FailedPreconditionError("all were handed out"),
                                     error::kNoTrial);
          }
          v1::AskTrialResponse answer;
          *answer.mutable_trial() = TestTrial(number++);
          answer.mutable_token()->set_epoch(5);
          answer.mutable_token()->set_counter(1);
          return answer;
        });
    EXPECT_EQ(Run({"ask", "mnist", "--count", "8", "--output", output}), kPartly);
    EXPECT_EQ(err(), "caviar: all were handed out\ncaviar: 2 of 8 trials are yours\n");
    if (std::string(output) == "json") {
      ASSERT_EQ(json().size(), 2u);
      EXPECT_EQ(json()[1]["trial"]["number"], 1);
    } else {
      EXPECT_THAT(out(), HasSubstr("trial 1 optimizer=sgd"));
    }
  }
}

TEST_F(Ask, AnInterruptEndsItAndWhatCameIsPrintedAndKept) {
  for (const char* output : {"table", "json", "yaml"}) {
    int number = 3;
    EXPECT_CALL(client_, AskTrial)
        .Times(3)
        .WillRepeatedly([&](v1::AskTrialRequest) -> absl::StatusOr<v1::AskTrialResponse> {
          if (number < 5) return Answer(number++);
          interrupt_();
          return absl::CancelledError("cancelled by the caller");
        });
    EXPECT_CALL(client_, CancelWaiting);
    EXPECT_EQ(Run({"ask", "mnist", "--count", "5000", "--output", output}), kInterrupted);
    EXPECT_EQ(err(), "caviar: interrupted; 2 of 5000 trials are yours\n");
    if (std::string(output) == "table") {
      EXPECT_EQ(out(),
                "trial 3 optimizer=sgd rate=0.012345678901234\n"
                "trial 4 optimizer=sgd rate=0.012345678901234\n");
    } else if (std::string(output) == "json") {
      ASSERT_EQ(json().size(), 2u);
      EXPECT_EQ(json()[1]["trial"]["number"], 4);
    } else {
      EXPECT_THAT(out(), HasSubstr("number: 4"));
    }
    EXPECT_TRUE(std::filesystem::remove(file_)) << "the token of trial 3";
    EXPECT_TRUE(std::filesystem::remove(file_.parent_path() / "4.json"));
  }
}

TEST_F(Ask, ATrialThatCrossesTheInterruptIsTheLastOne) {
  for (const bool several : {false, true}) {
    EXPECT_CALL(client_, AskTrial).WillOnce([&](v1::AskTrialRequest) {
      interrupt_();
      return Answer(3);
    });
    EXPECT_CALL(client_, CancelWaiting);
    std::vector<std::string> arguments = {"ask", "mnist"};
    if (several) arguments.insert(arguments.end(), {"--count", "2"});
    EXPECT_EQ(Run(arguments), kInterrupted);
    EXPECT_THAT(out(), StartsWith("trial 3"));
    EXPECT_EQ(err(), several ? "caviar: interrupted; 1 of 2 trials is yours\n"
                             : "caviar: interrupted; 1 of 1 trial is yours\n");
    EXPECT_TRUE(std::filesystem::remove(file_));
  }
}

TEST_F(Ask, AnInterruptBeforeAnyTrialCameSaysSo) {
  EXPECT_CALL(client_, AskTrial).WillOnce([&](v1::AskTrialRequest) {
    interrupt_();
    return absl::CancelledError("cancelled by the caller");
  });
  const absl::Time interrupted = now_;
  EXPECT_CALL(client_, CancelWaiting).WillOnce([&] {
    EXPECT_GT(now_, interrupted) << "an answer that was on its way could come";
  });
  EXPECT_EQ(Run({"ask", "mnist"}), kInterrupted);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "caviar: interrupted; 0 of 1 trial is yours\n");
}

TEST_F(Ask, AnErrorThatCrossesTheInterruptIsSaidToo) {
  EXPECT_CALL(client_, AskTrial).WillOnce([&](v1::AskTrialRequest) {
    interrupt_();
    return error::WithReason(absl::FailedPreconditionError("it has ended"), error::kNoTrial);
  });
  EXPECT_CALL(client_, CancelWaiting);
  EXPECT_EQ(Run({"ask", "mnist"}), kInterrupted);
  EXPECT_EQ(err(), "caviar: it has ended\ncaviar: interrupted; 0 of 1 trial is yours\n");
}

TEST_F(Ask, SeveralOfWhichNoneCameFail) {
  EXPECT_CALL(client_, AskTrial)
      .WillOnce(Return(
          error::WithReason(absl::FailedPreconditionError("it has ended"), error::kNoTrial)));
  EXPECT_EQ(Run({"ask", "mnist", "--count", "2"}), kFailed);
  EXPECT_EQ(err(), "caviar: it has ended\n");
  EXPECT_EQ(Run({"ask", "mnist", "--count", "0"}), kWrongUsage);
}

TEST_F(Ask, AReportOfAnotherValueSaysThatTheFirstStays) {
  ExpectAsk();
  Run({"ask", "mnist"});
  v1::ReportTrialResponse answer;
  answer.set_directive(v1::DIRECTIVE_CONTINUE);
  answer.set_conflicts(1);
  EXPECT_CALL(client_, ReportTrial).Times(3).WillRepeatedly(Return(answer));
  EXPECT_EQ(Run({"report", "mnist", "3", "--step", "1", "accuracy=0.9"}), kDone);
  EXPECT_EQ(out(), "continue\n");
  EXPECT_EQ(err(), "caviar: step 1 has another value of accuracy already, which stays\n");
  EXPECT_EQ(Run({"report", "mnist", "3", "--step", "1", "loss=1", "accuracy=0.9"}), kDone);
  EXPECT_EQ(err(),
            "caviar: step 1 has another value of 1 of accuracy, loss already, which stays\n");
  Run({"report", "mnist", "3", "--step", "1", "accuracy=0.9", "--output", "json"});
  EXPECT_EQ(json()["conflicts"], 1);
}

TEST_F(Ask, TheTokenIsForItsUserOnly) {
  ExpectAsk();
  EXPECT_EQ(Run({"ask", "mnist", "--output", "json"}), kDone);
  EXPECT_EQ(json()["trial"]["number"], 3);
  EXPECT_EQ(json()["token"]["epoch"], 5);
  struct stat info;
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(file_.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(Ask, AFailedOrInfeasibleTrialIsTold) {
  for (const char* outcome : {"--failed", "--infeasible"}) {
    ExpectAsk();
    Run({"ask", "mnist"});
    EXPECT_CALL(client_, TellTrial).WillOnce([&](const v1::TellTrialRequest& request) {
      EXPECT_EQ(request.has_failed(), std::string(outcome) == "--failed");
      EXPECT_EQ(request.has_infeasible(), std::string(outcome) == "--infeasible");
      EXPECT_EQ(request.failed().message() + request.infeasible().message(), "no memory");
      return TestTrial(3);
    });
    EXPECT_EQ(Run({"tell", "mnist", "3", outcome, "--message", "no memory"}), kDone);
  }
}

TEST_F(Ask, ARefusedTellKeepsTheToken) {
  ExpectAsk();
  Run({"ask", "mnist"});
  EXPECT_CALL(client_, TellTrial).WillOnce(Return(absl::UnavailableError("away")));
  EXPECT_EQ(Run({"tell", "mnist", "3", "accuracy=1"}), kNoCoordinator);
  EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(Ask, AnotherCoordinatorsTokensAreKeptApart) {
  ExpectAsk();
  Run({"ask", "mnist"});
  EXPECT_EQ(Run({"report", "mnist", "3", "--step", "1", "a=1", "--coordinator", "other:1"}),
            kFailed);
}

TEST_F(Ask, NothingToAskForFails) {
  EXPECT_CALL(client_, AskTrial)
      .WillOnce(Return(
          error::WithReason(absl::UnavailableError("all trials are given out"), error::kNoTrial)));
  EXPECT_EQ(Run({"ask", "mnist"}), kFailed);
  EXPECT_EQ(err(), "caviar: all trials are given out\n");
}

TEST_F(Ask, WithoutAPlaceForTokensNothingIsAskedFor) {
  variables_.clear();
  EXPECT_EQ(Run({"ask", "mnist"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("XDG_STATE_HOME"));
  std::ofstream(folder_ / "file") << "x";
  variables_["HOME"] = (folder_ / "file").string();
  EXPECT_EQ(Run({"ask", "mnist"}), kFailed);
  EXPECT_THAT(err(), HasSubstr("Not a directory"));
}

TEST_F(Ask, ARelativeStateFolderIsIgnored) {
  variables_["XDG_STATE_HOME"] = "state";
  variables_["HOME"] = folder_.string();
  ExpectAsk();
  EXPECT_EQ(Run({"ask", "mnist"}), kDone);
  EXPECT_TRUE(
      std::filesystem::exists(folder_ / ".local/state/caviar/asks/127.0.0.1%3A7461/mnist/3.json"));
}

TEST_F(Ask, ADamagedTokenFileIsSaidToBeSo) {
  std::filesystem::create_directories(file_.parent_path());
  for (const char* text : {"", "{", "[]", "{\"token\": 3}", "{\"token\": {\"epoch\": \"1\"}}"}) {
    std::ofstream(file_) << text;
    EXPECT_EQ(Run({"report", "mnist", "3", "--step", "1", "a=1"}), kFailed) << text;
    EXPECT_THAT(err(), HasSubstr("holds no token"));
  }
}

TEST(AskTokens, FileNamesCannotLeaveTheirFolder) {
  EXPECT_EQ(FileNameOf("host:7461"), "host%3A7461");
  EXPECT_EQ(FileNameOf("../../etc"), "%2E.%2F..%2Fetc");
  EXPECT_EQ(FileNameOf(".."), "%2E.");
  EXPECT_EQ(FileNameOf("a.b-c_d"), "a.b-c_d");
}

}  // namespace
}  // namespace caviar::commands
