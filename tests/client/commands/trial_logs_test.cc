#include "client/commands/log_text.h"
#include "fake_client.h"

namespace caviar::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Return;

// A log that the test writes, read as a coordinator would answer.
class TrialLogs : public CommandTest {
 protected:
  void SetUp() override {
    ON_CALL(client_, ReadLog).WillByDefault([this](const v1::ReadLogRequest& request) {
      return Read(request);
    });
    EXPECT_CALL(client_, ReadLog).Times(::testing::AnyNumber());
  }

  absl::StatusOr<v1::ReadLogResponse> Read(const v1::ReadLogRequest& request) {
    EXPECT_EQ(request.study(), "mnist");
    EXPECT_EQ(request.number(), 3);
    if (on_read_) on_read_();
    const size_t attempt = request.attempt() == 0 ? logs_.size() : request.attempt();
    if (attempt == 0 || attempt > logs_.size()) return absl::NotFoundError("no such attempt");
    const std::string& log = logs_[attempt - 1];
    const auto size = static_cast<int64_t>(log.size());
    v1::ReadLogResponse response;
    response.set_attempt(static_cast<int>(attempt));
    response.set_size(size);
    response.set_offset(request.offset() < 0 ? std::max<int64_t>(0, size + request.offset())
                                             : request.offset());
    response.set_data(log.substr(response.offset(), piece_));
    response.set_ended(ended_ || attempt < logs_.size());
    return response;
  }

  std::vector<std::string> logs_;  // of the attempts
  bool ended_ = true;
  size_t piece_ = 1 << 20;
  std::function<void()> on_read_;
};

TEST_F(TrialLogs, PrintsAllPiecesOfTheNewestAttempt) {
  logs_ = {"old\n", "one\ntwo\nthree"};
  piece_ = 4;
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3"}), kDone);
  EXPECT_EQ(out(), "one\ntwo\nthree");
  EXPECT_EQ(err(), "");
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--attempt", "1"}), kDone);
  EXPECT_EQ(out(), "old\n");
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--attempt", "7"}), kFailed);
  EXPECT_EQ(err(), "caviar: no such attempt\n");
}

TEST_F(TrialLogs, TheTailIsItsLastLines) {
  logs_ = {"one\ntwo\nthree\n"};
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--tail", "2"}), kDone);
  EXPECT_EQ(out(), "two\nthree\n");
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--tail", "0"}), kDone);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--tail", "9"}), kDone);
  EXPECT_EQ(out(), "one\ntwo\nthree\n");
  EXPECT_EQ(LastLines("a\nb", 1), "b");
  EXPECT_EQ(LastLines("\n\n", 1), "\n");
  EXPECT_EQ(LastLines("", 3), "");
}

TEST_F(TrialLogs, FollowsItFromAttemptToAttemptUntilTheTrialIsOver) {
  v1::Trial trial = TestTrial(3);
  trial.set_state(v1::Trial::WAITING);
  ended_ = false;
  int reads = 0;
  on_read_ = [&] {
    ++reads;
    if (reads == 3) logs_ = {"first"};  // at first there is no attempt
    if (reads == 5) logs_[0] += " line\n";
    if (reads == 7) ended_ = true;
    if (reads == 8) logs_.push_back("second\n");
    if (reads == 10) trial.set_state(v1::Trial::COMPLETED);
  };
  EXPECT_CALL(client_, GetTrial).WillRepeatedly([&](const v1::GetTrialRequest& request) {
    EXPECT_EQ(request.number(), 3);
    trial.clear_attempts();
    for (size_t i = 0; i < logs_.size(); ++i) trial.add_attempts();
    return trial;
  });
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--follow"}), kDone);
  EXPECT_EQ(out(), "first line\nsecond\n");
  EXPECT_EQ(err(),
            "caviar: the trial is WAITING; its next attempt is awaited\n"
            "caviar: attempt 2:\n"
            "caviar: trial 3 COMPLETED 0.8911666870117188\n");
}

TEST_F(TrialLogs, AnAttemptThatIsNamedIsFollowedToItsEndOnly) {
  logs_ = {"one\n", "two\n"};
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "-f", "--attempt", "1"}), kDone);
  EXPECT_EQ(out(), "one\n");
}

TEST_F(TrialLogs, CtrlCEndsIt) {
  logs_ = {"one\n"};
  ended_ = false;
  int reads = 0;
  on_read_ = [&] {
    if (++reads == 3) interrupt_();
  };
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--follow"}), kInterrupted);
  EXPECT_EQ(out(), "one\n");
  EXPECT_EQ(err(), "");
}

TEST_F(TrialLogs, ACoordinatorThatGoesAwayIsWaitedForWhileItIsFollowed) {
  logs_ = {"one\n"};
  ended_ = false;
  EXPECT_CALL(client_, GetTrial)
      .WillOnce(Return(absl::UnavailableError("gone")))
      .WillOnce(Return(TestTrial(3, "attempts {}")));
  int reads = 0;
  EXPECT_CALL(client_, ReadLog).WillRepeatedly([&](const v1::ReadLogRequest& request) {
    ++reads;
    if (reads > 2 && reads < 20)
      return absl::StatusOr<v1::ReadLogResponse>(absl::UnavailableError("gone"));
    if (reads == 20) logs_[0] += "two\n";
    if (reads == 22) ended_ = true;
    return Read(request);
  });
  const std::string away =
      "caviar: the coordinator is away; waiting for it to come back, for 5m00s at most\n";
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--follow"}), kDone);
  EXPECT_EQ(out(), "one\ntwo\n");
  EXPECT_EQ(err(), away + away + "caviar: trial 3 COMPLETED 0.8911666870117188\n");
}

TEST_F(TrialLogs, ACoordinatorThatStaysAwayIsGivenUp) {
  logs_ = {"one\n"};
  ended_ = false;
  bool gone = false;
  EXPECT_CALL(client_, ReadLog).WillRepeatedly([&](const v1::ReadLogRequest& request) {
    if (std::exchange(gone, true))
      return absl::StatusOr<v1::ReadLogResponse>(absl::UnavailableError("gone"));
    return Read(request);
  });
  const absl::Time start = now_;
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--follow"}), kNoCoordinator);
  EXPECT_GE(now_ - start, absl::Minutes(5));
  EXPECT_THAT(err(), HasSubstr(" for 5m00s; the study goes on when one is started again"));
  gone = true;
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3"}), kNoCoordinator);
  EXPECT_EQ(Run({"trial", "logs", "mnist", "3", "--follow"}), kNoCoordinator);
  EXPECT_THAT(err(), HasSubstr("gone")) << "one that was not there from the start";
}

TEST_F(TrialLogs, AFailedTrialIsShownWithTheEndOfItsLog) {
  std::string log;
  for (int i = 0; i < 30; ++i) log += "line " + std::to_string(i) + "\n";
  logs_ = {log + " 10%\r 100%\nKeyError: '\x1b[31mlr\x1b[0m'\n"};
  EXPECT_CALL(client_, GetTrial).WillRepeatedly(Return(TestTrial(3, "state: FAILED")));
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), HasSubstr("the last it printed; `caviar trial logs mnist 3` prints all\n"
                               "  line 12\n"));
  EXPECT_THAT(out(), HasSubstr("  line 29\n   100%\n  KeyError: ' [31mlr [0m'\n"));
  logs_.clear();
  EXPECT_EQ(Run({"trial", "show", "mnist", "3"}), kDone);
  EXPECT_THAT(out(), ::testing::Not(HasSubstr("printed")));
}

}  // namespace
}  // namespace caviar::commands
