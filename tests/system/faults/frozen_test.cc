// SIGSTOP beyond the TTL, of the coordinator and of workers: promises one-lease and no-orphans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "caviar/v1/error_detail.h"
#include "client/api/worker_client.h"
#include "tests/system/faults/acknowledged.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr absl::Duration kTtl = absl::Seconds(2);

class FrozenTest : public FaultTest {
 protected:
  void SetUp() override { cluster_.StartCoordinator(absl::FormatDuration(kTtl)); }
};

// As when a machine sleeps: one worker trains on meanwhile, another stands still, too.
TEST_F(FrozenTest, ACoordinatorThatStoodStillCostsNoLease) {
  CreateEndlessStudy("s", 2);
  const auto asleep = cluster_.StartWorker("asleep");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  const auto awake = cluster_.StartWorker("awake");
  ASSERT_TRUE(WaitForStep("s", 1, 1));
  // It waits for work: what loses its lease would be its at once.
  const auto idle = cluster_.StartWorker("idle", 2);
  ASSERT_TRUE(WaitForLog(*idle, "registered as idle"));
  Freeze(cluster_.coordinator());
  Freeze(*asleep);
  absl::SleepFor(2 * kTtl);  // the fault itself
  Thaw(cluster_.coordinator());
  EXPECT_EQ(cluster_.Run({"server", "status"}).exit_code, 0) << "it has looked for what expired";
  Thaw(*asleep);
  for (const int number : {0, 1}) {
    // What was measured meanwhile, and then more.
    EXPECT_TRUE(WaitForStep("s", number, LastStep("s", number) + 2));
    const json trial = Trial("s", number);
    EXPECT_EQ(trial.at("state"), "RUNNING");
    EXPECT_EQ(trial.at("lost_leases"), 0);
    EXPECT_EQ(trial.at("attempts").size(), 1u) << trial.at("attempts");
    ExpectNoGap("s", number);
  }
  EndStudy("s");
}

TEST_F(FrozenTest, AWorkerThatStoodStillDropsWhatAnotherTookOver) {
  CreateEndlessStudy("s", 1);
  const auto first = cluster_.StartWorker("first");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  Freeze(*first);
  const auto second = cluster_.StartWorker("second");
  ASSERT_TRUE(WaitForWorker("s", 0, "second"));
  Thaw(*first);
  EXPECT_TRUE(WaitForLog(*first, "dropped, the lease is lost"));
  EXPECT_TRUE(WaitForStep("s", 0, LastStep("s", 0) + 2));
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("worker"), "second");
  EXPECT_EQ(trial.at("lost_leases"), 1);
  ASSERT_EQ(trial.at("attempts").size(), 2u);
  EXPECT_EQ(trial.at("attempts")[0].at("outcome"), "LEASE_EXPIRED");
  ExpectNoGap("s", 0);
  EndStudy("s");
}

TEST_F(FrozenTest, AWorkerThatStoodStillGoesOnWhereNobodyTookOver) {
  CreateEndlessStudy("s", 1);
  const auto worker = cluster_.StartWorker("w");
  ASSERT_TRUE(WaitForStep("s", 0, 1));
  Freeze(*worker);
  ASSERT_TRUE(WaitForState("s", 0, "WAITING")) << "no trial stays RUNNING without a lease";
  const int64_t step = LastStep("s", 0);
  Thaw(*worker);
  EXPECT_TRUE(WaitForStep("s", 0, step + 2));
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("state"), "RUNNING");
  EXPECT_EQ(trial.at("lost_leases"), 0);
  EXPECT_EQ(trial.at("attempts").size(), 1u) << "the same token lives again";
  ExpectNoGap("s", 0);
  EndStudy("s");
}

// A worker that says what it is told to.
struct Puppet {
  explicit Puppet(const std::string& address)
      : client(client::WorkerClient::Connect({.address = address})) {
    v1::RegisterWorkerRequest request;
    *request.mutable_request_id() = client->NextRequestId();
    request.set_name("puppet");
    request.set_version("0.1.0");
    request.set_slots(1);
    request.add_features("batch_norm_network");
    request.set_numerics_fingerprint("none");
    worker_id = client->Register(request)->worker_id();
  }
  v1::TrialWork Acquire() {
    v1::AcquireWorkRequest request;
    *request.mutable_request_id() = client->NextRequestId();
    request.set_worker_id(worker_id);
    return client->Acquire(request)->trial();
  }
  absl::Status Report(const v1::FencingToken& token, double value) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = token;
    v1::Measurement& measurement = *request.add_measurements();
    measurement.set_step(1);
    (*measurement.mutable_metrics())["validation_accuracy"] = value;
    return client->Report(request).status();
  }
  absl::Status Complete(const v1::FencingToken& token) {
    v1::FinishWorkRequest request;
    *request.mutable_token() = token;
    request.mutable_completed();
    return client->Finish(request).status();
  }
  const std::unique_ptr<client::WorkerClient> client;
  std::string worker_id;
};

void ExpectLeaseLost(const absl::Status& status) {
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_TRUE(error::HasReason(status, error::kLeaseLost)) << status;
}

TEST_F(FrozenTest, WhatAStaleTokenSendsChangesNothingAndIsKeptApart) {
  CreateEndlessStudy("s", 1);
  Puppet late(cluster_.address()), next(cluster_.address());
  const v1::FencingToken stale = late.Acquire().token();
  ASSERT_TRUE(WaitForState("s", 0, "WAITING")) << "it does not renew";
  const v1::FencingToken token = next.Acquire().token();
  EXPECT_GT(token.counter(), stale.counter());
  ASSERT_TRUE(next.Report(token, 0.25).ok());
  ExpectLeaseLost(late.Report(stale, 0.75));
  ExpectLeaseLost(late.Complete(stale));
  ASSERT_TRUE(next.Complete(token).ok());
  EXPECT_TRUE(next.Complete(token).ok()) << "the same outcome again";
  ExpectLeaseLost(late.Complete(stale));
  const json trial = Trial("s", 0);
  EXPECT_EQ(trial.at("state"), "COMPLETED");
  EXPECT_EQ(trial.at("objective"), 0.25);
  EXPECT_EQ(QueryNumber(database(), "SELECT count(*) FROM late_measurement WHERE value = 0.75"), 1);
  const json status = json::parse(cluster_.Run({"server", "status", "--output", "json"}).out);
  EXPECT_EQ(status.at("late_values_kept"), 1) << status;
  EXPECT_TRUE(cluster_.coordinator().Errors().find("1 were kept apart") != std::string::npos);
}

}  // namespace
}  // namespace caviar::system_test
