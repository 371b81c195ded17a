// Restarts, failed commits, stalls and clocks that jump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

TEST_F(CoreTest, ARestartLosesNothingAndGivesEveryLeaseItsFullTime) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  house_.Advance(absl::Seconds(50));
  house_.Restart();
  house_.Advance(absl::Seconds(50));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  EXPECT_TRUE(house_.Renew(worker, {ToToken(work.trial().token())}).held[0]);
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.5) << "measured before the restart";
}

TEST_F(CoreTest, AFailedCommitChangesNothingAndAnswersUnavailable) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  const auto refused = Report(work.trial().token(), 1, 0.5);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(house_.trial("s", 0).objective_values.empty());
  house_.store.SetBeforeApply(nullptr);
  EXPECT_TRUE(Report(work.trial().token(), 1, 0.5).ok()) << "service resumes with the room";
}

TEST_F(CoreTest, AFullDiskIsSaidOnceAMinuteAndSoIsItsEnd) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("no room"); });
  for (int i = 0; i < 130; ++i) {
    EXPECT_FALSE(Report(work.trial().token(), 1, 0.5).ok());
    EXPECT_EQ(house_.core().Status().store_failure(), "no room");
    house_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(house_.store_words, (std::vector<std::string>{"no room", "no room", "no room"}));
  house_.store.SetBeforeApply(nullptr);
  EXPECT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  ASSERT_EQ(house_.store_words.size(), 4u);
  EXPECT_EQ(house_.store_words.back(), "");
  EXPECT_EQ(house_.core().Status().store_failure(), "");
}

TEST_F(CoreTest, ADiskThatIsNearlyFullIsSaidOnceAMinuteToo) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  // What is tried first is small, and finds room.
  house_.store.SetBeforeApply([](const storage::Batch& batch) {
    for (const auto& change : batch) {
      if (std::holds_alternative<storage::MeasurementRow>(change)) {
        return absl::ResourceExhaustedError("no room");
      }
    }
    return absl::OkStatus();
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(Report(work.trial().token(), 1, 0.5).ok());
    EXPECT_EQ(house_.core().Status().store_failure(), "no room");
    house_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(house_.store_words, (std::vector<std::string>{"no room", "", "no room", ""}));
}

TEST_F(CoreTest, AnIdleCoordinatorNoticesThatThereIsRoomAgain) {
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("no room"); });
  v1::CreateStudyRequest create;
  *create.mutable_request_id() = house_.NewRequestId();
  *create.mutable_study() = NetworkStudy("s");
  EXPECT_FALSE(house_.Call(&Core::CreateStudy, create).ok());
  house_.Advance(absl::Minutes(2));
  EXPECT_EQ(house_.core().Status().store_failure(), "no room");
  EXPECT_EQ(house_.store_words, (std::vector<std::string>{"no room", "no room"}));
  house_.store.SetBeforeApply(nullptr);
  house_.Advance(absl::Seconds(11));
  EXPECT_EQ(house_.core().Status().store_failure(), "");
  EXPECT_EQ(house_.store_words.back(), "");
}

TEST_F(CoreTest, StandstillsPutOffNoForgettingForEver) {
  const std::string worker = house_.Register("w");
  house_.Advance(absl::Hours(24) - absl::Minutes(1));
  ASSERT_TRUE(house_.core().state().workers.contains(worker));
  for (int i = 0; i < 15; ++i) {
    house_.clock.Advance(absl::Seconds(6));
    house_.Settle();
    house_.Advance(absl::Seconds(14));
  }
  EXPECT_FALSE(house_.core().state().workers.contains(worker));
}

TEST_F(AskTest, WhileTheDiskIsFullIsRefusedAtOnceAndSaysSo) {
  Create(ExternalStudy("s"));
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("no room"); });
  EXPECT_FALSE(Ask("s").ok()) << "a try, after which it waits";
  for (int i = 0; i < 2; ++i) {
    const absl::Status refused = Ask("s").status();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
    EXPECT_THAT(refused.message(), ::testing::HasSubstr("disk is full"));
  }
  house_.store.SetBeforeApply(nullptr);
  house_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Ask("s").ok());
}

TEST_F(CoreTest, OneBadRowIsRefusedAndTheRestOfItsBatchIsNot) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto good = house_.Acquire(worker), bad = house_.Acquire(worker);
  const int64_t bad_id = house_.trial("s", 1).row.id;
  house_.store.SetBeforeApply([bad_id](const storage::Batch& batch) {
    for (const auto& change : batch) {
      const auto* row = std::get_if<storage::MeasurementRow>(&change);
      if (row != nullptr && row->trial_id == bad_id) return absl::InvalidArgumentError("bad row");
    }
    return absl::OkStatus();
  });
  std::vector<absl::Status> answers(2);
  for (int i = 0; i < 2; ++i) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = (i == 0 ? good : bad).trial().token();
    auto& measurement = *request.add_measurements();
    measurement.set_step(1);
    (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
    house_.Queue<v1::ReportMeasurementsResponse>(
        [request](Core& core) { return core.Report(request); },
        [&answers, i](auto response) { answers[i] = response.status(); });
  }
  std::optional<v1::AcquireWorkResponse> granted;
  int answered = 0;
  house_.QueueAcquire(worker, "c", 77, [&](auto response) { granted = *response, ++answered; });
  house_.Settle();
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_EQ(answers[1].code(), absl::StatusCode::kInternal);
  EXPECT_LE(house_.core().NextWake(), house_.clock.Steady()) << "who is parked comes next";
  house_.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(granted);
  EXPECT_EQ(answered, 1) << "a parked call is answered once";
  EXPECT_EQ(granted->trial().trial().number(), 2);
}

TEST_F(CoreTest, AFailedSyncAnswersNothingAndEndsTheProcess) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply([](const storage::Batch&) { return absl::DataLossError("fsync"); });
  EXPECT_EQ(Report(work.trial().token(), 1, 0.5).status().code(),
            absl::StatusCode::kDeadlineExceeded)
      << "no answer";
  EXPECT_TRUE(house_.fatal);
}

TEST_F(CoreTest, AStallGivesFreshTimeInsteadOfExpiringEverything) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  house_.clock.Advance(absl::Minutes(10));  // the process was stopped: nobody woke the core
  house_.Settle();
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  house_.Advance(absl::Seconds(61));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(CoreTest, AStallWithinADecisionExpiresNothing) {
  Create(NetworkStudy("s"));
  house_.Acquire(house_.Register("w"));
  house_.Queue<bool>(
      [this](Core&) {
        house_.clock.Advance(absl::Minutes(10));
        return true;
      },
      [](const auto&) {});
  house_.Settle();
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 0);
}

TEST_F(CoreTest, TheCalendarDecidesNothing) {
  Create(NetworkStudy("s"));
  house_.Acquire(house_.Register("w"));
  house_.clock.JumpWall(absl::Hours(24));
  house_.Advance(absl::Seconds(30));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  house_.clock.JumpWall(-absl::Hours(48));
  house_.Advance(absl::Seconds(31));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

}  // namespace
}  // namespace caviar::coordinator
