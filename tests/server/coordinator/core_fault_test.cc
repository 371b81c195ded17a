// What must hold when commits fail, calls are repeated or late, and things end at the same moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"
#include "tests/server/coordinator/simulation/disk.h"

namespace caviar::coordinator {
namespace {

class FaultTest : public CoreTest {
 protected:
  // Every commit fails from now on; `applies_` counts them.
  void FillDisk() {
    house_.store.SetBeforeApply([this](const storage::Batch&) {
      ++applies_;
      return absl::ResourceExhaustedError("disk full");
    });
  }
  void MakeRoom() { house_.store.SetBeforeApply(nullptr); }

  void Delete(const std::string& study) {
    v1::DeleteStudyRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_study(study);
    ASSERT_TRUE(house_.Call(&Core::DeleteStudy, request).ok());
  }

  // A study whose first trial was given back: it waits, and needs no suggestion.
  void CreateWithWaitingTrial(const std::string& name, const std::string& worker) {
    Create(NetworkStudy(name));
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = house_.Acquire(worker).trial().token();
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
  }

  // A call that stores nothing.
  absl::StatusOr<v1::ServerStatus> Status() {
    absl::StatusOr<v1::ServerStatus> answer = absl::DeadlineExceededError("no answer");
    Command command =
        MakeCommand<v1::ServerStatus>([](Core& core) { return core.Status(); },
                                      [&](auto response) { answer = std::move(response); });
    command.needs = Needs::kState;
    house_.Post(std::move(command));
    house_.Settle();
    return answer;
  }

  int applies_ = 0;
};

TEST_F(FaultTest, AFullDiskLetsPollsRunOutAndIsNotTriedWithoutPause) {
  const std::string worker = house_.Register("w");
  CreateWithWaitingTrial("s", worker);
  FillDisk();
  std::vector<absl::StatusOr<v1::AcquireWorkResponse>> answers;
  house_.QueueAcquire(
      worker, "c", 1, [&](auto response) { answers.push_back(response); }, absl::Seconds(2));
  house_.Settle();
  house_.Advance(absl::Seconds(10));
  ASSERT_EQ(answers.size(), 1u) << "empty, when its wait is over";
  EXPECT_TRUE(answers[0].ok() && !answers[0]->has_trial());
  EXPECT_LT(applies_, 30);
  MakeRoom();
  EXPECT_TRUE(house_.Acquire(worker).has_trial());
}

TEST_F(FaultTest, AFullDiskDoesNotKeepWorkOfItsOwnFromCallsThatStoreNothing) {
  const std::string worker = house_.Register("w");
  CreateWithWaitingTrial("s", worker);
  FillDisk();
  std::optional<v1::AcquireWorkResponse> granted;
  house_.QueueAcquire(worker, "c", 1, [&](auto response) { granted = *response; });
  house_.Settle();
  EXPECT_TRUE(Status().ok());
  MakeRoom();
  house_.Advance(absl::Seconds(1));
  EXPECT_TRUE(granted) << "the poll still waited";
}

TEST_F(FaultTest, ABadRowOfAHandOutRefusesNobodyElse) {
  const std::string worker = house_.Register("w");
  Create(NetworkStudy("other"));
  const auto work = house_.Acquire(worker);
  CreateWithWaitingTrial("s", worker);
  const int64_t bad_id = house_.trial("s", 0).row.id;
  house_.store.SetBeforeApply([this, bad_id](const storage::Batch& batch) {
    ++applies_;
    for (const auto& change : batch) {
      const auto* row = std::get_if<storage::AttemptRow>(&change);
      if (row != nullptr && row->trial_id == bad_id) return absl::InvalidArgumentError("bad row");
    }
    return absl::OkStatus();
  });
  int answers = 0;
  house_.QueueAcquire(
      worker, "c", 1, [&](auto) { ++answers; }, absl::Seconds(5));
  EXPECT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  house_.Advance(absl::Seconds(10));
  EXPECT_EQ(answers, 1);
  EXPECT_LT(applies_, 50);
}

TEST_F(FaultTest, AFullDiskDoesNotMakeErasureSpin) {
  Create(NetworkStudy("s"));
  house_.Acquire(house_.Register("w"));
  house_.store.SetBeforeApply([this](const storage::Batch& batch) {
    if (!std::holds_alternative<storage::EraseStudyChunk>(batch.front())) return absl::OkStatus();
    ++applies_;
    return absl::ResourceExhaustedError("disk full");
  });
  Delete("s");
  house_.Advance(absl::Seconds(10));
  EXPECT_LT(applies_, 30);
  EXPECT_TRUE(Status().ok());
  MakeRoom();
  house_.Advance(absl::Seconds(10));
  EXPECT_EQ(house_.erased.size(), 1u);
}

TEST_F(FaultTest, TheFilesOfAnErasedStudyGoAlsoIfTheNextCommitFails) {
  Create(NetworkStudy("s"));
  Delete("s");
  for (int i = 0; i < 100 && *house_.store.HasStudyRows(1); ++i) house_.Settle();
  ASSERT_FALSE(*house_.store.HasStudyRows(1));
  ASSERT_TRUE(house_.erased.empty());
  FillDisk();
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  *request.mutable_study() = NetworkStudy("t");
  EXPECT_FALSE(house_.Call(&Core::CreateStudy, request).ok());
  EXPECT_EQ(house_.erased.size(), 1u);
}

TEST_F(FaultTest, AJumpOfTheCalendarDoesNotCountAfterAFailedCommit) {
  v1::Study study = NetworkStudy("s");
  study.mutable_limits()->mutable_max_duration()->set_seconds(100);
  Create(study);
  house_.Advance(absl::Seconds(10));
  house_.clock.JumpWall(absl::Hours(5));
  FillDisk();
  EXPECT_FALSE(house_.Stop("s").ok());
  MakeRoom();
  house_.Advance(absl::Seconds(80));
  EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
  house_.Advance(absl::Seconds(11));
  EXPECT_EQ(house_.study("s").row.end_reason, v1::Study::MAX_DURATION);
}

TEST_F(FaultTest, FailuresInARowAreCountedOverARestart) {
  Create(NetworkStudy("s", 100));
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE);
    house_.Advance(absl::Seconds(1));
    if (i % 2 == 1) house_.Restart();
    ASSERT_TRUE(Fail(house_.Acquire(worker).trial().token(), "broke").ok());
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
}

TEST_F(FaultTest, TrialsThatTakeTheirWorkersWithThemStopTheStudyToo) {
  v1::Study study = NetworkStudy("s", 100);
  study.mutable_limits()->set_max_attempts(2);
  Create(study);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(house_.study("s").row.state, v1::Study::ACTIVE) << i;
    EXPECT_EQ(house_.Acquire(house_.Register("w")).trial().trial().number(), i / 2);
    house_.Advance(absl::Seconds(62));
    if (i == 5) house_.Restart();
  }
  EXPECT_EQ(house_.study("s").row.state, v1::Study::STOPPED);
  EXPECT_THAT(house_.study("s").row.message,
              testing::HasSubstr("the lease was not renewed in time"));
  EXPECT_THAT(house_.study("s").row.message, testing::HasSubstr("caviar study resume s"));
}

TEST_F(FaultTest, AnEndedStudyTakesNoMoreOutcomesWhileItsTrialsAreBeingCancelled) {
  v1::Study study = NetworkStudy("s", 0);
  study.mutable_objective()->set_target(0.9);
  auto& idx = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  Create(study);
  const std::string worker = house_.Register("w");
  std::vector<v1::FencingToken> tokens;
  for (int i = 0; i < 500; ++i) tokens.push_back(house_.Acquire(worker).trial().token());
  ASSERT_TRUE(Report(tokens[0], 1, 0.91).ok());
  ASSERT_TRUE(Report(tokens[499], 1, 0.99).ok());
  house_.Queue<v1::UploadChunkResponse>(
      [token = ToToken(tokens[0])](Core& core) {
        storage::ArtifactRow row;
        row.step = 1;
        row.size = 10;
        row.file = "artifacts/1/0/1-weights-1.bin";
        return core.RecordArtifact(token, row);
      },
      [](auto response) { ASSERT_TRUE(response.ok()); });
  ASSERT_TRUE(Complete(tokens[0]).ok());
  ASSERT_EQ(house_.study("s").row.state, v1::Study::ENDED);
  ASSERT_EQ(house_.trial("s", 499).row.state, v1::Trial::RUNNING) << "not cancelled yet";
  EXPECT_TRUE(error::HasReason(Complete(tokens[499]).status(), error::kLeaseLost));
  EXPECT_EQ(house_.study("s").best, 0);
  house_.Advance(absl::Seconds(1));
  EXPECT_EQ(house_.study("s").counts.cancelled(), 499);
  EXPECT_EQ(house_.leases().size(), 0);
  EXPECT_EQ(house_.Acquire(worker).evaluation().trial().number(), 0);
}

TEST_F(FaultTest, EndFinishAndDeleteInOneBatchAreDecidedInTheirOrder) {
  for (const bool end_first : {true, false}) {
    const std::string name = end_first ? "a" : "b";
    Create(NetworkStudy(name));
    const auto work = house_.Acquire(house_.Register("w"));
    ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
    v1::StopStudyRequest end;
    *end.mutable_request_id() = house_.NewRequestId();
    end.set_study(name);
    end.set_end(true);
    v1::FinishWorkRequest finish;
    *finish.mutable_token() = work.trial().token();
    finish.mutable_completed();
    v1::DeleteStudyRequest remove;
    *remove.mutable_request_id() = house_.NewRequestId();
    remove.set_study(name);
    absl::Status ended, finished, removed, late;
    const auto queue_end = [&] {
      house_.Queue<v1::Study>([end](Core& core) { return core.StopStudy(end); },
                              [&](auto response) { ended = response.status(); });
    };
    if (end_first) queue_end();
    const auto queue_finish = [&](absl::Status* status) {
      house_.Queue<v1::FinishWorkResponse>([finish](Core& core) { return core.Finish(finish); },
                                           [status](auto r) { *status = r.status(); });
    };
    queue_finish(&finished);
    if (!end_first) queue_end();
    house_.Queue<v1::DeleteStudyResponse>([remove](Core& core) { return core.DeleteStudy(remove); },
                                          [&](auto response) { removed = response.status(); });
    queue_finish(&late);
    std::optional<v1::AcquireWorkResponse> granted;
    house_.QueueAcquire(house_.core().state().workers.begin()->first, "c", 1,
                        [&](auto response) { granted = *response; });
    house_.clock.Advance(absl::Seconds(14));
    house_.Settle();
    EXPECT_TRUE(ended.ok()) << ended;
    EXPECT_EQ(finished.ok(), !end_first) << finished;
    EXPECT_TRUE(removed.ok()) << removed;
    EXPECT_TRUE(error::HasReason(late, error::kLeaseLost));
    EXPECT_FALSE(granted);
    house_.Advance(absl::Minutes(2));
    EXPECT_EQ(house_.leases().size(), 0);
    EXPECT_TRUE(house_.core().state().studies.empty());
    house_.Restart();
    EXPECT_FALSE(house_.fatal);
  }
}

TEST_F(FaultTest, AnExpiredTrialIsFinishedOrGivenAwayButNotBothInOneBatch) {
  Create(NetworkStudy("s", 1));
  const auto first = house_.Acquire(house_.Register("a"));
  const std::string other = house_.Register("b");
  ASSERT_TRUE(Report(first.trial().token(), 1, 0.5).ok());
  house_.Advance(absl::Seconds(59));
  house_.clock.Advance(absl::Seconds(2));
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = first.trial().token();
  finish.mutable_completed();
  absl::Status finished = absl::UnknownError("none");
  std::optional<v1::AcquireWorkResponse> granted;
  house_.QueueAcquire(other, "c", 1, [&](auto response) { granted = *response; });
  house_.Queue<v1::FinishWorkResponse>([finish](Core& core) { return core.Finish(finish); },
                                       [&](auto r) { finished = r.status(); });
  house_.Settle();
  EXPECT_TRUE(finished.ok()) << finished;
  EXPECT_FALSE(granted);
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::COMPLETED);
  EXPECT_EQ(house_.leases().size(), 0);
}

TEST_F(FaultTest, ConflictsAreCountedAlsoWithinOneBatch) {
  Create(NetworkStudy("s"));
  const auto work = house_.Acquire(house_.Register("w"));
  std::vector<int> conflicts;
  for (const double value : {0.5, 0.9, 0.5, 0.8}) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = work.trial().token();
    request.add_measurements()->set_step(1);
    (*request.mutable_measurements(0)->mutable_metrics())["validation_accuracy"] = value;
    house_.Queue<v1::ReportMeasurementsResponse>(
        [request](Core& core) { return core.Report(request); },
        [&](auto response) { conflicts.push_back(response->conflicts()); });
  }
  house_.Settle();
  EXPECT_THAT(conflicts, ::testing::ElementsAre(0, 1, 0, 1));
  ASSERT_TRUE(Complete(work.trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.objective, 0.5);
}

TEST_F(FaultTest, AStaleTokenChangesNothingAndWhatItBroughtIsKeptApart) {
  Create(NetworkStudy("s"));
  const auto first = house_.Acquire(house_.Register("a"));
  house_.Advance(absl::Seconds(61));
  const auto second = house_.Acquire(house_.Register("b"));
  ASSERT_EQ(second.trial().trial().number(), 0);
  v1::GiveBackWorkRequest give_back;
  *give_back.add_tokens() = first.trial().token();
  const int64_t commit = house_.core().state().commit;
  EXPECT_FALSE(Complete(first.trial().token()).ok());
  EXPECT_FALSE(Fail(first.trial().token(), "stale").ok());
  EXPECT_TRUE(house_.Call(&Core::GiveBack, give_back).ok());
  EXPECT_EQ(house_.core().state().commit, commit) << "nothing was written";
  EXPECT_FALSE(Report(first.trial().token(), 1, 0.9).ok());
  EXPECT_EQ(house_.core().state().commit, commit + 1) << "kept apart";
  EXPECT_TRUE(house_.trial("s", 0).objective_values.empty());
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
  EXPECT_TRUE(Report(second.trial().token(), 1, 0.4).ok());
}

class LateTest : public FaultTest {
 protected:
  // A trial whose first lease is over: its token is stale.
  void SetUp() override {
    Create(NetworkStudy("s"));
    stale_ = house_.Acquire(house_.Register("a")).trial().token();
    house_.Advance(absl::Seconds(61));
    ASSERT_TRUE(house_.Acquire(house_.Register("b")).has_trial());
  }
  // Of as many values, at steps that follow `from`.
  absl::Status Send(int64_t from, int values) {
    v1::ReportMeasurementsRequest request;
    *request.mutable_token() = stale_;
    for (int i = 0; i < values; ++i) {
      auto& measurement = *request.add_measurements();
      measurement.set_step(from + i);
      (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
    }
    return house_.Call(&Core::Report, request).status();
  }
  void ReportLate(int64_t from, int values) {
    EXPECT_TRUE(error::HasReason(Send(from, values), error::kLeaseLost));
  }
  LateValues Counted() {
    const v1::ServerStatus status = *Status();
    return {status.late_values_kept(), status.late_values_dropped()};
  }
  v1::FencingToken stale_;
};

TEST_F(LateTest, ValuesBeyondWhatIsKeptForATrialAreCountedAsDropped) {
  EXPECT_EQ(Counted(), LateValues());
  for (int i = 0; i < 9; ++i) ReportLate(i * 1000, 1000);
  EXPECT_EQ(Counted(), (LateValues{9000, 0}));
  ReportLate(9000, 1001);
  EXPECT_EQ(Counted(), (LateValues{10'000, 1}));
  ReportLate(20'000, 5);
  EXPECT_EQ(Counted(), (LateValues{10'000, 6}));
  stale_.set_counter(stale_.counter() + 1'000);
  ReportLate(0, 2);
  EXPECT_EQ(Counted(), (LateValues{10'000, 8})) << "of a trial that nobody knows";
}

TEST_F(LateTest, ValuesOfAFailedCommitAreNotCounted) {
  FillDisk();
  EXPECT_TRUE(absl::IsUnavailable(Send(0, 3)));
  MakeRoom();
  EXPECT_EQ(Counted(), LateValues());
  ReportLate(0, 3);
  EXPECT_EQ(Counted(), (LateValues{3, 0}));
}

TEST_F(LateTest, ValuesAreSpokenOfOnceAMinute) {
  ReportLate(0, 1);
  ReportLate(1, 1);
  EXPECT_THAT(house_.late_words, ::testing::ElementsAre(LateValues{1, 0}));
  house_.Advance(absl::Seconds(61));
  EXPECT_THAT(house_.late_words, ::testing::ElementsAre(LateValues{1, 0}, LateValues{2, 0}));
  house_.Advance(absl::Hours(1));
  EXPECT_EQ(house_.late_words.size(), 2u) << "nothing new";
}

// Whose attempts cannot be found now.
class StoreWithoutAttempts : public simulation::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  absl::StatusOr<std::optional<storage::AttemptRow>> FindAttempt(int64_t, int64_t) override {
    return error_;
  }
  absl::Status error_ = absl::UnavailableError("simulated I/O error");
};

TEST(LateValuesTest, ThatCannotBePlacedAreToBeSentAgainOrEndTheProcess) {
  storage::MemoryStore memory;
  StoreWithoutAttempts store(&memory);
  Harness house(absl::Seconds(60), nullptr, &store);
  v1::ReportMeasurementsRequest request;
  request.mutable_token()->set_epoch(1);
  request.mutable_token()->set_counter(1);
  auto& measurement = *request.add_measurements();
  measurement.set_step(1);
  (*measurement.mutable_metrics())["validation_accuracy"] = 0.5;
  EXPECT_TRUE(absl::IsUnavailable(house.Call(&Core::Report, request).status()));
  EXPECT_EQ(house.core().Status().late_values_dropped(), 0) << "not yet";
  store.error_ = absl::DataLossError("a damaged row");
  EXPECT_EQ(house.Call(&Core::Report, request).status().code(), absl::StatusCode::kDeadlineExceeded)
      << "no answer";
  EXPECT_TRUE(house.fatal);
}

TEST_F(FaultTest, ATokenOfAnotherStoreIsStale) {
  Create(NetworkStudy("s"));
  v1::FencingToken token = house_.Acquire(house_.Register("w")).trial().token();
  token.set_epoch(token.epoch() + 1);
  EXPECT_TRUE(error::HasReason(Report(token, 1, 0.5).status(), error::kLeaseLost));
  EXPECT_TRUE(error::HasReason(Complete(token).status(), error::kLeaseLost));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING);
}

TEST_F(FaultTest, ATrialThatWasGivenBackDoesNotLiveAgainUnderTheOldToken) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  v1::GiveBackWorkRequest give_back;
  *give_back.add_tokens() = work.trial().token();
  ASSERT_TRUE(house_.Call(&Core::GiveBack, give_back).ok());
  EXPECT_TRUE(error::HasReason(Report(work.trial().token(), 1, 0.5).status(), error::kLeaseLost));
  EXPECT_FALSE(house_.core().Revive(ToToken(work.trial().token()), worker));
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(FaultTest, NobodyRevivesTheLeaseOfAnotherWorker) {
  Create(NetworkStudy("s"));
  const std::string owner = house_.Register("a"), other = house_.Register("b");
  const Token token = ToToken(house_.Acquire(owner).trial().token());
  EXPECT_FALSE(house_.core().Revive(token, other)) << "it would not be renewed either";
  EXPECT_TRUE(house_.core().Revive(token, owner));
}

TEST_F(FaultTest, NothingIsAnsweredBeforeItIsCommitted) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  const auto work = house_.Acquire(worker);
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  int answers = 0, answers_at_commit = -1;
  v1::FinishWorkRequest finish;
  *finish.mutable_token() = work.trial().token();
  finish.mutable_completed();
  house_.Queue<v1::FinishWorkResponse>([finish](Core& core) { return core.Finish(finish); },
                                       [&](auto) { ++answers; });
  house_.QueueAcquire(worker, "c", 1, [&](auto) { ++answers; });
  house_.store.SetBeforeApply([&](const storage::Batch&) {
    answers_at_commit = answers;
    return absl::OkStatus();
  });
  house_.Settle();
  EXPECT_EQ(answers_at_commit, 0);
  EXPECT_EQ(answers, 2);
}

TEST_F(TestEvaluationTest, ALeaseThatLivesAgainWasNotLost) {
  EndStudy(true);
  const auto work = house_.Acquire(worker_);
  const Token token = ToToken(work.evaluation().token());
  for (int i = 0; i < 5; ++i) {
    house_.Advance(absl::Seconds(61));
    ASSERT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING) << i;
    house_.Queue<bool>([&](Core& core) { return core.Revive(token, worker_); },
                       [](auto held) { EXPECT_TRUE(*held); });
    house_.Settle();
  }
  EXPECT_EQ(house_.study("s").evaluation->lost_leases, 0);
}

TEST_F(TestEvaluationTest, WhatWasGivenBackDoesNotLiveAgain) {
  EndStudy(true);
  const auto work = house_.Acquire(worker_);
  v1::GiveBackWorkRequest give_back;
  *give_back.add_tokens() = work.evaluation().token();
  ASSERT_TRUE(house_.Call(&Core::GiveBack, give_back).ok());
  for (const bool restart : {false, true}) {
    if (restart) house_.Restart();
    house_.Queue<bool>(
        [&](Core& core) { return core.Revive(ToToken(work.evaluation().token()), worker_); },
        [](auto held) { EXPECT_FALSE(*held); });
    house_.Settle();
    EXPECT_EQ(house_.study("s").evaluation->state, v1::TestEvaluation::WAITING);
  }
  EXPECT_TRUE(house_.Acquire(worker_).has_evaluation());
}

TEST_F(AskTest, ATellThatIsNotFiniteIsAnsweredTheSameWhenRepeated) {
  Create(ExternalStudy("s"));
  const auto asked = Ask("s");
  for (int i = 0; i < 3; ++i) {
    if (i == 2) house_.Restart();
    const auto told = house_.Call(&Core::Tell, TellRequest(*asked, std::nan("")));
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(told->state(), v1::Trial::INFEASIBLE);
  }
  EXPECT_FALSE(house_.Call(&Core::Tell, TellRequest(*asked, 0.5)).ok()) << "final is final";
}

TEST_F(AskTest, ARepeatedAskGetsTheSameTrialAndNoOtherStudyAnswersIt) {
  Create(ExternalStudy("s"));
  Create(ExternalStudy("t"));
  const auto first = Ask("s");
  --asks_;
  EXPECT_EQ(Ask("s")->SerializeAsString(), first->SerializeAsString());
  --asks_;
  house_.Restart();
  EXPECT_EQ(Ask("s")->SerializeAsString(), first->SerializeAsString());
  --asks_;
  EXPECT_EQ(Ask("t").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(house_.study("t").counts.running(), 0);
}

}  // namespace
}  // namespace caviar::coordinator
