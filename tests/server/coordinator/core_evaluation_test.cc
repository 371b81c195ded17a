// The test set, touched once at a study's end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

TEST_F(TestEvaluationTest, TheBestTrialsWeightsAreEvaluatedOnceUnderALeaseOfTheirOwn) {
  EndStudy(true);
  const auto work = house_.Acquire(worker_);
  ASSERT_TRUE(work.has_evaluation());
  EXPECT_EQ(work.evaluation().weights().step(), 1);
  EXPECT_FALSE(house_.Acquire(worker_).has_evaluation());
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.evaluation().token();
  (*finish.mutable_evaluated()->mutable_metrics())["test_accuracy"] = 0.48;
  finish.mutable_evaluated()->add_classes()->set_name("coat");
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok());
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok()) << "a repeat";
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::COMPLETED);
  EXPECT_EQ(house_.study("s").evaluation->metrics.at("test_accuracy"), 0.48);
  house_.Restart();
  ASSERT_EQ(house_.study("s").evaluation->classes.size(), 1u);
  EXPECT_EQ(house_.study("s").evaluation->classes[0].name(), "coat");
  EXPECT_FALSE(house_.Acquire(worker_).has_evaluation());
}

TEST_F(TestEvaluationTest, ALostEvaluationIsGivenToAnother) {
  EndStudy(true);
  ASSERT_TRUE(house_.Acquire(worker_).has_evaluation());
  house_.Restart();
  house_.Advance(absl::Seconds(61));
  EXPECT_TRUE(house_.Acquire(house_.Register("x")).has_evaluation());
}

TEST_F(TestEvaluationTest, WhatAWorkerCouldNotDoWaitsForAnotherAndSaysWhy) {
  EndStudy(true);
  for (int i = 0; i < 20; ++i) {
    const auto work = house_.Acquire(worker_);
    ASSERT_TRUE(work.has_evaluation());
    EXPECT_EQ(house_.study("s").evaluation->message, "");
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = work.evaluation().token();
    request.set_worker_trouble("no files");
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok()) << "a repeat";
  }
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  EXPECT_EQ(house_.study("s").evaluation->lost_leases, 0);
  house_.Restart();
  EXPECT_EQ(house_.study("s").evaluation->message,
            "given back by worker w, which could not do it: no files");
  const auto work = house_.Acquire(house_.Register("x"));
  ASSERT_TRUE(work.has_evaluation());
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.evaluation().token();
  finish.mutable_evaluated();
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok());
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::COMPLETED);
  EXPECT_EQ(house_.study("s").evaluation->message, "");
}

TEST_F(TestEvaluationTest, WhoCouldNotDoItGetsOtherWorkFirstForAWhile) {
  EndStudy(true);
  v1::GiveBackWorkRequest request;
  *request.add_tokens() = house_.Acquire(worker_).evaluation().token();
  request.set_worker_trouble("no files");
  ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
  Create(NetworkStudy("other", 3));
  const auto trial = house_.Acquire(worker_);
  ASSERT_TRUE(trial.has_trial()) << trial.ShortDebugString();
  ASSERT_TRUE(Fail(trial.trial().token(), "").ok());
  house_.Advance(absl::Minutes(10));
  const auto again = house_.Acquire(worker_);
  ASSERT_TRUE(again.has_evaluation()) << again.ShortDebugString();
  *request.mutable_tokens(0) = again.evaluation().token();
  ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
  EXPECT_TRUE(house_.Acquire(house_.Register("x")).has_evaluation()) << "another at once";
}

// Two workers in turn: each may try what it cannot do once, and then does the other study's trials.
TEST_F(TestEvaluationTest, WhatNobodyCanDoTakesNoWorkerFromOtherStudies) {
  EndStudy(true);
  const std::string workers[] = {worker_, house_.Register("x")};
  int done = 0;
  const auto work = [&](const std::string& sick) {
    const auto given = house_.Acquire(workers[done++ % 2]);
    if (given.has_trial() && given.trial().study().name() != sick) {
      return Report(given.trial().token(), 1, 0.5).ok() && Complete(given.trial().token()).ok();
    }
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = given.has_trial() ? given.trial().token() : given.evaluation().token();
    request.set_worker_trouble("no files");
    EXPECT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    return false;
  };
  Create(NetworkStudy("well", 1000));
  int completed = 0;
  for (int i = 0; i < 40; ++i) completed += work("s");
  EXPECT_EQ(completed, 38) << "beside an evaluation";
  Create(NetworkStudy("sick", 1000));
  completed = 0;
  for (int i = 0; i < 40; ++i) completed += work("sick");
  EXPECT_EQ(completed, 38) << "beside a study";
}

TEST_F(TestEvaluationTest, WithoutWeightsItFailsAndSaysSo) {
  EndStudy(false);
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::FAILED);
  EXPECT_THAT(house_.study("s").evaluation->message, ::testing::HasSubstr("weights"));
}

}  // namespace
}  // namespace caviar::coordinator
