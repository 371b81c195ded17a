// The core over the SQLite store, on a disk that fails in the middle of a study's life: refused and
// nothing changed, or the end of the process; and all goes on when the disk is well again.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_store.h"
#include "tests/server/coordinator/harness.h"
#include "tests/storage/fault_vfs.h"
#include "tests/storage/temporary_folder.h"

namespace caviar::coordinator {
namespace {

using storage::Fault;

constexpr int kTrials = 3;

double Value(int number) { return 0.5 + 0.1 * number; }

// A coordinator on a disk; the fault of `vfs` heals at the first refusal.
class Process {
 public:
  explicit Process(storage::FaultVfs& vfs) : vfs_(vfs) {
    storage::SqliteOptions options;
    options.vfs = vfs.name();
    options.checkpoint_frames = 20;
    auto store = storage::SqliteStore::Open(folder_.path(), options);
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      return;
    }
    store_ = *std::move(store);
    house_ = std::make_unique<Harness>(absl::Seconds(60), nullptr, store_.get());
  }

  // The same call, with the same id, until it is answered.
  template <typename Response, typename Request>
  Response Insist(absl::StatusOr<Response> (Core::*decide)(const Request&),
                  const Request& request) {
    for (int i = 0; i < 10 && !house_->fatal; ++i) {
      const int64_t commit = house_->core().state().commit;
      const auto response = house_->Call(decide, request);
      if (response.ok()) return *response;
      EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
      Refused(commit);
    }
    ADD_FAILURE() << "never answered";
    return Response();
  }

  v1::AcquireWorkResponse InsistOnWork(const std::string& worker) {
    for (int i = 0; i < 10 && !house_->fatal; ++i) {
      const int64_t commit = house_->core().state().commit;
      v1::AcquireWorkResponse work = house_->Acquire(worker);
      if (work.has_trial()) return work;
      Refused(commit);
    }
    ADD_FAILURE() << "never served";
    return {};
  }

  std::string InsistOnWorker() {
    v1::RegisterWorkerRequest join;
    *join.mutable_request_id() = house_->NewRequestId();
    join.set_name("w");
    join.set_slots(1);
    join.add_features("batch_norm_network");
    return Insist(&Core::RegisterWorker, join).worker_id();
  }

  void InsistOnStudy() {
    v1::CreateStudyRequest create;
    *create.mutable_request_id() = house_->NewRequestId();
    *create.mutable_study() = NetworkStudy("s", kTrials);
    Insist(&Core::CreateStudy, create);
  }

  // A study from its creation to its end.
  void LiveAStudy() {
    const std::string worker = InsistOnWorker();
    InsistOnStudy();
    for (int i = 0; i < kTrials && !house_->fatal; ++i) {
      const v1::AcquireWorkResponse work = InsistOnWork(worker);
      EXPECT_EQ(work.trial().trial().number(), i) << "none is handed out twice, none is left out";
      for (int64_t step = 1; step <= 3; ++step) {
        v1::ReportMeasurementsRequest report;
        *report.mutable_token() = work.trial().token();
        auto& measurement = *report.add_measurements();
        measurement.set_step(step);
        (*measurement.mutable_metrics())["validation_accuracy"] = Value(i);
        Insist(&Core::Report, report);
      }
      v1::FinishWorkRequest finish;
      *finish.mutable_token() = work.trial().token();
      finish.mutable_completed();
      Insist(&Core::Finish, finish);
    }
  }

  void ExpectTheStudyLived() {
    ASSERT_FALSE(house_->fatal) << *house_->fatal;
    const StudyState& study = house_->study("s");
    EXPECT_EQ(study.row.state, v1::Study::ENDED);
    ASSERT_EQ(study.trials.size(), static_cast<size_t>(kTrials));
    for (int i = 0; i < kTrials; ++i) {
      const TrialState& trial = study.trials[i];
      EXPECT_EQ(trial.row.state, v1::Trial::COMPLETED);
      EXPECT_EQ(trial.row.objective, Value(i));
      EXPECT_EQ(trial.attempt ? trial.attempt->number : 1, 1);
      EXPECT_EQ(store_->ReadMetric(trial.row.id, 1, "validation_accuracy")->size(), 3u);
    }
    EXPECT_EQ(house_->leases().size(), 0);
  }

  int refused() const { return refused_; }
  Harness& house() { return *house_; }

 private:
  // Nothing was stored while the disk failed; a while later it is well.
  void Refused(int64_t commit) {
    ++refused_;
    house_->Advance(absl::Seconds(2));
    EXPECT_EQ(house_->core().state().commit, commit);
    EXPECT_TRUE(vfs_.Heal()) << "refused without a reason";
    house_->Advance(absl::Seconds(1));
  }

  storage::FaultVfs& vfs_;
  storage::TemporaryFolder folder_;
  std::unique_ptr<storage::SqliteStore> store_;
  std::unique_ptr<Harness> house_;
  int refused_ = 0;
};

TEST(CoreDiskTest, AFullDiskAtAnyOperationIsRefusedAndNothingIsLostWhenThereIsRoom) {
  for (const Fault fault : {Fault::kDiskFull, Fault::kOverQuota, Fault::kWrite}) {
    int refused = 0;
    bool met = true;
    for (int number = 1; met && !testing::Test::HasFailure(); number += 5) {
      SCOPED_TRACE(absl::StrCat(storage::AllFaults().at(fault), " from write ", number));
      storage::FaultVfs vfs;
      Process process(vfs);
      vfs.Fail(fault, number, true);
      process.LiveAStudy();
      met = vfs.Heal() || process.refused() > 0;
      refused += process.refused();
      process.ExpectTheStudyLived();
      storage::FaultVfs next(vfs.disk());  // kill -9, and another start
      Process(next).ExpectTheStudyLived();
    }
    EXPECT_GT(refused, 20);
  }
}

TEST(CoreDiskTest, AFailedSyncEndsTheProcessWithoutAnAnswer) {
  storage::FaultVfs vfs;
  Process process(vfs);
  vfs.Fail(Fault::kSync, 1);
  v1::CreateStudyRequest create;
  *create.mutable_request_id() = process.house().NewRequestId();
  *create.mutable_study() = NetworkStudy("s");
  const auto answer = process.house().Call(&Core::CreateStudy, create);
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << "none: " << answer.status();
  ASSERT_TRUE(process.house().fatal);
  EXPECT_TRUE(absl::IsDataLoss(*process.house().fatal));
}

TEST(CoreDiskTest, ATokenThatAPowerLossTookIsNotIssuedAgain) {
  storage::FaultVfs vfs;
  Process process(vfs);
  process.InsistOnStudy();
  const std::string worker = process.InsistOnWorker();
  const storage::MemoryDisk before(vfs.disk());
  const v1::FencingToken lost = process.InsistOnWork(worker).trial().token();
  // Of the same epoch: nobody knows that something was lost.
  storage::FaultVfs next(before);
  Process again(next);
  const v1::FencingToken token = again.InsistOnWork(worker).trial().token();
  EXPECT_EQ(token.epoch(), lost.epoch());
  EXPECT_GT(token.counter(), lost.counter());
}

// A store that can be neither written nor read for a while, or answers a read with DATA_LOSS.
class ShakyStore : public storage::MemoryStore {
 public:
  absl::StatusOr<storage::Snapshot> Load() override {
    ++loads;
    if (load_takes) load_takes();
    if (!failure.ok()) return failure;
    if (!load_failure.ok()) return load_failure;
    return MemoryStore::Load();
  }
  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadCurve(
      int64_t trial_id, int32_t attempt, const std::string& metric) override {
    if (!curve_failure.ok()) return curve_failure;
    return MemoryStore::ReadCurve(trial_id, attempt, metric);
  }
  absl::StatusOr<std::optional<int64_t>> FindLastStep(int64_t trial_id, int32_t attempt) override {
    if (!step_failure.ok()) return step_failure;
    return MemoryStore::FindLastStep(trial_id, attempt);
  }
  absl::StatusOr<std::optional<storage::RequestRow>> FindRequest(const std::string& client_id,
                                                                 int64_t sequence) override {
    if (!failure.ok()) return failure;
    return MemoryStore::FindRequest(client_id, sequence);
  }
  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    if (!failure.ok()) return failure;
    if (!apply_failure.ok()) return apply_failure;
    return MemoryStore::Apply(batch, commit);
  }
  absl::Status failure;  // of all but the two reads of an attempt
  absl::Status load_failure, curve_failure, step_failure, apply_failure;
  int loads = 0;
  std::function<void()> load_takes;
};

class ShakyStoreTest : public testing::Test {
 protected:
  // A trial that runs and has measured a step.
  ShakyStoreTest() {
    worker_ = house_.Register("w");
    v1::CreateStudyRequest create;
    *create.mutable_request_id() = house_.NewRequestId();
    *create.mutable_study() = NetworkStudy("s");
    EXPECT_TRUE(house_.Call(&Core::CreateStudy, create).ok());
    const v1::FencingToken token = house_.Acquire(worker_).trial().token();
    v1::ReportMeasurementsRequest report;
    *report.mutable_token() = token;
    report.add_measurements()->set_step(1);
    (*report.mutable_measurements(0)->mutable_metrics())["validation_accuracy"] = 0.25;
    EXPECT_TRUE(house_.Call(&Core::Report, report).ok());
    *finish_.mutable_token() = token;
    finish_.mutable_failed()->set_message("broke");
  }
  absl::Status Finish() { return house_.Call(&Core::Finish, finish_).status(); }

  ShakyStore store_;
  Harness house_{absl::Seconds(60), nullptr, &store_};
  std::string worker_;
  v1::FinishWorkRequest finish_;
};

TEST(ExhaustedSpaceTest, IsNoCommitThatIsTriedAgainAndAgainWhileTheDiskIsFull) {
  ShakyStore store;
  HeldSuggester suggester;
  Harness house(absl::Seconds(60), &suggester, &store);
  v1::CreateStudyRequest create;
  *create.mutable_request_id() = house.NewRequestId();
  *create.mutable_study() = NetworkStudy("s", 0);
  create.mutable_study()->mutable_sampler()->set_algorithm(v1::Sampler::RANDOM);
  create.mutable_study()->clear_parameters();
  v1::Parameter& layers = *create.mutable_study()->add_parameters();
  layers.set_name("hidden_layers");
  layers.set_type(v1::Parameter::INT);
  layers.set_min(1);
  layers.set_max(2);
  ASSERT_TRUE(house.Call(&Core::CreateStudy, create).ok());
  const std::string worker = house.Register("w");
  int64_t asked = 0;
  std::optional<v1::AcquireWorkResponse> work;
  const auto ask = [&] {
    house.QueueAcquire(worker, "c", ++asked, [&](auto response) { work = *response; });
    house.Settle();
    for (; suggester.size() > 0; house.Settle()) suggester.ReleaseOne();
  };
  for (int i = 0; i < 2; ++i) {
    // No suggestion more than it takes: the end of the space is found later.
    work.reset();
    house.QueueAcquire(worker, "c", ++asked, [&](auto response) { work = *response; });
    for (house.Settle(); !work && suggester.size() > 0; house.Settle()) suggester.ReleaseOne();
    ASSERT_TRUE(work && work->has_trial());
    v1::FinishWorkRequest finish;
    *finish.mutable_token() = work->trial().token();
    finish.mutable_infeasible();
    ASSERT_TRUE(house.Call(&Core::Finish, finish).ok());
  }

  store.load_takes = [&house] { house.clock.Advance(absl::Seconds(3)); };
  store.apply_failure = absl::UnavailableError("disk full");
  store.loads = 0;
  EXPECT_FALSE(house.Stop("s").ok());
  for (int i = 0; i < 60; ++i) {
    ask();
    house.Advance(absl::Seconds(1));
  }
  EXPECT_TRUE(house.study("s").exhausted);
  EXPECT_EQ(store.loads, 1);
  store.apply_failure = absl::OkStatus();
  house.Advance(absl::Seconds(31));
  EXPECT_EQ(house.study("s").row.end_reason, v1::Study::EXHAUSTED);
}

TEST_F(ShakyStoreTest, ThatCannotBeReadForAWhileRefusesAndGoesOn) {
  const auto shake = [this](absl::Status& part, const absl::Status& failure) {
    part = failure;
    store_.apply_failure = absl::UnavailableError("disk I/O error");
    for (int i = 0; i < 3; ++i) {
      const absl::Status status = Finish();
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      house_.Advance(absl::Seconds(100));
    }
    part = store_.apply_failure = absl::OkStatus();
    house_.Advance(absl::Seconds(1));
    ASSERT_FALSE(house_.fatal) << *house_.fatal;
    const TrialState& trial = house_.trial("s", 0);
    EXPECT_EQ(trial.row.state, v1::Trial::RUNNING) << "with a fresh TTL";
    EXPECT_EQ(trial.objective_values, (Curve{{1, 0.25}}))
        << "what could not be read is not nothing";
    EXPECT_EQ(trial.row.last_step, 1);
  };
  for (const absl::Status& failure : {absl::UnavailableError("disk I/O error"),
                                      absl::ResourceExhaustedError("no room for the index")}) {
    for (absl::Status* part :
         {&store_.failure, &store_.load_failure, &store_.curve_failure, &store_.step_failure}) {
      ASSERT_NO_FATAL_FAILURE(shake(*part, failure));
    }
  }
  EXPECT_TRUE(Finish().ok());
}

TEST_F(ShakyStoreTest, WhatNobodyTriesAgainIsDoneOnceTheStoreIsBack) {
  // Whether it could be read meanwhile, or not.
  for (absl::Status* part : {&store_.apply_failure, &store_.failure}) {
    *part = absl::UnavailableError("disk I/O error");
    int answers = 0;
    house_.Post({.decide = [this](Core& core) { core.LoseGrant(ToToken(finish_.token())); },
                 .answer =
                     [&](const absl::Status& status) {
                       EXPECT_TRUE(status.ok()) << status;
                       ++answers;
                     },
                 .lasting = true});
    house_.Settle();
    house_.Advance(absl::Seconds(10));
    EXPECT_EQ(answers, 0);
    *part = absl::OkStatus();
    house_.Advance(absl::Seconds(1));
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
    *finish_.mutable_token() = house_.Acquire(worker_).trial().token();
  }
  EXPECT_TRUE(Finish().ok());
}

TEST_F(ShakyStoreTest, WhatNobodyTriesAgainIsGivenUpWhereItsRowIsRefused) {
  store_.apply_failure = absl::InvalidArgumentError("bad row");
  absl::Status answer;
  house_.Post({.decide = [this](Core& core) { core.LoseGrant(ToToken(finish_.token())); },
               .answer = [&](const absl::Status& status) { answer = status; },
               .lasting = true});
  house_.Settle();
  EXPECT_EQ(answer.code(), absl::StatusCode::kInternal) << answer;
  store_.apply_failure = absl::OkStatus();
  EXPECT_TRUE(Finish().ok());
}

TEST_F(ShakyStoreTest, ThatCannotBeReadKeepsNoCallThatIsCancelledOrSentHome) {
  ASSERT_TRUE(house_.Stop("s").ok());
  std::vector<absl::Status> answers;
  int64_t parked = 0;
  for (const char* client : {"a", "b"}) {
    parked = house_.QueueAcquire(
        worker_, client, 1, [&](auto response) { answers.push_back(response.status()); },
        absl::Hours(1));
  }
  house_.Settle();
  store_.failure = absl::UnavailableError("disk I/O error");
  EXPECT_FALSE(Finish().ok());
  ASSERT_TRUE(answers.empty());
  const auto post = [&](std::function<void(Core&)> decide) {
    house_.Post({.decide = std::move(decide),
                 .answer = [](const absl::Status&) {},
                 .needs = Needs::kNothing});
    house_.Settle();
  };
  post([parked](Core& core) { core.CancelPoll(parked); });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(absl::IsCancelled(answers[0])) << answers[0];
  post([](Core& core) { core.Drain(); });
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[1].ok()) << answers[1];
}

TEST_F(ShakyStoreTest, ThatStoresNothingIsReadAgainOnceForCallsAndAnswersWhatOnlyReads) {
  store_.apply_failure = absl::ResourceExhaustedError("database or disk is full");
  const int loads = store_.loads;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(Finish()));
    bool told = false;
    house_.Post({.decide = [](Core&) {},
                 .answer = [&](const absl::Status& status) { told = status.ok(); },
                 .needs = Needs::kState});
    house_.Settle();
    EXPECT_TRUE(told);
    house_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(store_.loads, loads + 1);
  store_.apply_failure = absl::OkStatus();
  EXPECT_TRUE(Finish().ok());
  EXPECT_EQ(store_.loads, loads + 1);
}

TEST_F(ShakyStoreTest, ThatTakesLongToReadIsTriedByASmallCommitFirst) {
  ASSERT_TRUE(Finish().ok());
  store_.load_takes = [this] { house_.clock.Advance(absl::Seconds(2)); };
  store_.apply_failure = absl::ResourceExhaustedError("database or disk is full");
  const int loads = store_.loads;
  std::optional<v1::AcquireWorkResponse> granted;
  house_.QueueAcquire(
      worker_, "a", 1, [&](auto response) { granted = *response; }, absl::Hours(1));
  house_.Settle();
  house_.Advance(absl::Minutes(10));
  EXPECT_EQ(store_.loads, loads + 1);
  EXPECT_FALSE(granted);
  store_.apply_failure = absl::OkStatus();
  house_.Advance(absl::Seconds(31));
  EXPECT_TRUE(granted && granted->has_trial());
  EXPECT_EQ(store_.loads, loads + 1);
}

TEST_F(ShakyStoreTest, DamageThatIsMetAfterARefusalEndsTheProcess) {
  store_.apply_failure = absl::UnavailableError("disk I/O error");
  store_.load_failure = absl::DataLossError("the file is damaged");
  const absl::Status status = Finish();
  EXPECT_FALSE(status.ok()) << "no outcome was stored";
  ASSERT_TRUE(house_.fatal);
  EXPECT_TRUE(absl::IsDataLoss(*house_.fatal)) << *house_.fatal;
}

TEST_F(ShakyStoreTest, NothingIsDoneAfterDamage) {
  store_.failure = absl::DataLossError("the file is damaged");
  EXPECT_TRUE(absl::IsDeadlineExceeded(Finish())) << "no answer";
  ASSERT_TRUE(house_.fatal);
  store_.failure = absl::OkStatus();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Finish())) << "nor to who asks later";
}

TEST(CoreDiskTest, DamageThatOnlyAReadMeetsEndsTheProcessWithoutAnAnswer) {
  ShakyStore store;
  Harness house(absl::Seconds(60), nullptr, &store);
  store.failure = absl::DataLossError("the file is damaged");
  v1::StopStudyRequest stop;
  *stop.mutable_request_id() = house.NewRequestId();
  stop.set_study("s");
  const absl::Status status = house.Call(&Core::StopStudy, stop).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << "none: " << status;
  EXPECT_TRUE(house.fatal);
}

}  // namespace
}  // namespace caviar::coordinator
