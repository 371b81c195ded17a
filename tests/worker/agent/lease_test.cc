#include "worker/agent/lease.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "worker/agent/lease_keeper.h"

namespace caviar::agent {
namespace {

v1::FencingToken Token(int64_t counter) {
  v1::FencingToken token;
  token.set_epoch(7);
  token.set_counter(counter);
  return token;
}

class LeaseTest : public testing::Test {
 protected:
  void Answer(absl::Duration sent_at, int64_t counter, bool held,
              v1::Directive directive = v1::DIRECTIVE_CONTINUE) {
    v1::RenewLeasesResponse answer;
    auto* lease = answer.add_leases();
    *lease->mutable_token() = Token(counter);
    lease->set_held(held);
    lease->set_directive(directive);
    keeper_.TakeAnswer(sent_at, answer);
  }

  std::atomic<int64_t> now_seconds_ = 1000;
  LeaseKeeper keeper_{[this] { return absl::Seconds(now_seconds_.load()); }};
};

TEST_F(LeaseTest, IsFencedPast80PercentOfItsTtl) {
  keeper_.SetTtl(absl::Seconds(60));
  const auto lease = keeper_.Add(Token(1));
  now_seconds_ = 1047;
  EXPECT_FALSE(lease->Fenced());
  now_seconds_ = 1048;
  EXPECT_TRUE(lease->Fenced());
  EXPECT_FALSE(lease->stop_requested());  // training goes on
}

TEST_F(LeaseTest, CountsFromTheSendingOfTheLastAnsweredRenew) {
  keeper_.SetTtl(absl::Seconds(60));
  const auto lease = keeper_.Add(Token(1));
  now_seconds_ = 1040;
  Answer(absl::Seconds(1010), 1, true);  // its answer took half a minute
  now_seconds_ = 1057;
  EXPECT_FALSE(lease->Fenced());
  now_seconds_ = 1058;
  EXPECT_TRUE(lease->Fenced());
  Answer(absl::Seconds(1005), 1, true);  // an older one changes nothing
  EXPECT_TRUE(lease->Fenced());
  Answer(absl::Seconds(1058), 1, true);
  EXPECT_FALSE(lease->Fenced());
}

TEST_F(LeaseTest, AnAnswerBringsTheTtlOfNow) {
  const auto lease = keeper_.Add(Token(1));
  v1::RenewLeasesResponse answer;
  answer.mutable_lease_ttl()->set_seconds(10);
  *answer.add_leases()->mutable_token() = Token(1);
  answer.mutable_leases(0)->set_held(true);
  keeper_.TakeAnswer(absl::Seconds(1000), answer);
  EXPECT_EQ(keeper_.ttl(), absl::Seconds(10));
  now_seconds_ = 1008;
  EXPECT_TRUE(lease->Fenced());
}

TEST_F(LeaseTest, AFencedSenderWaitsUntilTheLeaseIsKnownToStand) {
  const auto lease = keeper_.Add(Token(1));
  now_seconds_ = 1100;
  std::atomic<bool> answered = false;
  std::thread sender([&] {
    EXPECT_TRUE(lease->AwaitSendable());
    EXPECT_TRUE(answered);
  });
  answered = true;
  Answer(absl::Seconds(1099), 1, true);
  sender.join();
}

TEST_F(LeaseTest, AFencedSenderLearnsThatTheLeaseIsLost) {
  const auto lease = keeper_.Add(Token(1));
  now_seconds_ = 1100;
  std::thread sender([&] { EXPECT_FALSE(lease->AwaitSendable()); });
  Answer(absl::Seconds(1099), 1, false);
  sender.join();
  EXPECT_EQ(lease->state(), Lease::State::kLost);
  EXPECT_TRUE(lease->stop_requested());
  Answer(absl::Seconds(1100), 1, true);  // once lost, lost
  EXPECT_TRUE(lease->ended());
}

TEST_F(LeaseTest, ADirectiveToStopLeavesTheLeaseStanding) {
  const auto lease = keeper_.Add(Token(1));
  Answer(absl::Seconds(1000), 1, true, v1::DIRECTIVE_STOP);
  EXPECT_TRUE(lease->stop_requested());
  EXPECT_FALSE(lease->ended());
  EXPECT_TRUE(lease->AwaitSendable());
}

TEST_F(LeaseTest, NobodyGoesOnFromAnAttemptThatIsToStopAnyway) {
  const auto lease = keeper_.Add(Token(1)), lost = keeper_.Add(Token(2));
  lease->RequestCheckpoint();
  EXPECT_TRUE(lease->checkpoint_requested());
  lease->Stop();
  EXPECT_FALSE(lease->checkpoint_requested());
  EXPECT_TRUE(lease->stop_requested());
  lease->RequestCheckpoint();
  EXPECT_FALSE(lease->checkpoint_requested());
  lost->RequestCheckpoint();
  lost->Lose();
  EXPECT_FALSE(lost->checkpoint_requested());
}

TEST_F(LeaseTest, ASleepEndsWithTheLease) {
  const auto lease = keeper_.Add(Token(1));
  std::thread sleeper([&] { EXPECT_FALSE(lease->Sleep(absl::Hours(1))); });
  lease->Lose();
  sleeper.join();
  EXPECT_TRUE(keeper_.Add(Token(2))->Sleep(absl::Microseconds(1)));
}

TEST_F(LeaseTest, OnlyLeasesThatStandAreRenewed) {
  keeper_.Add(Token(1));
  const auto lost = keeper_.Add(Token(2));
  keeper_.Add(Token(3));
  lost->Lose();
  keeper_.Remove(Token(3));
  const std::vector<v1::FencingToken> tokens = keeper_.Tokens();
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].counter(), 1);
}

TEST_F(LeaseTest, LeavingAsksForCheckpointsThenReleasesTrainingsButNotOutcomes) {
  const auto training = keeper_.Add(Token(1));
  const auto finishing = keeper_.Add(Token(2));
  finishing->BeginOutcome();
  keeper_.Leave();
  EXPECT_TRUE(training->checkpoint_requested());
  EXPECT_TRUE(training->stop_requested());
  EXPECT_FALSE(training->ended()) << "what it made is still to be sent";
  EXPECT_EQ(keeper_.Tokens().size(), 2u) << "and is renewed until then";
  const std::vector<v1::FencingToken> released = keeper_.Release();
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].counter(), 1);
  EXPECT_EQ(training->state(), Lease::State::kReleased);
  EXPECT_FALSE(training->checkpoint_requested());
  EXPECT_FALSE(finishing->ended());
  EXPECT_EQ(keeper_.Add(Token(3))->state(), Lease::State::kReleased);
  keeper_.AbandonAll();
  EXPECT_TRUE(finishing->ended());
}

}  // namespace
}  // namespace caviar::agent
