// What the coordinator knows for a while only: workers that fell silent, and answers to repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

class ForgettingTest : public CoreTest {
 protected:
  bool Knows(const std::string& worker) {
    const auto stored = house_.store.Load();
    EXPECT_TRUE(stored.ok()) << stored.status();
    const bool is_stored = std::any_of(stored->workers.begin(), stored->workers.end(),
                                       [&](const auto& row) { return row.id == worker; });
    EXPECT_EQ(house_.core().state().workers.contains(worker), is_stored);
    return is_stored;
  }

  v1::StopStudyRequest StopRequest(const std::string& study) {
    v1::StopStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study(study);
    return request;
  }
};

TEST_F(ForgettingTest, AWorkerThatIsNotHeardOfForADayIsForgotten) {
  const std::string silent = house_.Register("silent"), heard = house_.Register("heard");
  house_.Acquire(silent);
  house_.Acquire(heard);
  for (int hour = 0; hour < 23; ++hour) {
    house_.Advance(absl::Hours(1));
    house_.Renew(heard, {});
  }
  EXPECT_TRUE(Knows(silent));
  house_.Advance(absl::Hours(2));
  EXPECT_FALSE(Knows(silent));
  EXPECT_TRUE(Knows(heard));
  EXPECT_FALSE(house_.sightings().All().contains(silent));
  EXPECT_EQ(house_.core().Workers().workers_size(), 1);
  // It comes back, and is told what to do.
  absl::Status status;
  house_.QueueAcquire(silent, "c", 1, [&](auto response) { status = response.status(); });
  house_.Settle();
  EXPECT_TRUE(error::HasReason(status, error::kWorkerUnknown)) << status;
}

TEST_F(ForgettingTest, AWorkerThatARestartFindsHasADayToBeHeardOf) {
  const std::string worker = house_.Register("w");
  house_.Advance(absl::Hours(23));
  house_.Restart();
  house_.Advance(absl::Hours(23));
  EXPECT_TRUE(Knows(worker));
  house_.Advance(absl::Hours(2));
  EXPECT_FALSE(Knows(worker));
}

TEST_F(ForgettingTest, AWorkerThatRegistersLateInALongLifeStays) {
  house_.Advance(absl::Hours(100));
  const std::string worker = house_.Register("w");
  house_.Advance(absl::Hours(23));
  EXPECT_TRUE(Knows(worker));
}

TEST_F(ForgettingTest, AWorkerStaysWhoseTrialMayLiveAgain) {
  Create(NetworkStudy("s", 1));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker).trial();
  house_.Advance(absl::Hours(30));
  ASSERT_EQ(house_.trial("s", 0).attempt->outcome, v1::Attempt::LEASE_EXPIRED);
  EXPECT_TRUE(Knows(worker));
  ASSERT_TRUE(Report(work.token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(work.token()).ok());
  house_.Advance(absl::Minutes(2));
  EXPECT_FALSE(Knows(worker));
}

TEST_F(ForgettingTest, ACommitThatFailsForgetsNobody) {
  const std::string worker = house_.Register("w");
  house_.Acquire(worker);
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  house_.Advance(absl::Hours(25));
  EXPECT_TRUE(Knows(worker));
  EXPECT_TRUE(house_.sightings().All().contains(worker));
  house_.store.SetBeforeApply(nullptr);
  house_.Advance(absl::Minutes(2));
  EXPECT_FALSE(Knows(worker));
}

TEST_F(ForgettingTest, OneThatLeftMakesRoomAtOnceAndOneWithATrialNever) {
  house_.limits.workers = 2;
  house_.Restart();
  Create(NetworkStudy("s", 1));
  const std::string owner = house_.Register("owner"), leaver = house_.Register("leaver");
  ASSERT_TRUE(house_.Acquire(owner).has_trial());
  house_.Acquire(leaver);
  house_.Advance(absl::Seconds(61));
  ASSERT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  house_.Renew(leaver, {});
  house_.Queue<bool>(
      [leaver](Core& core) {
        core.Leave(leaver, {});
        return true;
      },
      [](auto) {});
  house_.Settle();
  EXPECT_TRUE(Knows(house_.Register("new")));
  EXPECT_TRUE(Knows(owner)) << "though it is silent";
  EXPECT_FALSE(Knows(leaver));
}

TEST_F(ForgettingTest, NewWorkersDisplaceTheSilentAndThenAreRefused) {
  house_.limits.workers = 3;
  house_.Restart();
  const std::string silent = house_.Register("silent");
  house_.Acquire(silent);
  house_.Advance(absl::Seconds(61));
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(Knows(house_.Register(name))) << name;
  EXPECT_FALSE(Knows(silent));
  v1::RegisterWorkerRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  const absl::Status refused = house_.Call(&Core::RegisterWorker, request).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_TRUE(error::HasReason(refused, "TOO_MANY_WORKERS")) << refused;
  EXPECT_EQ(house_.core().state().workers.size(), 3u);
  house_.Advance(absl::Seconds(61));
  EXPECT_TRUE(house_.Call(&Core::RegisterWorker, request).ok()) << "they are silent now";
}

TEST_F(ForgettingTest, ARepeatAfterMoreThanADayIsRefusedAndActsNotAtAll) {
  Create(NetworkStudy("s"));
  const v1::StopStudyRequest stop = StopRequest("s");
  ASSERT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  house_.Advance(absl::Hours(23));
  EXPECT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  house_.Advance(absl::Hours(2));
  v1::ResumeStudyRequest resume;
  *resume.mutable_request_id() = house_.NewRequestId();
  resume.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::ResumeStudy, resume).ok());
  house_.Restart();
  const absl::Status late = house_.Call(&Core::StopStudy, stop).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition) << late;
  EXPECT_TRUE(error::HasReason(late, error::kRequestIdExpired)) << late;
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  EXPECT_TRUE(house_.Call(&Core::ResumeStudy, resume).ok()) << "a new request's answer stays";
}

TEST_F(ForgettingTest, AClockThatIsSetForgetsNoAnswer) {
  Create(NetworkStudy("s"));
  const v1::StopStudyRequest stop = StopRequest("s");
  ASSERT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  house_.clock.JumpWall(absl::Hours(1000));
  house_.Advance(absl::Hours(2));
  EXPECT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
  // While there was no process: whoever asks it again does so soon.
  house_.Restart();
  house_.Advance(absl::Minutes(50));
  EXPECT_TRUE(house_.Call(&Core::StopStudy, stop).ok());
}

TEST_F(ForgettingTest, AFullDiskIsNotTriedForAnswersWithoutPause) {
  Create(NetworkStudy("s"));
  int applies = 0;
  house_.store.SetBeforeApply([&](const storage::Batch&) {
    ++applies;
    return absl::ResourceExhaustedError("disk full");
  });
  house_.Advance(absl::Hours(26));
  applies = 0;
  house_.Advance(absl::Minutes(10));
  EXPECT_LE(applies, 11 + 61) << "once a minute, and a small one every ten seconds";
}

TEST_F(ForgettingTest, ManyAnswersAreForgottenAFewAtATime) {
  storage::Batch batch;
  const int64_t now = absl::ToUnixMicros(house_.clock.Wall());
  for (int i = 1; i <= 2500; ++i) {
    batch.push_back(storage::RequestRow{absl::StrCat("client", i), 1, "StopStudy", 1, "", now});
  }
  ASSERT_TRUE(house_.store.Apply(batch, house_.core().state().commit + 1).ok());
  house_.Restart();
  std::vector<int32_t> limits;
  house_.store.SetBeforeApply([&](const storage::Batch& changes) {
    for (const storage::Change& change : changes) {
      const auto* forget = std::get_if<storage::ForgetRequests>(&change);
      if (forget != nullptr) limits.push_back(forget->limit);
    }
    return absl::OkStatus();
  });
  house_.Advance(absl::Hours(25));
  EXPECT_EQ(house_.store.FindOldestRequest().value(), std::nullopt);
  EXPECT_EQ(house_.store.FindForgottenRequest("client2500").value(), 1);
  EXPECT_EQ(limits, std::vector<int32_t>(3, 1000));
}

}  // namespace
}  // namespace caviar::coordinator
