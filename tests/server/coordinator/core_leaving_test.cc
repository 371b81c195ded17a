// Workers that leave: what becomes of grants that were on their way, and of calls that wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using ::testing::HasSubstr;

absl::Status Leave(Harness& house, const std::string& worker, const std::vector<Token>& kept = {}) {
  absl::Status status = absl::DeadlineExceededError("no answer");
  house.Queue<bool>(
      [worker, kept](Core& core) {
        core.Leave(worker, kept);
        return true;
      },
      [&](const auto& left) { status = left.status(); });
  house.Settle();
  return status;
}

class LeavingWorkerTest : public CoreTest {
 protected:
  // One lost lease would be the end of its only trial.
  void CreateWithOneAttempt() {
    v1::Study study = NetworkStudy("s", 1);
    study.mutable_limits()->set_max_attempts(1);
    Create(study);
  }
  const TrialState& Trial() { return house_.trial("s", 0); }
};

TEST_F(LeavingWorkerTest, HasLostNoLeaseThatItDoesNotKnow) {
  CreateWithOneAttempt();
  const std::string worker = house_.Register("w");
  ASSERT_TRUE(house_.Acquire(worker).has_trial());
  ASSERT_TRUE(Leave(house_, worker).ok());
  EXPECT_EQ(Trial().row.state, v1::Trial::WAITING);
  EXPECT_EQ(Trial().row.lost_leases, 0);
  EXPECT_EQ(Trial().attempt->outcome, v1::Attempt::GIVEN_BACK);
  EXPECT_EQ(Trial().attempt->message, "worker w left without it");
  EXPECT_EQ(house_.leases().size(), 0);
  house_.Advance(absl::Seconds(61));
  EXPECT_EQ(Trial().row.state, v1::Trial::WAITING);
  const auto again = house_.Acquire(house_.Register("other")).trial();
  ASSERT_TRUE(Leave(house_, worker).ok()) << "a repeat";
  EXPECT_EQ(Trial().row.state, v1::Trial::RUNNING);
  ASSERT_TRUE(Report(again.token(), 1, 0.5).ok());
  EXPECT_TRUE(Complete(again.token()).ok());
}

TEST_F(LeavingWorkerTest, KeepsWhatItNames) {
  CreateWithOneAttempt();
  const std::string worker = house_.Register("w");
  const Token token = ToToken(house_.Acquire(worker).trial().token());
  ASSERT_TRUE(Leave(house_, worker, {token}).ok());
  EXPECT_EQ(Trial().row.state, v1::Trial::RUNNING);
  EXPECT_EQ(house_.leases().size(), 1);
}

TEST_F(LeavingWorkerTest, HasItsOutcomeTakenInTheSameBatch) {
  CreateWithOneAttempt();
  const std::string worker = house_.Register("w");
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = house_.Acquire(worker).trial().token();
  finish.mutable_failed()->set_message("x");
  house_.Queue<v1::FinishWorkResponse>(
      [finish](Core& core) { return core.Finish(finish); },
      [](const auto& finished) { EXPECT_TRUE(finished.ok()) << finished.status(); });
  ASSERT_TRUE(Leave(house_, worker).ok());
  EXPECT_EQ(Trial().row.state, v1::Trial::FAILED);
  EXPECT_EQ(Trial().attempt->message, "x");
}

TEST_F(LeavingWorkerTest, GetsNothingForACallThatIsDecidedInTheSameBatch) {
  CreateWithOneAttempt();
  const std::string worker = house_.Register("w"), other = house_.Register("other");
  bool answered = false;
  house_.QueueAcquire(worker, "c", 1, [&](const auto& work) {
    answered = true;
    EXPECT_TRUE(work.ok() && !work->has_trial());
  });
  ASSERT_TRUE(Leave(house_, worker).ok());
  EXPECT_TRUE(answered);
  EXPECT_EQ(house_.Acquire(other).trial().attempt(), 1);
}

TEST_F(LeavingWorkerTest, LeavesOtherWorkersWaiting) {
  const std::string worker = house_.Register("w"), other = house_.Register("other");
  int served = 0;
  house_.QueueAcquire(other, "c", 1, [&](const auto& work) { served += work->has_trial(); });
  house_.Settle();
  ASSERT_TRUE(Leave(house_, worker).ok());
  CreateWithOneAttempt();
  house_.Settle();
  EXPECT_EQ(served, 1);
}

TEST_F(LeavingWorkerTest, IsMissedByTheStudiesThatNoOtherCanRun) {
  v1::RegisterWorkerRequest request;
  request.set_name("b");
  request.set_slots(1);
  request.add_features("batch_norm_network");
  (*request.mutable_labels())["zone"] = "b";
  const auto register_in_zone = [&] {
    *request.mutable_request_id() = house_.NewRequestId();
    return house_.Call(&Core::RegisterWorker, request)->worker_id();
  };
  const std::string worker = register_in_zone(), other = house_.Register("other");
  const auto message = [this](const std::string& study) { return house_.study(study).row.message; };
  v1::Study study = NetworkStudy("before");
  (*study.mutable_workers())["zone"] = "b";
  Create(study);
  EXPECT_EQ(message("before"), "");
  ASSERT_TRUE(Leave(house_, worker).ok());
  EXPECT_THAT(message("before"), HasSubstr("none has all of its labels (workers), zone=b"));
  study.set_name("after");
  Create(study);
  EXPECT_EQ(message("after"), message("before"));
  register_in_zone();
  EXPECT_EQ(message("before"), "");
  EXPECT_EQ(message("after"), "");
}

TEST_F(TestEvaluationTest, OfAWorkerThatLeftWaitsForAnotherAndIsNotCounted) {
  EndStudy(true);
  ASSERT_TRUE(house_.Acquire(worker_).has_evaluation());
  ASSERT_TRUE(Leave(house_, worker_).ok());
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  EXPECT_EQ(house_.study("s").evaluation->lost_leases, 0);
  EXPECT_TRUE(house_.Acquire(house_.Register("other")).has_evaluation());
}

}  // namespace
}  // namespace caviar::coordinator
