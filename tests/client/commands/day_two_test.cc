// Trials that a person has run once more or cancels, flags for a shell, what takes room, and
// studies that are there already.
#include "caviar/v1/error_detail.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Return;

using DayTwo = CommandTest;

TEST_F(DayTwo, ARetrySaysItsNumberAndWhereItComesFrom) {
  EXPECT_CALL(client_, RetryTrial).WillOnce([](v1::RetryTrialRequest request) {
    EXPECT_EQ(request.study(), "mnist");
    EXPECT_EQ(request.number(), 3);
    return TestTrial(8);
  });
  EXPECT_EQ(Run({"trial", "retry", "mnist", "3"}), kDone);
  EXPECT_EQ(out(), "trial 8 tries the configuration of trial 3 once more\n");
}

TEST_F(DayTwo, TrialsAreCancelledTogether) {
  EXPECT_CALL(client_, CancelTrials).WillOnce([](v1::CancelTrialsRequest request) {
    EXPECT_THAT(request.numbers(), ElementsAre(3, 5));
    v1::CancelTrialsResponse response;
    for (const int number : request.numbers()) {
      v1::Trial trial = TestTrial(number, "message: \"cancelled by a person\"");
      trial.set_state(v1::Trial::CANCELLED);
      trial.clear_objective();
      *response.add_trials() = trial;
    }
    return response;
  });
  EXPECT_EQ(Run({"trial", "cancel", "mnist", "3", "5"}), kDone);
  EXPECT_THAT(out(), HasSubstr("trial 3 CANCELLED"));
  EXPECT_THAT(out(), HasSubstr("trial 5 CANCELLED"));
  EXPECT_EQ(Run({"trial", "cancel", "mnist"}), kWrongUsage);
  EXPECT_EQ(Run({"trial", "cancel", "mnist", "-1"}), kWrongUsage);
}

class Flags : public CommandTest {
 protected:
  void Best(std::vector<v1::Trial> trials) {
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
    EXPECT_CALL(client_, ListBestTrials)
        .WillRepeatedly([trials](const v1::ListBestTrialsRequest& request) {
          v1::ListBestTrialsResponse best;
          for (const v1::Trial& trial : trials) {
            if (best.trials_size() < request.count()) *best.add_trials() = trial;
          }
          return best;
        });
  }
};

TEST_F(Flags, AreTheBestTrialsInTheStudysOrder) {
  Best({TestTrial(2), TestTrial(1)});
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags"}), kDone);
  EXPECT_EQ(out(), "--rate=0.012345678901234 --optimizer=sgd\n");
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags", "--top", "2"}), kDone);
  EXPECT_EQ(out(),
            "--rate=0.012345678901234 --optimizer=sgd\n"
            "--rate=0.012345678901234 --optimizer=sgd\n");
}

TEST_F(Flags, AreQuotedForAShell) {
  v1::Trial trial = TestTrial(2);
  (*trial.mutable_parameters())["optimizer"].set_string_value("it's $(rm) ~*");
  Best({trial});
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags"}), kDone);
  EXPECT_EQ(out(), "--rate=0.012345678901234 '--optimizer=it'\\''s $(rm) ~*'\n");
}

TEST_F(Flags, WithoutABestTrialAScriptFails) {
  Best({});
  EXPECT_EQ(Run({"best", "mnist", "--output", "flags"}), kFailed);
  EXPECT_EQ(out(), "");
}

TEST_F(DayTwo, UsageShowsWhatTakesRoom) {
  EXPECT_CALL(client_, GetServerUsage).WillOnce(Return(Parse<v1::ServerUsage>(R"(
    database_bytes: 1572864 free_disk_bytes: 53687091200
    code { files: 1 bytes: 2048 }
    studies { study: "small" trials: 3 measurements: 30 }
    studies { study: "large" trials: 100 running: 2 measurements: 5000
              checkpoints { files: 4 bytes: 4194304 } weights { files: 98 bytes: 1003520 }
              logs { files: 100 bytes: 812 } }
  )")));
  EXPECT_EQ(Run({"server", "usage"}), kDone);
  EXPECT_EQ(out(),
            "database   1.5 MiB\n"
            "code       2.0 KiB in 1\n"
            "free disk  50.0 GiB\n"
            "\n"
            "STUDY  TRIALS  RUNNING  MEASUREMENTS   CHECKPOINTS          WEIGHTS  MODELS"
            "          LOGS\n"
            "large     100        2          5000  4.0 MiB in 4  980.0 KiB in 98       -"
            "  812 B in 100\n"
            "small       3        0            30             -                -       -"
            "             -\n"
            "all       103        2          5030  4.0 MiB in 4  980.0 KiB in 98       -"
            "  812 B in 100\n");
}

class IfNotExists : public CommandTest {
 protected:
  void SetUp() override {
    in_.str("study: mnist\nparameters: {rate: {min: 1, max: 2}}\n");
    EXPECT_CALL(client_, CreateStudy)
        .WillOnce(Return(error::WithReason(absl::AlreadyExistsError("taken"), error::kNameTaken)));
    EXPECT_CALL(client_, GetStudy).WillRepeatedly(Return(TestStudy()));
  }
};

TEST_F(IfNotExists, WhatIsThereIsKept) {
  EXPECT_CALL(client_, UpdateStudy).WillOnce([](v1::UpdateStudyRequest request) {
    EXPECT_TRUE(request.validate_only());
    return v1::UpdateStudyResponse();
  });
  EXPECT_EQ(Run({"study", "create", "-", "--if-not-exists"}), kDone);
  EXPECT_EQ(out(), "mnist\n");
  EXPECT_EQ(err(), "");
}

TEST_F(IfNotExists, WhatIsAnotherOneIsKeptAndSaid) {
  EXPECT_CALL(client_, UpdateStudy)
      .WillOnce(Return(error::InvalidField("parameters.rate.min", "cannot change")));
  EXPECT_EQ(Run({"study", "create", "-", "--if-not-exists"}), kDone);
  EXPECT_EQ(out(), "mnist\n");
  EXPECT_THAT(err(), HasSubstr("caviar study update mnist"));
}

}  // namespace
}  // namespace caviar::commands
