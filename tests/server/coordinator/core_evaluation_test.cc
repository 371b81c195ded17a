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
    house_.AdvanceWith(worker_, absl::Minutes(10));
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

TEST_F(TestEvaluationTest, ThatNobodyCouldDoSaysSo) {
  EndStudy(true);
  const auto message = [this] { return house_.study("s").evaluation->message; };
  EXPECT_EQ(message(), "");
  house_.Advance(absl::Minutes(7));
  EXPECT_EQ(message(), "no worker can run it: there is none") << "all are gone";
  v1::RegisterWorkerRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_name("programs");
  request.set_slots(1);
  request.add_features("command");
  const auto other = house_.Call(&Core::RegisterWorker, request);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(message(), "no worker can run it: none trains networks");
  house_.Restart();
  EXPECT_EQ(message(), "no worker can run it: none trains networks");
  const std::string able = house_.Register("able");
  EXPECT_EQ(message(), "");
  EXPECT_TRUE(house_.Acquire(able).has_evaluation());
}

TEST_F(TestEvaluationTest, ItRestsForWhoCouldNotDoItTheLongerTheMoreOften) {
  EndStudy(true);
  for (const int seconds : {5, 10, 20, 40, 80, 160, 320, 600, 600}) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = house_.Acquire(worker_).evaluation().token();
    request.set_worker_trouble("no files");
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    house_.Advance(absl::Seconds(seconds - 1));
    ASSERT_FALSE(house_.Acquire(worker_).has_evaluation()) << seconds;
    // One that was lost on its way to another is at hand again.
    const auto elsewhere = house_.Acquire(house_.Register("x"));
    ASSERT_TRUE(elsewhere.has_evaluation());
    request.clear_worker_trouble();
    *request.mutable_tokens(0) = elsewhere.evaluation().token();
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    house_.Advance(absl::Seconds(1));
  }
}

// Two workers with two slots: what they cannot do takes them from the other study's trials for less
// than a twentieth of their calls.
TEST_F(TestEvaluationTest, WhatNobodyCanDoTakesNoWorkerFromOtherStudies) {
  EndStudy(true);
  const std::string workers[] = {worker_, house_.Register("x")};
  Create(NetworkStudy("well", 10'000));
  const auto count = [&](const std::string& sick) {
    int completed = 0;
    for (int i = 0; i < 800; ++i) {
      const auto given = house_.Acquire(workers[i % 2]);
      if (given.has_trial() && given.trial().study().name() != sick) {
        EXPECT_TRUE(Report(given.trial().token(), 1, 0.5).ok());
        EXPECT_TRUE(Complete(given.trial().token()).ok());
        ++completed;
      } else if (given.has_trial() || given.has_evaluation()) {
        v1::GiveBackWorkRequest request;
        *request.add_tokens() =
            given.has_trial() ? given.trial().token() : given.evaluation().token();
        request.set_worker_trouble("no files");
        EXPECT_TRUE(house_.Call(&Core::GiveBack, request).ok());
      }
      house_.Advance(absl::Seconds(1));
    }
    return completed;
  };
  EXPECT_GE(count("none"), 760) << "beside an evaluation";
  Create(NetworkStudy("sick", 1000));
  EXPECT_GE(count("sick"), 760) << "beside a study";
}

TEST_F(TestEvaluationTest, WithoutWeightsItFailsAndSaysSo) {
  EndStudy(false);
  EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::FAILED);
  EXPECT_THAT(house_.study("s").evaluation->message, ::testing::HasSubstr("weights"));
}

}  // namespace
}  // namespace caviar::coordinator
