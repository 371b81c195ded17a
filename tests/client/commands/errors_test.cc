#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Return;
using ::testing::StartsWith;

using Errors = CommandTest;

TEST_F(Errors, WrongUsageIsTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"study"},
      {"study", "show"},
      {"study", "show", "a", "b"},
      {"study", "list", "--output", "xml"},
      {"study", "list", "--nonsense"},
      {"trial", "show", "a", "x"},
      {"trial", "show", "a", "-1"},
      {"trial", "list", "a", "--limit", "0"},
      {"trial", "list", "a", "--state", "done"},
      {"best", "a", "--top", "0"},
      {"report", "a", "1", "accuracy=1"},
      {"report", "a", "1", "--step", "2"},
      {"report", "a", "1", "--step", "2", "accuracy"},
      {"report", "a", "1", "--step", "2", "accuracy=high"},
      {"report", "a", "1", "--step", "2", "=1"},
      {"report", "a", "1", "--step", "2", "a=1", "a=2"},
      {"tell", "a", "1"},
      {"tell", "a", "1", "a=1", "--failed"},
      {"tell", "a", "1", "--failed", "--infeasible"},
      {"tell", "a", "1", "a=1", "--message", "x"},
      {"tell", "a", "1", "a=x"},
      {"ask", "a", "--lease", "24"},
      {"export", "a", "--format", "xml"},
      {"completions", "zsh"},
      {"study", "list", "--coordinator", "host"},
      {"study", "list", "--coordinator", "host:0"},
      {"study", "list", "--coordinator", "host:port"},
      {"study", "list", "--coordinator", ":7461"},
      {"study", "list", "--patience", "long"},
  };
  for (const auto& arguments : cases) {
    EXPECT_EQ(Run(arguments), kWrongUsage) << ::testing::PrintToString(arguments);
    EXPECT_THAT(err(), StartsWith("caviar: ")) << ::testing::PrintToString(arguments);
    EXPECT_EQ(out(), "");
  }
}

TEST_F(Errors, ANumberOutOfRangeIsNamedAsItWasWritten) {
  const auto refusal = [this](const std::vector<std::string>& arguments) {
    EXPECT_EQ(Run(arguments), kWrongUsage) << ::testing::PrintToString(arguments);
    return err().substr(0, err().find('\n'));
  };
  EXPECT_EQ(refusal({"trial", "show", "a", "-1"}),
            "caviar: NUMBER: \"-1\" is not a whole number from 0 to 2147483647");
  EXPECT_EQ(refusal({"trial", "list", "a", "--limit", "-1"}),
            "caviar: --limit: \"-1\" is not a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal({"best", "a", "--top", "1.5"}),
            "caviar: --top: \"1.5\" is not a whole number from 1 to 1000");
  EXPECT_EQ(
      refusal({"report", "a", "1", "--step", "99999999999999999999", "b=1"}),
      "caviar: --step: \"99999999999999999999\" is not a whole number from 0 to 9007199254740991");
}

TEST_F(Errors, AReasonThatIsReadAsAMetricIsSaidToBeOne) {
  for (const char* flag : {"--failed", "--infeasible"}) {
    EXPECT_EQ(Run({"tell", "a", "1", flag, "out", "of", "memory"}), kWrongUsage);
    EXPECT_THAT(err(), StartsWith("caviar: \"out\" was read as a metric, which goes with"));
    EXPECT_THAT(err(), HasSubstr("a reason goes into --message"));
  }
}

TEST_F(Errors, AMistypedCommandIsAnsweredWithTheNearest) {
  EXPECT_EQ(Run({"stduy", "list"}), kWrongUsage);
  EXPECT_THAT(err(), StartsWith("caviar: there is no command \"stduy\"; did you mean \"study\"?"));
  EXPECT_EQ(Run({"study", "creat", "a"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("did you mean \"create\"?"));
}

TEST_F(Errors, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(Run({"--version"}), kDone);
  EXPECT_EQ(out(), "caviar " CAVIAR_VERSION "\n");
  EXPECT_EQ(Run({"-h"}), kDone);
  EXPECT_THAT(out(), HasSubstr("study"));
  EXPECT_EQ(Run({"study", "create", "--help"}), kDone);
  EXPECT_THAT(out(), HasSubstr("--dry-run"));
  EXPECT_THAT(out(), HasSubstr("--coordinator"));
}

TEST_F(Errors, HelpSaysWhatNoneMeans) {
  EXPECT_EQ(Run({"study", "update", "--help"}), kDone);
  EXPECT_THAT(out(), HasSubstr("so many trials have failed; none: no limit\n"));
  EXPECT_THAT(out(), HasSubstr("a trial has failed; none: the default, 3\n"));
  EXPECT_THAT(out(), HasSubstr("the workers; none: the default, 1\n"));
}

TEST_F(Errors, WhatIsNotThereIsOne) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(absl::NotFoundError("no study \"a\"")));
  EXPECT_EQ(Run({"study", "show", "a"}), kFailed);
  EXPECT_EQ(err(), "caviar: no study \"a\"\n");
}

TEST_F(Errors, NoCoordinatorIsThree) {
  EXPECT_CALL(client_, GetStudy)
      .WillOnce(Return(absl::UnavailableError("no coordinator answers at h:1: refused")))
      .WillOnce(Return(absl::DeadlineExceededError("too slow")))
      .WillOnce(Return(error::ShuttingDown()));
  EXPECT_EQ(Run({"study", "show", "a", "--coordinator", "h:1"}), kNoCoordinator);
  EXPECT_THAT(err(), StartsWith("caviar: no coordinator answers at h:1: refused\n"));
  EXPECT_THAT(err(), HasSubstr("caviar-coordinator --listen h:1"));
  EXPECT_THAT(err(), HasSubstr("CAVIAR_COORDINATOR"));
  EXPECT_EQ(Run({"study", "show", "a"}), kNoCoordinator);
  EXPECT_THAT(err(), StartsWith("caviar: no coordinator answers at 127.0.0.1:7461: too slow\n"));
  EXPECT_THAT(err(), AllOf(HasSubstr("stalled"), Not(HasSubstr("start one"))));
  EXPECT_EQ(Run({"study", "show", "a"}), kNoCoordinator);
  EXPECT_THAT(err(), HasSubstr("127.0.0.1:7461: the coordinator is shutting down\n"));
}

TEST_F(Errors, ACoordinatorThatIsThereButCannotGoOnIsOne) {
  EXPECT_CALL(client_, GetStudy)
      .WillOnce(Return(error::WithReason(absl::UnavailableError("the disk is full"), "DISK_FULL")));
  EXPECT_EQ(Run({"study", "show", "a"}), kFailed);
  EXPECT_EQ(err(), "caviar: the disk is full\n");
}

TEST_F(Errors, AnInvalidArgumentIsTwoWithItsFields) {
  EXPECT_CALL(client_, ListTrials).WillOnce(Return(error::InvalidField("order_by", "is \"size\"")));
  EXPECT_EQ(Run({"trial", "list", "a", "--order-by", "size"}), kWrongUsage);
  EXPECT_EQ(err(), "caviar: order_by: is \"size\"\n");
}

TEST_F(Errors, AMessageFromElsewhereCannotMoveTheCursor) {
  EXPECT_CALL(client_, GetStudy).WillOnce(Return(absl::NotFoundError("a\033[2Jb\nc")));
  EXPECT_EQ(Run({"study", "show", "a"}), kFailed);
  EXPECT_EQ(err(), "caviar: a [2Jb\ncaviar: c\n");
}

TEST_F(Errors, TheAddressComesFromTheOptionThenTheVariableThenTheDefault) {
  EXPECT_CALL(client_, ListStudies).WillRepeatedly(Return(v1::ListStudiesResponse()));
  Run({"study", "list"});
  EXPECT_EQ(options_.address, "127.0.0.1:7461");
  EXPECT_EQ(options_.patience, absl::Seconds(5));
  variables_["CAVIAR_COORDINATOR"] = "";
  Run({"study", "list"});
  EXPECT_EQ(options_.address, "127.0.0.1:7461");
  variables_["CAVIAR_COORDINATOR"] = "other:1";
  Run({"study", "list", "--patience", "300ms"});
  EXPECT_EQ(options_.address, "other:1");
  EXPECT_EQ(options_.patience, absl::Milliseconds(300));
  Run({"study", "list", "--coordinator", "[::1]:2"});
  EXPECT_EQ(options_.address, "[::1]:2");
  Run({"--coordinator", "front:3", "study", "list"});
  EXPECT_EQ(options_.address, "front:3");
  variables_["CAVIAR_COORDINATOR"] = "wrong";
  EXPECT_EQ(Run({"study", "list"}), kWrongUsage);
  EXPECT_THAT(err(), HasSubstr("CAVIAR_COORDINATOR: \"wrong\" is not an address"));
}

}  // namespace
}  // namespace caviar::commands
