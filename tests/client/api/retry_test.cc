#include "client/api/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/status/statusor.h"
#include "caviar/v1/error_detail.h"

namespace caviar::client {
namespace {

TEST(Backoff, GrowsToItsBoundAndStartsAnewAfterASuccess) {
  Backoff backoff(absl::Milliseconds(50), absl::Seconds(2), /*seed=*/1);
  absl::Duration bound = absl::Milliseconds(50);
  absl::Duration longest;
  for (int i = 0; i < 100; ++i) {
    const absl::Duration delay = backoff.Next();
    EXPECT_LE(delay, bound);
    EXPECT_GE(delay, absl::Milliseconds(5));
    bound = std::min(absl::Seconds(2), bound * 2);
    longest = std::max(longest, delay);
  }
  EXPECT_GT(longest, absl::Seconds(1));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(50));
}

absl::Status Exhausted(int64_t seconds) {
  // What a coordinator with a full queue says, as it comes off the wire.
  v1::RpcStatus rpc;
  v1::ErrorDetail detail;
  detail.mutable_retry_delay()->set_seconds(seconds);
  rpc.add_details()->PackFrom(detail);
  return error::ParseDetail(absl::ResourceExhaustedError("busy"), rpc.SerializeAsString());
}

TEST(Retry, IsForUnavailableForDeadlinesAndForExhaustedThatNamesADelay) {
  EXPECT_EQ(RetryDelay(absl::UnavailableError("")), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(absl::DeadlineExceededError("")), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(Exhausted(3)), absl::Seconds(3));
  EXPECT_EQ(RetryDelay(absl::ResourceExhaustedError("message too large")), std::nullopt);
  EXPECT_EQ(RetryDelay(absl::NotFoundError("")), std::nullopt);
  EXPECT_EQ(RetryDelay(absl::CancelledError("")), std::nullopt);
}

TEST(Retry, EndsWithTheFirstAnswerOrWithThePatience) {
  const auto tries_until = [](absl::Duration patience, int good_try) {
    int tries = 0;
    const auto answer =
        Retry(patience, absl::Seconds(30), Backoff(absl::Microseconds(1), absl::Microseconds(1), 1),
              [&]() -> absl::StatusOr<int> {
                if (++tries == good_try) return tries;
                return absl::UnavailableError("away");
              });
    return answer.ok() ? *answer : -tries;
  };
  EXPECT_EQ(tries_until(absl::Seconds(5), 4), 4);
  EXPECT_EQ(tries_until(absl::ZeroDuration(), 4), -1);
  EXPECT_LE(tries_until(absl::Microseconds(2), 1000), -2);
}

TEST(Retry, DoesNotWaitLongerThanThePatience) {
  int tries = 0;
  const auto answer =
      Retry(absl::Seconds(1), absl::Seconds(30), Backoff(absl::Seconds(1), absl::Seconds(1), 1),
            [&]() -> absl::StatusOr<int> {
              ++tries;
              return Exhausted(3600);
            });
  EXPECT_TRUE(absl::IsResourceExhausted(answer.status()));
  EXPECT_EQ(tries, 1);
}

TEST(Retry, ATryWithoutAnswerTakesItsTimeOfThePatience) {
  const auto tries_within = [](absl::Duration patience) {
    int tries = 0;
    const auto answer = Retry(
        patience, absl::Seconds(30), Backoff(absl::Seconds(1), absl::Seconds(1), 1),
        [&]() -> absl::StatusOr<int> {
          ++tries;
          return absl::DeadlineExceededError("stalled");
        },
        [](absl::Duration) {});
    EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status()));
    return tries;
  };
  EXPECT_EQ(tries_within(absl::Seconds(5)), 1);
  EXPECT_EQ(tries_within(absl::Seconds(80)), 3) << "with at most a second between two";
}

}  // namespace
}  // namespace caviar::client
