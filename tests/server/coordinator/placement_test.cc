#include "server/coordinator/placement.h"

#include <gtest/gtest.h>

#include "tests/server/coordinator/command_study.h"
#include "tests/server/coordinator/harness.h"

namespace caviar::coordinator {
namespace {

storage::WorkerRow Worker(std::vector<std::string> features) {
  storage::WorkerRow worker;
  worker.id = "w";
  worker.features = std::move(features);
  return worker;
}

v1::Study Needing(double cpus, int gpus, int64_t memory) {
  v1::Study study = CommandStudy("s");
  v1::Resources& resources = *study.mutable_trainer()->mutable_command()->mutable_resources();
  resources.set_cpus(cpus);
  resources.set_gpus(gpus);
  if (memory > 0) resources.mutable_memory()->set_bytes(memory);
  return study;
}

TEST(Placement, AStudyGoesToWorkersWithItsFeature) {
  EXPECT_TRUE(CanRun(Worker({"command"}), CommandStudy("s")));
  EXPECT_FALSE(CanRun(Worker({"command"}), NetworkStudy("s")));
  EXPECT_FALSE(CanRun(Worker({"batch_norm_network"}), CommandStudy("s")));
  EXPECT_TRUE(CanRun(Worker({"command", "batch_norm_network"}), NetworkStudy("s")));
  EXPECT_FALSE(CanRun(Worker({"command", "batch_norm_network"}), ExternalStudy("s")));
}

TEST(Placement, AStudyGoesToWorkersWithAllItsLabels) {
  v1::Study study = NetworkStudy("s");
  (*study.mutable_workers())["gpu"] = "a100";
  (*study.mutable_workers())["zone"] = "b";
  storage::WorkerRow worker = Worker({"batch_norm_network"});
  EXPECT_FALSE(CanRun(worker, study));
  worker.labels = {{"gpu", "a100"}, {"zone", "a"}, {"rack", "7"}};
  EXPECT_FALSE(CanRun(worker, study));
  worker.labels["zone"] = "b";
  EXPECT_TRUE(CanRun(worker, study));
}

TEST(Placement, FitsWhileNoneOfTheResourcesIsUsedUp) {
  storage::WorkerRow worker = Worker({"command"});
  worker.resources.set_cpus(1);
  worker.resources.set_gpus(2);
  worker.resources.mutable_memory()->set_bytes(1000);
  EXPECT_TRUE(Fits(worker, {}, Needing(1, 2, 1000)));
  EXPECT_FALSE(Fits(worker, {}, Needing(1.1, 0, 0)));
  EXPECT_FALSE(Fits(worker, {}, Needing(1, 3, 0)));
  EXPECT_FALSE(Fits(worker, {}, Needing(1, 0, 1001)));

  Taken taken;
  for (int i = 0; i < 9; ++i) taken.Add(Needing(0.1, 0, 0));
  EXPECT_TRUE(Fits(worker, taken, Needing(0.1, 0, 0))) << "ten tenths are one";
  taken.Add(Needing(0.1, 0, 0));
  EXPECT_FALSE(Fits(worker, taken, Needing(0.1, 0, 0)));
}

TEST(Placement, WhatAWorkerDoesNotSayIsWithoutLimitButForGpus) {
  const storage::WorkerRow worker = Worker({"command"});
  EXPECT_TRUE(Fits(worker, {}, Needing(1000, 0, int64_t{1} << 50)));
  EXPECT_FALSE(Fits(worker, {}, Needing(1, 1, 0)));
}

TEST(Placement, AProgramWithoutGpusFitsBesideOnesThatTookMoreThanThereAre) {
  // The worker came back and offers less than before.
  storage::WorkerRow worker = Worker({"command"});
  worker.resources.set_gpus(1);
  Taken taken;
  taken.Add(Needing(1, 2, 0));
  EXPECT_TRUE(Fits(worker, taken, Needing(1, 0, 0)));
  EXPECT_FALSE(Fits(worker, taken, Needing(1, 1, 0)));
}

TEST(Placement, AWorkerThatLeavesBeginsWhatEndsInTimeOrGoesOnElsewhere) {
  v1::Study study = CommandStudy("s");
  v1::Command& command = *study.mutable_trainer()->mutable_command();
  command.set_resumable(false);
  EXPECT_TRUE(EndsInTime(study, absl::Minutes(5), absl::Minutes(5)));
  EXPECT_FALSE(EndsInTime(study, absl::Minutes(6), absl::Minutes(5)));
  EXPECT_TRUE(EndsInTime(study, absl::ZeroDuration(), absl::Minutes(5))) << "nobody knows yet";
  command.mutable_time_limit()->set_seconds(600);
  EXPECT_FALSE(EndsInTime(study, absl::ZeroDuration(), absl::Minutes(5)));
  EXPECT_TRUE(EndsInTime(study, absl::Minutes(4), absl::Minutes(5))) << "they end sooner";
  command.set_resumable(true);
  EXPECT_TRUE(EndsInTime(study, absl::Minutes(6), absl::Minutes(5)));
  EXPECT_TRUE(EndsInTime(NetworkStudy("s"), absl::Minutes(6), absl::Minutes(5)));
}

TEST(Placement, AWorkerMayWantSomeStudiesOrOwnersOnly) {
  v1::Study study = NetworkStudy("s");
  study.set_owner("alice");
  EXPECT_TRUE(IsWanted(study, {}, {}));
  EXPECT_TRUE(IsWanted(study, {"r", "s"}, {"alice"}));
  EXPECT_FALSE(IsWanted(study, {"r"}, {}));
  EXPECT_FALSE(IsWanted(study, {"s"}, {"bob"}));
}

TEST(Placement, OfUnwantedStudiesAWorkerGetsNothing) {
  Harness house;
  for (const char* name : {"alice", "bob"}) {
    v1::CreateStudyRequest create;
    *create.mutable_request_id() = house.NewRequestId();
    *create.mutable_study() = NetworkStudy(name);
    create.mutable_study()->set_owner(name);
    ASSERT_TRUE(house.Call(&Core::CreateStudy, create).ok());
  }
  for (int64_t i = 1; i <= 3; ++i) {
    Poll poll;
    poll.id = i;
    poll.client_id = "c";
    poll.sequence = i;
    poll.deadline = house.clock.Steady() + absl::Seconds(30);
    poll.worker_id = house.Register("w");
    poll.owners = {"bob"};
    std::string got;
    poll.work_done = [&got](absl::StatusOr<v1::AcquireWorkResponse> response) {
      got = response->trial().study().name();
    };
    house.QueuePoll(poll);
    house.Settle();
    EXPECT_EQ(got, "bob");
  }
  EXPECT_TRUE(house.study("alice").trials.empty());
}

TEST(Placement, TheBuiltInTrainerTakesNothingBesideItsSlot) {
  storage::WorkerRow worker = Worker({"batch_norm_network"});
  worker.resources.set_cpus(0);
  Taken taken;
  taken.Add(NetworkStudy("s"));
  EXPECT_EQ(taken.cpus, 0);
  EXPECT_TRUE(Fits(worker, taken, NetworkStudy("s")));
}

}  // namespace
}  // namespace caviar::coordinator
