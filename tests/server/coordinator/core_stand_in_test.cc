// Suggestions that come late, and the Sobol points that stand in for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/sampling/sobol_sampler.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

class StandInTest : public ::testing::Test {
 protected:
  void Create(v1::Sampler::Algorithm algorithm, std::optional<int> parallel = std::nullopt,
              bool constrained = false) {
    v1::CreateStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    *request.mutable_study() = NetworkStudy("s", 0);
    request.mutable_study()->mutable_sampler()->set_algorithm(algorithm);
    if (parallel) request.mutable_study()->mutable_limits()->set_parallel(*parallel);
    if (constrained) {
      v1::LinearConstraint& constraint = *request.mutable_study()->add_linear_constraints();
      (*constraint.mutable_coefficients())["learning_rate"] = 1;
      constraint.set_max(0.05);
    }
    const auto created = house_.Call(&Core::CreateStudy, request);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  void Delete() {
    v1::DeleteStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study("s");
    ASSERT_TRUE(house_.Call(&Core::DeleteStudy, request).ok());
    suggester_.Drop();
    house_.Advance(absl::Seconds(20));
  }
  // Its answer comes into work_.
  void Acquire() {
    const size_t at = work_.size();
    work_.emplace_back();
    house_.QueueAcquire(house_.Register("w"), "c", static_cast<int64_t>(at) + 1,
                        [this, at](absl::StatusOr<v1::AcquireWorkResponse> response) {
                          if (response.ok()) work_[at] = *response;
                        });
    house_.Settle();
  }
  v1::Trial::Origin OriginOf(size_t number) {
    return house_.trial("s", static_cast<int>(number)).row.origin;
  }

  HeldSuggester suggester_;
  Harness house_{absl::Seconds(60), &suggester_};
  std::vector<v1::AcquireWorkResponse> work_;
};

TEST_F(StandInTest, ASobolPointIsHandedOutWhereNothingIsReadyInTime) {
  Create(v1::Sampler::TPE);
  Acquire();
  house_.Advance(absl::Milliseconds(900));
  EXPECT_FALSE(work_[0].has_trial()) << "a first answer that is a little late is waited for";
  house_.Advance(absl::Milliseconds(200));
  ASSERT_TRUE(work_[0].has_trial());
  EXPECT_EQ(OriginOf(0), v1::Trial::STAND_IN);
  EXPECT_EQ(
      house_.trial("s", 0).point,
      house_.study("s")
          .space->ToPoint(house_.study("s").space->ToConfiguration(sampling::SobolPoint(7, 0, 1)))
          .value());
  house_.Restart();
  suggester_.Drop();
  EXPECT_EQ(OriginOf(0), v1::Trial::STAND_IN);
}

TEST_F(StandInTest, ASuggestionThatComesLaterIsThrownAwayAndTheNextIsAskedFor) {
  Create(v1::Sampler::TPE);
  Acquire();
  house_.Advance(absl::Milliseconds(1100));
  ASSERT_TRUE(work_[0].has_trial());
  ASSERT_EQ(suggester_.size(), 1u) << "the late one, and none beside it";
  suggester_.ReleaseOne();
  house_.Settle();
  EXPECT_TRUE(house_.study("s").ready.empty());
  ASSERT_EQ(suggester_.size(), 1u);
  suggester_.ReleaseOne();
  house_.Settle();
  Acquire();
  ASSERT_TRUE(work_[1].has_trial());
  EXPECT_EQ(OriginOf(1), v1::Trial::SAMPLER);
}

TEST_F(StandInTest, EachCallerWaitsForItself) {
  Create(v1::Sampler::TPE);
  Acquire();
  house_.Advance(absl::Milliseconds(800));
  Acquire();
  house_.Advance(absl::Milliseconds(300));
  EXPECT_TRUE(work_[0].has_trial());
  EXPECT_FALSE(work_[1].has_trial()) << "it has waited for 300 ms";
  house_.Advance(absl::Milliseconds(800));
  EXPECT_TRUE(work_[1].has_trial());
}

TEST_F(StandInTest, WaitingForRoomIsNotWaitingForTheSampler) {
  Create(v1::Sampler::TPE, 2);
  suggester_.ReleaseOne();
  house_.Settle();
  Acquire();
  Acquire();
  house_.Advance(absl::Milliseconds(1100));
  ASSERT_TRUE(work_[1].has_trial());
  Acquire();
  house_.Advance(absl::Seconds(5));
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work_[0].trial().token();
  finish.mutable_failed()->set_message("x");
  ASSERT_TRUE(house_.Call(&Core::Finish, finish).ok());
  EXPECT_FALSE(work_[2].has_trial()) << "there is room since just now";
  house_.Advance(absl::Milliseconds(1100));
  EXPECT_TRUE(work_[2].has_trial());
}

TEST_F(StandInTest, AStudyThatGoesOnGivesItsSamplerTimeAgain) {
  Create(v1::Sampler::TPE);
  Acquire();
  house_.Advance(absl::Milliseconds(900));
  ASSERT_TRUE(house_.Stop("s").ok());
  house_.Advance(absl::Seconds(5));
  ASSERT_TRUE(house_.Resume("s").ok());
  house_.Advance(absl::Milliseconds(900));
  EXPECT_FALSE(work_[0].has_trial());
  house_.Advance(absl::Milliseconds(200));
  EXPECT_TRUE(work_[0].has_trial());
}

TEST_F(StandInTest, ASamplerIsNotLateForACoordinatorThatStoodStill) {
  Create(v1::Sampler::TPE);
  Acquire();
  Acquire();
  house_.clock.Advance(absl::Seconds(5));
  suggester_.ReleaseOne();
  house_.Settle();
  ASSERT_TRUE(work_[0].has_trial());
  EXPECT_EQ(OriginOf(0), v1::Trial::SAMPLER);
  EXPECT_FALSE(work_[1].has_trial()) << "its suggestion was asked for just now";
  house_.Advance(absl::Milliseconds(1100));
  ASSERT_TRUE(work_[1].has_trial());
  EXPECT_EQ(OriginOf(1), v1::Trial::STAND_IN);
}

TEST_F(StandInTest, AThousandCallersAllGetTheirOwn) {
  Create(v1::Sampler::TPE);
  for (int i = 0; i < 1000; ++i) Acquire();
  house_.Advance(absl::Milliseconds(1500));
  std::set<search_space::Point> points;
  for (const auto& trial : house_.study("s").trials) points.insert(trial.point);
  EXPECT_EQ(points.size(), 1000u);
}

TEST_F(StandInTest, ThereIsNoneWithOneTrialAtATime) {
  Create(v1::Sampler::TPE, 1);
  Acquire();
  house_.Advance(absl::Seconds(20));
  EXPECT_FALSE(work_[0].has_trial());
}

TEST_F(StandInTest, SamplersThatDrawWithoutLookingHaveNone) {
  for (const auto algorithm : {v1::Sampler::GRID, v1::Sampler::RANDOM, v1::Sampler::SOBOL}) {
    Create(algorithm, std::nullopt, true);
    Acquire();
    house_.Advance(absl::Seconds(20));
    EXPECT_FALSE(work_.back().has_trial()) << algorithm;
    Delete();
  }
}

TEST_F(StandInTest, ADrawThatNothingBindsWaitsForNoThread) {
  for (const auto algorithm : {v1::Sampler::RANDOM, v1::Sampler::SOBOL}) {
    Create(algorithm);
    for (int32_t number = 0; number < 3; ++number) {
      Acquire();
      ASSERT_TRUE(work_.back().has_trial()) << algorithm;
      const storage::TrialRow& row = house_.trial("s", number).row;
      EXPECT_EQ(row.origin, v1::Trial::SAMPLER);
      EXPECT_EQ(suggester_.size(), 0u);
    }
    EXPECT_NE(house_.trial("s", 0).point, house_.trial("s", 1).point);
    Delete();
  }
}

}  // namespace
}  // namespace caviar::coordinator
