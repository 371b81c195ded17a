// Ends of studies that are told until somebody said that it heard.
#include <gtest/gtest.h>

#include "caviar/v1/study_end.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

class EndsTest : public AskTest {
 protected:
  EndsTest() {
    house_.tell_ends = true;
    house_.Restart();
  }
  void Told(double value) {
    const auto asked = Ask("s");
    ASSERT_TRUE(asked.ok()) << asked.status();
    ASSERT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, value)).ok());
  }
  void Hear(int64_t study, int32_t revision) {
    house_.Queue<int>(
        [=](Core& core) {
          core.ForgetStudyEnd(study, revision);
          return absl::StatusOr<int>(0);
        },
        [](const auto&) {});
    house_.Settle();
  }
};

TEST_F(EndsTest, AnEndIsToldWithItsOutcome) {
  Create(ExternalStudy("s", 2));
  ASSERT_NO_FATAL_FAILURE(Told(0.25));
  EXPECT_TRUE(house_.ends.empty());
  ASSERT_NO_FATAL_FAILURE(Told(0.75));
  ASSERT_EQ(house_.ends.size(), 1u);
  v1::StudyEnd end;
  const auto read = google::protobuf::util::JsonStringToMessage(house_.ends[0].outcome, &end);
  ASSERT_TRUE(read.ok()) << house_.ends[0].outcome;
  EXPECT_EQ(end.study(), "s");
  EXPECT_EQ(end.state(), v1::Study::ENDED);
  EXPECT_EQ(end.reason(), v1::Study::MAX_TRIALS);
  EXPECT_EQ(end.revision(), 1);
  EXPECT_EQ(end.best_trial().number(), 1);
  EXPECT_EQ(end.best_trial().objective(), 0.75);
  EXPECT_EQ(end.best_trial().parameters().fields().at("learning_rate").number_value(),
            house_.trial("s", 1).row.parameters.at("learning_rate").double_value());
  EXPECT_EQ(end.trial_counts().completed(), 2);
  EXPECT_TRUE(end.has_create_time());
  EXPECT_TRUE(end.has_end_time());
}

TEST_F(EndsTest, WhatNobodyHeardIsThereAfterARestart) {
  Create(ExternalStudy("s", 1));
  ASSERT_NO_FATAL_FAILURE(Told(0.25));
  house_.Restart();
  EXPECT_EQ(house_.core().state().ends.size(), 1u);
  Hear(1, 1);
  EXPECT_TRUE(house_.core().state().ends.empty());
  house_.Restart();
  EXPECT_TRUE(house_.core().state().ends.empty());
}

TEST_F(EndsTest, AStudyThatWentOnTellsItsNextEndToo) {
  Create(ExternalStudy("s", 1));
  ASSERT_NO_FATAL_FAILURE(Told(0.25));
  v1::UpdateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  *request.mutable_definition() = house_.study("s").row.definition;
  request.mutable_definition()->mutable_limits()->set_max_trials(2);
  ASSERT_TRUE(house_.Call(&Core::UpdateStudy, request).ok());
  ASSERT_NO_FATAL_FAILURE(Told(0.5));
  ASSERT_EQ(house_.ends.size(), 2u);
  EXPECT_EQ(house_.ends[1].revision, 2);
  EXPECT_EQ(house_.core().state().ends.size(), 2u);
}

TEST_F(EndsTest, NothingIsToldOfACommitThatFailed) {
  Create(ExternalStudy("s", 1));
  const auto asked = Ask("s");
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::UnavailableError("no disk"); });
  EXPECT_FALSE(house_.Call(&Core::Tell, TellRequest(*asked, 0.5)).ok());
  EXPECT_TRUE(house_.ends.empty());
  house_.store.SetBeforeApply(nullptr);
  house_.Advance(absl::Seconds(1));
  EXPECT_TRUE(house_.Call(&Core::Tell, TellRequest(*asked, 0.5)).ok());
  EXPECT_EQ(house_.ends.size(), 1u);
}

TEST_F(EndsTest, WithoutAHearerNothingIsKept) {
  house_.tell_ends = false;
  house_.Restart();
  Create(ExternalStudy("s", 1));
  ASSERT_NO_FATAL_FAILURE(Told(0.25));
  EXPECT_TRUE(house_.core().state().ends.empty());
}

}  // namespace
}  // namespace caviar::coordinator
