#include "server/api/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "caviar/v1/error_detail.h"
#include "caviar/v1/retry_delay.h"

namespace caviar::server_api {
namespace {

// A place that a test can leave.
std::optional<Lane::Place> Enter(Lane& lane, size_t bytes) {
  auto place = lane.Enter(/*call=*/nullptr, bytes);
  return place.ok() ? std::optional<Lane::Place>(*std::move(place)) : std::nullopt;
}

TEST(Lane, IsFullWithItsCallsAndHasRoomWhenOneLeaves) {
  Lane lane("reads", /*max_calls=*/2, /*max_bytes=*/100);
  auto first = Enter(lane, 1);
  const auto second = Enter(lane, 1);
  ASSERT_TRUE(first && second);
  const auto third = lane.Enter(nullptr, 1);
  EXPECT_TRUE(absl::IsResourceExhausted(third.status())) << third.status();
  EXPECT_THAT(std::string(third.status().message()), testing::HasSubstr("2 reads"));
  EXPECT_TRUE(error::HasReason(third.status(), error::kOverloaded));
  EXPECT_GT(error::RetryDelayOf(*error::Detail(third.status())), absl::ZeroDuration());
  first.reset();
  EXPECT_EQ(lane.calls(), 1);
  EXPECT_TRUE(Enter(lane, 1));
}

TEST(Lane, IsFullWithItsBytes) {
  Lane lane("reads", /*max_calls=*/10, /*max_bytes=*/100);
  auto first = Enter(lane, 60);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Enter(lane, 41));
  EXPECT_TRUE(Enter(lane, 40));
  EXPECT_EQ(lane.bytes(), 60) << "the second has left";
  first.reset();
  EXPECT_EQ(lane.bytes(), 0);
}

TEST(Lane, RefusesWhoComesWhileTheServerShutsDownAndKeepsWhoIsThere) {
  Lane lane("reads", /*max_calls=*/1, /*max_bytes=*/100);
  auto call = Enter(lane, 1);
  lane.Close();
  EXPECT_TRUE(absl::IsUnavailable(lane.Enter(nullptr, 1).status())) << "rather than: it is full";
  EXPECT_EQ(lane.calls(), 1);
  call.reset();
  EXPECT_EQ(lane.calls(), 0);
  EXPECT_FALSE(Enter(lane, 1));
}

TEST(Lane, AnswersCountUntilTheyAreTaken) {
  Lane lane("reads", /*max_calls=*/10, /*max_bytes=*/100);
  auto call = Enter(lane, 10);
  ASSERT_TRUE(call);
  call->Sending(200);
  EXPECT_EQ(lane.bytes(), 210) << "what is answered is never refused any more";
  EXPECT_FALSE(Enter(lane, 1));
  EXPECT_EQ(lane.calls(), 1);
  call->Sent(200);
  EXPECT_EQ(lane.bytes(), 10);
  EXPECT_TRUE(Enter(lane, 1));
  call->Sending(5);
  call.reset();
  EXPECT_EQ(lane.bytes(), 0);
  EXPECT_EQ(lane.calls(), 0);
}

TEST(Admission, OneKindOfCallDoesNotPushOutAnother) {
  Admission admission(/*max_calls=*/1, /*max_polls=*/1, /*max_bytes=*/100);
  const auto report = Enter(admission.writes, 100);
  const auto read = Enter(admission.reads, 100);
  const auto file = Enter(admission.files, 100);
  const auto poll = Enter(admission.polls, 100);
  EXPECT_TRUE(report && read && file && poll);
  EXPECT_FALSE(Enter(admission.writes, 1));
  EXPECT_TRUE(Enter(admission.leases, 100)) << "a renewal";
}

}  // namespace
}  // namespace caviar::server_api
