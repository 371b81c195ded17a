// Calls under a lease, without a network.
#include "worker/agent/leased_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "caviar/v1/error_detail.h"
#include "caviar/v1/sha256.h"
#include "tests/worker/agent/fake_client.h"

namespace caviar::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::Status Stale() { return error::WithReason(absl::AbortedError("stale"), error::kLeaseLost); }

class LeasedCallsTest : public testing::Test {
 protected:
  absl::Status UploadFile(const LeasedCalls::GiveUp& give_up = nullptr) {
    return calls_.Upload(v1::Artifact::CHECKPOINT, 3, "123456", give_up);
  }
  absl::StatusOr<std::string> DownloadFile() {
    v1::Artifact artifact;
    artifact.set_kind(v1::Artifact::CHECKPOINT);
    artifact.set_size(6);
    artifact.set_crc32(client::Crc32("123456"));
    return calls_.Download(artifact);
  }

  absl::StatusOr<std::string> DownloadCodeFile() {
    v1::CodeArchive code;
    code.set_size(6);
    code.set_sha256(vocabulary::Sha256("123456"));
    return calls_.DownloadCode(code);
  }

  std::atomic<int64_t> now_ = 0;
  Lease lease_{v1::FencingToken(), absl::Seconds(60),
               [this] { return absl::Seconds(now_.load()); }};
  FakeClient client_;
  LeasedCalls calls_{client_, lease_, {absl::Microseconds(1), absl::Microseconds(2)}};
};

TEST_F(LeasedCallsTest, AFileGoesInPiecesAndAgainFromWhereTheCoordinatorIs) {
  int calls = 0;
  client_.upload = [&](int64_t offset) -> absl::StatusOr<int64_t> {
    // Lost once, forgotten once by a coordinator that was restarted.
    if (++calls == 2) return absl::UnavailableError("away");
    if (calls == 4) return absl::OutOfRangeError("only 0 bytes were received");
    return offset + 2;
  };
  EXPECT_TRUE(UploadFile().ok());
  EXPECT_THAT(client_.offsets, ElementsAre(0, 2, 2, 4, 0, 2, 4));
}

// More often than what a broken connection may cause is tried again.
constexpr int kManyTries = 30;

TEST_F(LeasedCallsTest, WhoseTokenIsNotKnownYetCallsAgain) {
  for (const absl::Status& error :
       {absl::UnauthenticatedError("who?"), absl::PermissionDeniedError("not you")}) {
    int calls = 0;
    const auto next = [&] { return ++calls % kManyTries == 0 ? absl::OkStatus() : error; };
    const auto or_error = [&](auto answer) -> absl::StatusOr<decltype(answer)> {
      const absl::Status status = next();
      return status.ok() ? absl::StatusOr<decltype(answer)>(answer) : status;
    };
    client_.report = [&] { return or_error(v1::ReportMeasurementsResponse()); };
    client_.finish = [&](const auto&) { return or_error(v1::FinishWorkResponse()); };
    client_.upload = [&](int64_t) { return or_error(int64_t{6}); };
    client_.download = [&](int64_t) { return or_error(std::string("123456")); };
    client_.append = [&](int64_t, const std::string&) { return or_error(int64_t{3}); };
    EXPECT_TRUE(calls_.Report({}).ok());
    EXPECT_TRUE(calls_.Finish({}).ok());
    EXPECT_TRUE(UploadFile().ok());
    EXPECT_TRUE(DownloadFile().ok());
    EXPECT_TRUE(DownloadCodeFile().ok());
    EXPECT_TRUE(calls_.AppendLog(0, "abc", nullptr).ok());
    EXPECT_EQ(calls, 6 * kManyTries);
  }
}

TEST_F(LeasedCallsTest, WhoseTokenIsNeverKnownEndsWithTheLease) {
  int calls = 0;
  client_.report = [&] {
    if (++calls == kManyTries) lease_.Lose();
    return absl::UnauthenticatedError("who?");
  };
  EXPECT_TRUE(absl::IsAborted(calls_.Report({})));
  EXPECT_EQ(calls, kManyTries);
}

TEST_F(LeasedCallsTest, AFencedUploadWaitsUntilTheLeaseIsKnownToStand) {
  std::atomic<bool> known = false;
  client_.upload = [&](int64_t offset) -> absl::StatusOr<int64_t> {
    if (offset == 0) {
      now_ = 48;  // 80 % of its time
    } else {
      EXPECT_TRUE(known) << "nothing is sent under a lease that may be over";
    }
    return offset + 2;
  };
  std::thread renewer([&] {
    while (now_ < 48) std::this_thread::yield();
    known = true;
    lease_.Renewed(absl::Seconds(40), absl::Seconds(60));
  });
  EXPECT_TRUE(UploadFile().ok());
  renewer.join();
}

TEST_F(LeasedCallsTest, AFencedUploadEndsWithTheLease) {
  client_.upload = [&](int64_t offset) -> absl::StatusOr<int64_t> {
    now_ = 48;
    return offset + 2;
  };
  std::thread renewer([&] {
    while (now_ < 48) std::this_thread::yield();
    lease_.Lose();
  });
  EXPECT_TRUE(absl::IsAborted(UploadFile()));
  EXPECT_THAT(client_.offsets, ElementsAre(0));
  renewer.join();
}

TEST_F(LeasedCallsTest, AnUploadThatTheCoordinatorLosesGoesOnForAsLongAsTheLease) {
  int lost = 0;
  client_.upload = [&](int64_t offset) -> absl::StatusOr<int64_t> {
    if (offset == 4 && ++lost <= kManyTries) return absl::OutOfRangeError("only 0 bytes");
    return offset + 2;
  };
  EXPECT_TRUE(UploadFile().ok());
  EXPECT_EQ(lost, kManyTries + 1);
  client_.upload = [&](int64_t) -> absl::StatusOr<int64_t> {
    if (--lost == 0) lease_.Lose();
    return absl::OutOfRangeError("only 0 bytes");
  };
  EXPECT_TRUE(absl::IsAborted(UploadFile()));
}

TEST_F(LeasedCallsTest, AnUploadThatComesOutDamagedIsSentAgainSomeTimes) {
  client_.upload = [](int64_t offset) -> absl::StatusOr<int64_t> {
    if (offset == 4) return absl::DataLossError("not what was said");
    return offset + 2;
  };
  EXPECT_TRUE(absl::IsDataLoss(UploadFile()));
  EXPECT_THAT(client_.offsets, ElementsAre(0, 2, 4, 0, 2, 4, 0, 2, 4));
}

TEST_F(LeasedCallsTest, WhetherAnUploadsLeaseIsLostIsForRenewToSay) {
  std::atomic<bool> doubted = false;
  client_.upload = [&](int64_t offset) -> absl::StatusOr<int64_t> {
    // As after a cut: the piece comes before the Renew that takes the expired lease up again.
    if (!doubted.exchange(true)) return Stale();
    return offset + 6;
  };
  std::thread renewer([&] {
    while (!lease_.Fenced()) std::this_thread::yield();
    lease_.Renewed(absl::Seconds(now_.load()), absl::Seconds(60));
  });
  EXPECT_TRUE(UploadFile().ok());
  renewer.join();

  client_.upload = [](int64_t) { return Stale(); };
  std::thread other([&] {
    while (!lease_.Fenced()) std::this_thread::yield();
    lease_.Lose();
  });
  EXPECT_TRUE(absl::IsAborted(UploadFile()));
  other.join();
}

TEST_F(LeasedCallsTest, AFileIsGoneWhereTheLeaseStandsAllTheSame) {
  client_.download = [](int64_t) { return absl::NotFoundError("no such file"); };
  std::thread renewer([&] {
    while (!lease_.Fenced()) std::this_thread::yield();
    lease_.Renewed(absl::Seconds(now_.load()), absl::Seconds(60));
  });
  EXPECT_EQ(DownloadFile().status(), absl::NotFoundError("no such file"));
  renewer.join();

  std::thread other([&] {
    while (!lease_.Fenced()) std::this_thread::yield();
    lease_.Lose();
  });
  EXPECT_TRUE(absl::IsAborted(DownloadFile().status()));
  other.join();
}

TEST_F(LeasedCallsTest, WhatIsGivenBackUnderAStaleTokenLosesTheLease) {
  client_.give_back = [](const v1::GiveBackWorkRequest&) { return Stale(); };
  EXPECT_TRUE(absl::IsAborted(calls_.GiveBack()));
  EXPECT_EQ(lease_.state(), Lease::State::kLost);
}

TEST_F(LeasedCallsTest, AnUploadIsGivenUpBetweenPiecesOrWhenOneDoesNotGetThrough) {
  client_.upload = [](int64_t offset) -> absl::StatusOr<int64_t> { return offset + 2; };
  int asked = 0;
  EXPECT_TRUE(absl::IsCancelled(UploadFile([&](bool failed) {
    EXPECT_FALSE(failed);
    return ++asked == 3;
  })));
  EXPECT_THAT(client_.offsets, ElementsAre(0, 2));
  client_.upload = [](int64_t) -> absl::StatusOr<int64_t> {
    return absl::UnavailableError("away");
  };
  EXPECT_TRUE(absl::IsUnavailable(UploadFile([](bool failed) { return failed; })))
      << "with the reason";
  EXPECT_FALSE(lease_.ended());
}

TEST_F(LeasedCallsTest, AFileIsFetchedAgainWhileItComesOutDamaged) {
  int calls = 0;
  client_.download = [&](int64_t offset) {
    return ++calls == 2 ? std::string("xx") : std::string("123456").substr(offset, 2);
  };
  EXPECT_EQ(DownloadFile().value(), "123456");
  EXPECT_EQ(calls, 6);
  client_.download = [](int64_t) { return std::string("xx"); };
  const absl::Status damaged = DownloadFile().status();
  EXPECT_TRUE(absl::IsDataLoss(damaged));
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("the checkpoint came with another size"));
}

TEST_F(LeasedCallsTest, AFetchEndsWhereTheAttemptIsToStop) {
  client_.download = [&](int64_t offset) {
    if (offset == 2) lease_.RequestCheckpoint();
    return std::string("12");
  };
  EXPECT_FALSE(DownloadFile().ok());
  EXPECT_THAT(client_.offsets, ElementsAre(0, 2));
  EXPECT_FALSE(lease_.ended());
}

TEST_F(LeasedCallsTest, CodeIsFetchedAndItsHashVerified) {
  client_.download = [](int64_t offset) { return std::string("123456").substr(offset, 4); };
  EXPECT_EQ(DownloadCodeFile().value(), "123456");
  EXPECT_THAT(client_.offsets, ElementsAre(0, 4));
  client_.download = [](int64_t) { return std::string("12345x"); };
  EXPECT_TRUE(absl::IsDataLoss(DownloadCodeFile().status()));
  client_.download = [](int64_t offset) { return std::string("123").substr(offset); };
  EXPECT_THAT(std::string(DownloadCodeFile().status().message()),
              HasSubstr("ends at 3 of 6 bytes"));
}

TEST_F(LeasedCallsTest, ALogIsSentAgainWhileTheCoordinatorIsAway) {
  int calls = 0;
  client_.append = [&](int64_t offset, const std::string& data) -> absl::StatusOr<int64_t> {
    if (++calls < 3) return absl::UnavailableError("away");
    return offset + static_cast<int64_t>(data.size());
  };
  EXPECT_EQ(calls_.AppendLog(5, "abc", nullptr).value(), 8);
  client_.append = [](int64_t, const std::string&) -> absl::StatusOr<int64_t> {
    return absl::UnavailableError("away");
  };
  EXPECT_FALSE(calls_.AppendLog(5, "abc", [](bool failed) { return failed; }).ok());
}

TEST_F(LeasedCallsTest, WhereALogIsMissingItsEndItIsAskedHowMuchIsThere) {
  client_.append = [](int64_t offset, const std::string& data) -> absl::StatusOr<int64_t> {
    if (offset > 2) return absl::OutOfRangeError("something is missing");
    EXPECT_EQ(data, "");
    return 2;
  };
  EXPECT_EQ(calls_.AppendLog(5, "abc", nullptr).value(), 2);
  EXPECT_THAT(client_.offsets, ElementsAre(5, 0));
}

TEST_F(LeasedCallsTest, WhatIsGivenBackIsHeldNoMore) {
  int calls = 0;
  client_.give_back =
      [&](const v1::GiveBackWorkRequest& request) -> absl::StatusOr<v1::GiveBackWorkResponse> {
    EXPECT_EQ(request.tokens_size(), 1);
    EXPECT_EQ(request.unusable_checkpoint(), "torn");
    if (++calls == 1) return absl::UnavailableError("away");
    return v1::GiveBackWorkResponse();
  };
  v1::GiveBackWorkRequest torn;
  torn.set_unusable_checkpoint("torn");
  EXPECT_TRUE(calls_.GiveBack(torn).ok());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(lease_.state(), Lease::State::kReleased);
}

}  // namespace
}  // namespace caviar::agent
