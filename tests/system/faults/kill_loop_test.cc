// kill -9, again and again, of the coordinator and of workers, while clients keep count of what was
// acknowledged: promises acknowledged-is-durable, one-lease, final-is-final, once, no-orphans.
//
// 50 rounds; CAVIAR_LONG=1: 1,000. CAVIAR_SEED=n draws other rounds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/system/faults/acknowledged.h"
#include "tests/system/faults/counting_client.h"
#include "tests/system/faults/fault_fixture.h"

namespace caviar::system_test {
namespace {

constexpr int kClients = 2;
constexpr int kWorkers = 2;
constexpr int kEpochs = 3;
constexpr int kMaxAttempts = 3;  // the default

int Rounds() {
  if (IsLong()) return 1000;
  return kSanitized ? 6 : 50;
}

uint64_t Seed() {
  const char* seed = std::getenv("CAVIAR_SEED");
  return seed == nullptr ? 20261127 : std::strtoull(seed, nullptr, 10);
}

class KillLoopTest : public FaultTest {
 protected:
  void SetUp() override {
    WriteIdxPair(cluster_.dataset_directory() + "/train", 300, 8, 8, 4, 1);
    WriteIdxPair(cluster_.dataset_directory() + "/test", 40, 8, 8, 4, 2);
    cluster_.StartCoordinator("1s");
    cluster_.CreateStudy(
        "study: own\nobjective: {metric: accuracy, goal: maximize}\n"
        "trainer: {external: {}}\nparameters: {x: {min: 0.0, max: 1.0}}\n"
        "sampler: {algorithm: random, seed: 5}\nlimits: {max_trials: 1000000}\n");
    cluster_.CreateStudy(NetworkStudyFile("net", 1'000'000, kEpochs));
    reader_ = Connect();
    for (int i = 0; i < kClients; ++i) {
      clients_.push_back(
          std::make_unique<CountingClient>(cluster_.address(), "own", Seed() + i + 1));
    }
    for (int i = 0; i < kWorkers; ++i) StartWorker(i);
  }

  void StartWorker(int i) {
    if (static_cast<int>(workers_.size()) <= i) workers_.resize(i + 1);
    workers_[i].reset();
    workers_[i] = cluster_.StartWorker(absl::StrCat("w", i, "-", ++started_));
  }

  int64_t Answers() const {
    int64_t sum = 0;
    for (const auto& client : clients_) sum += client->answers();
    return sum;
  }
  void ExpectNoComplaints() const {
    for (const auto& client : clients_) {
      for (const std::string& complaint : client->Complaints()) ADD_FAILURE() << complaint;
    }
  }
  std::map<int32_t, AcknowledgedTrial> Acknowledged() const {
    std::map<int32_t, AcknowledgedTrial> all;
    for (const auto& client : clients_) all.merge(client->Trials());
    return all;
  }

  // Kills after so many more answers, at any point of the next milliseconds.
  void KillCoordinator() {
    const int64_t enough = Answers() + std::uniform_int_distribution<int>(1, 60)(random_);
    ASSERT_TRUE(Eventually([&] { return Answers() >= enough; }));
    absl::SleepFor(absl::Microseconds(std::uniform_int_distribution<int>(0, 3000)(random_)));
    cluster_.coordinator().Kill();
  }

  void CheckWhatIsFresh() {
    for (const auto& client : clients_) ExpectKept(*reader_, "own", client->Fresh());
  }

  std::mt19937_64 random_{Seed()};
  std::unique_ptr<client::Client> reader_;
  std::vector<std::unique_ptr<CountingClient>> clients_;
  std::vector<std::unique_ptr<Process>> workers_;
  int started_ = 0;
};

TEST_F(KillLoopTest, WhatWasAcknowledgedIsThereOnce) {
  const absl::Time start = absl::Now();
  int workers_killed = 0;
  for (int round = 0; round < Rounds(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round, ", CAVIAR_SEED=", Seed()));
    KillCoordinator();
    // Some while it is away, so that the fresh coordinator finds leases that nobody holds.
    const bool with_worker = random_() % 3 == 0;
    const int victim = static_cast<int>(random_() % kWorkers);
    if (with_worker) workers_[victim]->Kill();
    cluster_.StartCoordinator("1s");
    if (with_worker) {
      StartWorker(victim);
      ++workers_killed;
    }
    CheckWhatIsFresh();
    ExpectNoComplaints();
    if (HasFailure()) return;
  }
  for (const auto& client : clients_) client->Stop();
  workers_.clear();  // killed
  ExpectNoComplaints();

  const std::map<int32_t, AcknowledgedTrial> acknowledged = Acknowledged();
  ExpectExactly(*reader_, "own", acknowledged);
  std::set<std::string> made;
  v1::ListStudiesRequest request;
  request.set_page_size(1000);
  const auto studies = reader_->ListStudies(request);
  ASSERT_TRUE(studies.ok()) << studies.status();
  for (const v1::Study& study : studies->studies()) made.insert(study.name());
  for (const auto& client : clients_) {
    for (const std::string& name : client->Studies()) EXPECT_EQ(made.erase(name), 1u) << name;
  }
  EXPECT_EQ(made, (std::set<std::string>{"net", "own"})) << "nobody else made one";

  // no-orphans: their workers are dead, so their leases end.
  EXPECT_TRUE(Eventually([&] {
    const auto status = reader_->GetStudy([] {
      v1::GetStudyRequest net;
      net.set_study("net");
      return net;
    }());
    return status.ok() && status->trial_counts().running() == 0;
  }));
  int completed = 0, lost = 0;
  for (const v1::Trial& trial : AllTrials(*reader_, "net")) {
    ExpectSound(trial, kMaxAttempts, kEpochs);
    completed += trial.state() == v1::Trial::COMPLETED ? 1 : 0;
    lost += trial.lost_leases();
  }
  EXPECT_GT(completed, 0);
  EndStudy("net");
  // A study whose limits are reached still ends by itself.
  cluster_.CreateStudy(NetworkStudyFile("last", 2, kEpochs));
  StartWorker(0);
  WaitForEnd("last");
  EXPECT_EQ(IntegrityCheck(database()), "ok");
  printf(
      "%d rounds in %s: %ld answers, %zu trials kept count of, %d trained, %d workers killed, "
      "%d leases lost\n",
      Rounds(),
      absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(1))).c_str(),
      static_cast<long>(Answers()), acknowledged.size(), completed, workers_killed, lost);
}

}  // namespace
}  // namespace caviar::system_test
