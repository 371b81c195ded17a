#include "server/coordinator/state_table.h"

#include <gtest/gtest.h>

namespace caviar::coordinator {
namespace {

using v1::Study;
using v1::Trial;

TEST(StateTable, FinalTrialStatesNeverChange) {
  for (int from = Trial::State_MIN; from <= Trial::State_MAX; ++from) {
    if (!IsFinal(static_cast<Trial::State>(from))) continue;
    for (int to = Trial::State_MIN; to <= Trial::State_MAX; ++to) {
      EXPECT_FALSE(MayMove(static_cast<Trial::State>(from), static_cast<Trial::State>(to)));
    }
  }
}

TEST(StateTable, OnlyARunningTrialCanCompleteOrTurnOutInfeasible) {
  for (const Trial::State to : {Trial::COMPLETED, Trial::INFEASIBLE}) {
    EXPECT_TRUE(MayMove(Trial::RUNNING, to));
    EXPECT_FALSE(MayMove(Trial::WAITING, to));
    EXPECT_FALSE(MayMove(Trial::PAUSED, to));
  }
}

TEST(StateTable, AWaitingTrialRunsFailsOrIsCancelled) {
  EXPECT_TRUE(MayMove(Trial::WAITING, Trial::RUNNING));
  EXPECT_TRUE(MayMove(Trial::WAITING, Trial::FAILED));
  EXPECT_TRUE(MayMove(Trial::WAITING, Trial::CANCELLED));
  EXPECT_FALSE(MayMove(Trial::WAITING, Trial::PAUSED));
  EXPECT_FALSE(MayMove(Trial::WAITING, Trial::PRUNED));
}

TEST(StateTable, APausedTrialIsPromotedPrunedOrCancelled) {
  EXPECT_TRUE(MayMove(Trial::PAUSED, Trial::WAITING));
  EXPECT_TRUE(MayMove(Trial::PAUSED, Trial::PRUNED));
  EXPECT_TRUE(MayMove(Trial::PAUSED, Trial::CANCELLED));
  EXPECT_FALSE(MayMove(Trial::PAUSED, Trial::RUNNING));
}

TEST(StateTable, AStudyStopsResumesAndEndsOnce) {
  EXPECT_TRUE(MayMove(Study::ACTIVE, Study::STOPPED));
  EXPECT_TRUE(MayMove(Study::STOPPED, Study::ACTIVE));
  EXPECT_TRUE(MayMove(Study::ACTIVE, Study::ENDED));
  EXPECT_TRUE(MayMove(Study::STOPPED, Study::ENDED));
  EXPECT_TRUE(MayMove(Study::ENDED, Study::ACTIVE)) << "by an update";
  EXPECT_FALSE(MayMove(Study::ENDED, Study::STOPPED));
}

}  // namespace
}  // namespace caviar::coordinator
