// The coordinator with its threads, called from many at once.
#include "server/coordinator/coordinator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/threaded_coordinator.h"

namespace caviar::coordinator {
namespace {

TEST_F(ThreadedCoordinatorTest, ManyWorkersShareAStudyToItsEnd) {
  constexpr int kTrials = 200;
  Create(NetworkStudy("s", kTrials));
  std::atomic<int> heard = 0;
  const int64_t listener = coordinator_->Listen("s", [&] { ++heard; });
  std::atomic<int> done = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&] {
      const std::string worker = Register();
      while (done < kTrials) {
        const auto work = Acquire(worker);
        ASSERT_TRUE(work.ok()) << work.status();
        if (!work->has_trial()) break;
        RunTrial(work->trial(), worker);
        // The last one lets the others' parked calls go.
        if (++done == kTrials) coordinator_->Drain();
      }
    });
  }
  // Beside them somebody looks on, again and again.
  std::thread onlooker([&] {
    Coordinator::StudyPosition seen;
    while (done < kTrials) {
      const int64_t id = coordinator_->Listen("s", [] {});
      seen = Changes("s", seen)->position;
      EXPECT_TRUE(Workers().ok());
      coordinator_->StopListening(id);
    }
  });
  // One more has nothing to do, and says all the time that it is there.
  std::thread idle([&, worker = Register()] {
    while (done < kTrials) EXPECT_TRUE(Renew(worker).ok());
  });
  for (std::thread& worker : workers) worker.join();
  onlooker.join();
  idle.join();
  coordinator_->StopListening(listener);
  EXPECT_GT(heard, 0) << "once a commit, and a commit may hold many changes";
  const auto changes = Changes("s");
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->over);
  EXPECT_EQ(changes->response.finished_size(), kTrials);
  EXPECT_EQ(changes->response.study().trial_counts().completed(), kTrials);
  EXPECT_EQ(Changes("s", changes->position)->response.finished_size(), 0);
}

TEST_F(ThreadedCoordinatorTest, BeginsNoReadOnceItDrains) {
  Create(NetworkStudy("s", 1));
  const auto read = [this] {
    std::promise<absl::Status> answer;
    v1::ListTrialsRequest request;
    request.set_study("s");
    request.set_view(v1::TRIAL_VIEW_FULL);
    coordinator_->ListTrials(
        request, [&](auto trials) { answer.set_value(trials.status()); }, nullptr);
    return answer.get_future().get();
  };
  EXPECT_TRUE(read().ok());
  coordinator_->Drain();
  EXPECT_TRUE(absl::IsUnavailable(read()));
}

TEST_F(ThreadedCoordinatorTest, AWorkerThatSaidSoHasLeft) {
  const std::string worker = Register();
  const auto listed = [&] { return Workers()->workers(0); };
  EXPECT_TRUE(Renew(worker).ok());
  EXPECT_FALSE(listed().left());
  EXPECT_EQ(listed().state(), v1::Worker::ALIVE);
  EXPECT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_TRUE(listed().left());
  EXPECT_EQ(listed().state(), v1::Worker::SILENT) << "as those who do not know `left` read it";
  EXPECT_TRUE(Renew(worker).ok());
  EXPECT_FALSE(listed().left()) << "it is there all the same";
  StartCoordinator();
  EXPECT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_TRUE(listed().left()) << "its first word to this process";
}

TEST_F(ThreadedCoordinatorTest, AGrantThatAGoodbyeCrossedWaitsForAnotherWorkerAtOnce) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  ASSERT_TRUE(Acquire(worker)->has_trial());
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  EXPECT_EQ(Trial().state(), v1::Trial::WAITING);
  EXPECT_TRUE(Workers()->workers(0).left());
  const std::string other = Register();
  const auto again = Acquire(other)->trial();
  EXPECT_EQ(again.attempt(), 2);
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok()) << "a repeat";
  RunTrial(again, other);
}

TEST_F(ThreadedCoordinatorTest, ALeaseThatAGoodbyeNamesStands) {
  Create(NetworkStudy("s", 2));
  const std::string worker = Register();
  const auto named = Acquire(worker)->trial();
  ASSERT_TRUE(Acquire(worker)->has_trial());
  ASSERT_TRUE(Renew(worker, /*leaving=*/true, {named.token()}).ok());
  EXPECT_EQ(Trial().state(), v1::Trial::RUNNING);
  EXPECT_EQ(Workers()->workers(0).busy_slots(), 1);
}

TEST_F(ThreadedCoordinatorTest, AWorkerWhoseLeaseStandsIsKnownAtItsFirstWordAfterARestart) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  const auto work = Acquire(worker)->trial();
  StartCoordinator();
  ASSERT_TRUE(Renew(worker, /*leaving=*/false, {work.token()}).ok());
  ASSERT_EQ(Workers()->workers_size(), 1);
  EXPECT_EQ(Workers()->workers(0).busy_slots(), 1);
}

TEST_F(ThreadedCoordinatorTest, AnAcquireThatWaitsAtTheGoodbyeGetsNothing) {
  const std::string worker = Register();
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_worker_id(worker);
  std::promise<absl::StatusOr<v1::AcquireWorkResponse>> answer;
  coordinator_->AcquireWork(request, [&](auto response) { answer.set_value(response); });
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  Create(NetworkStudy("s", 1));
  const auto response = answer.get_future().get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->has_trial());
  EXPECT_EQ(Acquire(Register())->trial().attempt(), 1);
}

TEST_F(ThreadedCoordinatorTest, AnAcquireThatTheGoodbyeOvertookGetsNothing) {
  Create(NetworkStudy("s", 1));
  const std::string worker = Register();
  ASSERT_TRUE(Renew(worker, /*leaving=*/true).ok());
  const auto late = Acquire(worker);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_FALSE(late->has_trial());
  EXPECT_TRUE(Workers()->workers(0).left());
  ASSERT_TRUE(Renew(worker).ok());
  EXPECT_TRUE(Acquire(worker)->has_trial()) << "it is there all the same";
}

TEST_F(ThreadedCoordinatorTest, AnAskerIsToldThatAnotherValueStays) {
  Create(ExternalStudy("s"));
  v1::AskTrialRequest ask;
  *ask.mutable_request_id() = NewRequestId();
  ask.set_study("s");
  ask.mutable_lease()->set_seconds(3600);
  const auto asked =
      Wait<v1::AskTrialResponse>([&](auto done) { coordinator_->AskTrial(ask, std::move(done)); });
  ASSERT_TRUE(asked.ok()) << asked.status();
  std::vector<int> conflicts;
  for (const double value : {0.5, 0.9}) {
    v1::ReportTrialRequest report;
    report.set_study("s");
    report.set_number(asked->trial().number());
    *report.mutable_token() = asked->token();
    report.add_measurements()->set_step(1);
    (*report.mutable_measurements(0)->mutable_metrics())["accuracy"] = value;
    const auto reported = Wait<v1::ReportTrialResponse>(
        [&](auto done) { coordinator_->ReportTrial(report, std::move(done)); });
    ASSERT_TRUE(reported.ok()) << reported.status();
    conflicts.push_back(reported->conflicts());
  }
  EXPECT_EQ(conflicts, (std::vector{0, 1}));
}

TEST_F(ThreadedCoordinatorTest, AnAskThatReachesNobodyBlocksNoOther) {
  v1::Study definition = ExternalStudy("s");
  definition.mutable_limits()->set_parallel(1);
  Create(definition);
  std::vector<int> numbers;
  for (int i = 0; i < 3; ++i) {
    v1::AskTrialRequest ask;
    *ask.mutable_request_id() = NewRequestId();
    ask.set_study("s");
    const auto asked = Wait<v1::AskTrialResponse>(
        [&](auto done) { coordinator_->AskTrial(ask, std::move(done)); });
    ASSERT_TRUE(asked.ok()) << asked.status();
    numbers.push_back(asked->trial().number());
    coordinator_->LoseAnswer(asked->token());
  }
  EXPECT_EQ(numbers, (std::vector{0, 0, 0}));
}

TEST_F(ThreadedCoordinatorTest, AnAcquireCanBeCancelled) {
  v1::AcquireWorkRequest request;
  *request.mutable_request_id() = NewRequestId();
  request.set_worker_id(Register());
  std::promise<absl::Status> answer;
  const int64_t id = coordinator_->AcquireWork(
      request, [&](auto response) { answer.set_value(response.status()); });
  coordinator_->CancelPoll(id);
  EXPECT_EQ(answer.get_future().get().code(), absl::StatusCode::kCancelled);
}

TEST_F(ThreadedCoordinatorTest, DestructionAnswersEveryParkedCall) {
  std::atomic<int> answered = 0;
  for (int i = 0; i < 50; ++i) {
    v1::AcquireWorkRequest request;
    *request.mutable_request_id() = NewRequestId();
    request.set_worker_id(Register());
    coordinator_->AcquireWork(request, [&](auto) { ++answered; });
  }
  coordinator_.reset();
  EXPECT_EQ(answered, 50);
}

TEST_F(ThreadedCoordinatorTest, PagesOfTrialsFollowOneAnother) {
  Create(NetworkStudy("s", 25));
  const std::string worker = Register();
  for (int i = 0; i < 25; ++i) RunTrial(Acquire(worker)->trial(), worker);
  v1::ListTrialsRequest request;
  request.set_study("s");
  request.set_page_size(10);
  request.set_order_by("number desc");
  std::vector<int> numbers;
  do {
    const auto page = Wait<v1::ListTrialsResponse>(
        [&](auto done) { coordinator_->ListTrials(request, std::move(done), nullptr); });
    ASSERT_TRUE(page.ok());
    for (const v1::Trial& trial : page->trials()) numbers.push_back(trial.number());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(numbers.size(), 25u);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(numbers[i], 24 - i);
  request.set_order_by("colour");
  EXPECT_FALSE(Wait<v1::ListTrialsResponse>([&](auto done) {
                 coordinator_->ListTrials(request, std::move(done), nullptr);
               }).ok());
}

// Whoever reads whole trials waits until it lets them.
class SlowWholeTrials : public storage::MemoryStore {
 public:
  absl::StatusOr<storage::TrialPage> ReadTrialPage(const storage::TrialQuery& query, bool full,
                                                   int64_t max_rows) override {
    if (full) go_.WaitForNotification();
    return MemoryStore::ReadTrialPage(query, full, max_rows);
  }
  absl::StatusOr<storage::TrialReading> GetTrial(int64_t study_id, int32_t number,
                                                 bool full) override {
    ++got_;
    if (full) go_.WaitForNotification();
    return MemoryStore::GetTrial(study_id, number, full);
  }
  int got() const { return got_; }
  void Go() { go_.Notify(); }

 private:
  absl::Notification go_;
  std::atomic<int> got_ = 0;
};

class SlowReadsTest : public ThreadedCoordinatorTest {
 protected:
  storage::MemoryStore& store() override { return slow_; }
  SlowWholeTrials slow_;
};

TEST_F(SlowReadsTest, AReadWhoseCallerHasGoneIsNotBegun) {
  Create(NetworkStudy("s", 3));
  const std::string worker = Register();
  RunTrial(Acquire(worker)->trial(), worker);
  std::atomic<bool> here = true;
  const auto get = [&] {
    auto answer = std::make_shared<std::promise<absl::Status>>();
    v1::GetTrialRequest request;
    request.set_study("s");
    coordinator_->GetTrial(
        request, [answer](const auto& trial) { answer->set_value(trial.status()); },
        [&here] { return here.load(); });
    return answer->get_future();
  };
  std::future<absl::Status> begun = get();
  while (slow_.got() == 0) std::this_thread::yield();
  std::vector<std::future<absl::Status>> left;
  for (int i = 0; i < 9; ++i) left.push_back(get());
  here = false;
  slow_.Go();
  EXPECT_TRUE(begun.get().ok()) << "what was begun is ended";
  for (auto& answer : left) EXPECT_TRUE(absl::IsCancelled(answer.get()));
  EXPECT_EQ(slow_.got(), 1);
}

TEST_F(SlowReadsTest, WholeTrialsHoldUpNothingElse) {
  Create(NetworkStudy("s", 3));
  const std::string worker = Register();
  RunTrial(Acquire(worker)->trial(), worker);
  std::vector<std::future<absl::Status>> whole;
  const auto answer = [&whole](auto& promise) {
    whole.push_back(promise->get_future());
    return [promise](const auto& response) { promise->set_value(response.status()); };
  };
  for (int i = 0; i < 3; ++i) {
    v1::ListTrialsRequest list;
    list.set_study("s");
    list.set_view(v1::TRIAL_VIEW_FULL);
    auto listed = std::make_shared<std::promise<absl::Status>>();
    coordinator_->ListTrials(list, answer(listed), nullptr);
    v1::GetTrialRequest get;
    get.set_study("s");
    auto got = std::make_shared<std::promise<absl::Status>>();
    coordinator_->GetTrial(get, answer(got), nullptr);
    v1::ListBestTrialsRequest best;
    best.set_study("s");
    best.set_view(v1::TRIAL_VIEW_FULL);
    auto found = std::make_shared<std::promise<absl::Status>>();
    coordinator_->ListBestTrials(best, answer(found), nullptr);
  }
  auto small = std::make_shared<std::promise<absl::Status>>();
  v1::GetStudyRequest study;
  study.set_study("s");
  coordinator_->GetStudy(
      study, [small](const auto& read) { small->set_value(read.status()); }, nullptr);
  auto read = small->get_future();
  EXPECT_EQ(read.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  slow_.Go();
  EXPECT_TRUE(read.get().ok());
  for (auto& one : whole) EXPECT_TRUE(one.get().ok());
}

TEST(CoordinatorOptions, ALeaseShorterThanASecondIsRefused) {
  storage::MemoryStore store;
  RealClock clock;
  CountingRandomness randomness;
  auto artifacts = storage::ArtifactStore::Open(::testing::TempDir());
  Options options;
  options.lease_ttl = absl::Milliseconds(999);
  EXPECT_FALSE(
      Coordinator::Start({store, store, *artifacts, clock, randomness, nullptr}, options).ok());
}

}  // namespace
}  // namespace caviar::coordinator
