// Studies that run the user's own program: who gets their trials, and how their attempts end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/command_study.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class CommandTest : public CoreTest {
 protected:
  std::string Worker(double cpus, int gpus = 0, const std::string& numerics = "") {
    v1::RegisterWorkerRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_name("w");
    request.set_slots(100);
    request.add_features("command");
    request.mutable_resources()->set_cpus(cpus);
    request.mutable_resources()->set_gpus(gpus);
    request.set_numerics_fingerprint(numerics);
    return house_.Call(&Core::RegisterWorker, request)->worker_id();
  }
  absl::Status RunAgain(const v1::FencingToken& token, const std::string& message) {
    v1::FinishWorkRequest request;
    *request.mutable_token() = token;
    request.mutable_run_again()->set_message(message);
    return house_.Call(&Core::Finish, request).status();
  }
  absl::Status GiveBack(const v1::FencingToken& token, const std::string& unusable = "") {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = token;
    request.set_unusable_checkpoint(unusable);
    return house_.Call(&Core::GiveBack, request).status();
  }
  absl::Status Checkpoint(const v1::TrialWork& work, int64_t step, const std::string& name) {
    storage::ArtifactRow row;
    row.kind = v1::Artifact::CHECKPOINT;
    row.step = step;
    row.size = 10;
    row.file = absl::StrCat("artifacts/1/", work.trial().number(), "/", name);
    house_.files.insert(row.file);
    absl::Status status = absl::DeadlineExceededError("no answer");
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(work.token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [&](const auto& response) { status = response.status(); });
    house_.Settle();
    return status;
  }
  // A trial that measures these values, with a checkpoint named after trial and step at each.
  v1::TrialWork Train(const std::vector<double>& values) {
    const auto work = house_.Acquire(worker_).trial();
    for (size_t i = 0; i < values.size(); ++i) {
      const auto step = static_cast<int64_t>(i) + 1;
      EXPECT_TRUE(Report(work.token(), step, values[i]).ok());
      EXPECT_TRUE(Checkpoint(work, step, absl::StrCat(work.trial().number(), "@", step)).ok());
    }
    return work;
  }
  // The names of the checkpoints that are on the disk.
  std::vector<std::string> Checkpoints() {
    std::vector<std::string> names;
    for (const std::string& file : house_.files) names.push_back(file.substr(file.rfind('/') + 1));
    return names;
  }
  // The same, as rows name them.
  std::vector<std::string> StoredCheckpoints() {
    std::vector<std::string> names;
    const storage::TrialReading stored = *house_.store.GetTrial(1, 0, true);
    for (const auto& row : stored.artifacts) {
      names.push_back(row.file.substr(row.file.rfind('/') + 1));
    }
    return names;
  }
  v1::Study KeepsLastAndBest() {
    v1::Study study = Resumable();
    study.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::LAST);
    study.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::BEST);
    return study;
  }
  v1::Study Resumable(int max_trials = 4) {
    v1::Study study = CommandStudy("s", max_trials);
    study.mutable_trainer()->mutable_command()->set_resumable(true);
    return study;
  }

  std::string worker_;
};

TEST_F(CommandTest, ItsTrialsGoToWorkersThatRunPrograms) {
  Create(CommandStudy("s"));
  EXPECT_FALSE(house_.Acquire(house_.Register("w")).has_trial());
  EXPECT_TRUE(house_.Acquire(Worker(1)).has_trial());
}

TEST_F(CommandTest, AWorkerGetsWhatFitsAndNoMore) {
  v1::Study study = CommandStudy("s", 10);
  study.mutable_trainer()->mutable_command()->mutable_resources()->set_cpus(2);
  Create(study);
  const std::string small = Worker(1), large = Worker(4);
  EXPECT_FALSE(house_.Acquire(small).has_trial());
  const auto first = house_.Acquire(large);
  EXPECT_TRUE(first.has_trial());
  EXPECT_TRUE(house_.Acquire(large).has_trial());
  EXPECT_FALSE(house_.Acquire(large).has_trial());
  EXPECT_TRUE(house_.Acquire(Worker(2)).has_trial()) << "workers are counted each for itself";
  ASSERT_TRUE(Fail(first.trial().token(), "x").ok());
  EXPECT_TRUE(house_.Acquire(large).has_trial());
}

TEST_F(CommandTest, AStudyThatNoWorkerCanRunSaysWhy) {
  v1::Study study = CommandStudy("s");
  study.mutable_trainer()->mutable_command()->mutable_resources()->set_gpus(2);
  (*study.mutable_workers())["zone"] = "b";
  Create(study);
  const auto message = [this] { return house_.study("s").row.message; };
  EXPECT_EQ(message(), "") << "no worker is known yet";
  house_.Advance(absl::Minutes(2));
  EXPECT_EQ(message(), "no worker can run it: there is none");
  house_.Register("w");
  EXPECT_THAT(message(), HasSubstr("no worker can run it: none runs programs"));
  v1::RegisterWorkerRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_name("w");
  request.set_slots(1);
  request.add_features("command");
  request.mutable_resources()->set_cpus(8);
  ASSERT_TRUE(house_.Call(&Core::RegisterWorker, request).ok());
  EXPECT_THAT(message(), HasSubstr("none has all of its labels (workers), zone=b"));
  (*request.mutable_labels())["zone"] = "b";
  request.mutable_resources()->set_gpus(1);
  *request.mutable_request_id() = house_.NewRequestId();
  ASSERT_TRUE(house_.Call(&Core::RegisterWorker, request).ok());
  EXPECT_THAT(message(), HasSubstr("takes 1 cpus, 2 gpus and 0 MiB of memory, and no worker offers "
                                   "all of that; the most that any offers is 8, 1 and 0"));
  request.mutable_resources()->set_gpus(2);
  *request.mutable_request_id() = house_.NewRequestId();
  const auto able = house_.Call(&Core::RegisterWorker, request);
  ASSERT_TRUE(able.ok());
  EXPECT_EQ(message(), "");
  // That one is gone without a word, or said so before a restart: nobody knows.
  house_.Restart();
  for (int i = 0; i < 7; ++i) {
    house_.Register("w");
    house_.Advance(absl::Minutes(1));
  }
  EXPECT_THAT(message(), HasSubstr("no worker can run it"));
}

TEST_F(CommandTest, PollsOfOneBatchShareAWorkersResources) {
  v1::Study study = CommandStudy("s", 10);
  study.mutable_trainer()->mutable_command()->mutable_resources()->set_gpus(1);
  Create(study);
  const std::string worker = Worker(16, 2);
  int granted = 0;
  for (int i = 0; i < 4; ++i) {
    house_.QueueAcquire(worker, "c", 100 + i, [&granted](const auto& response) {
      granted += response.ok() && response->has_trial() ? 1 : 0;
    });
  }
  house_.Settle();
  EXPECT_EQ(granted, 2);
}

TEST_F(CommandTest, WhatAWorkerRunsCountsAfterARestartToo) {
  v1::Study study = CommandStudy("s", 10);
  study.mutable_trainer()->mutable_command()->mutable_resources()->set_cpus(3);
  Create(study);
  const std::string worker = Worker(4);
  ASSERT_TRUE(house_.Acquire(worker).has_trial());
  house_.Restart();
  EXPECT_FALSE(house_.Acquire(worker).has_trial());
}

TEST_F(CommandTest, StudiesShareByWeight) {
  v1::Study light = CommandStudy("light", 100), heavy = CommandStudy("heavy", 100);
  heavy.mutable_limits()->set_weight(2);
  Create(light);
  Create(heavy);
  const std::string worker = Worker(1000);
  int of_heavy = 0;
  for (int i = 0; i < 30; ++i) {
    of_heavy += house_.Acquire(worker).trial().study().name() == "heavy" ? 1 : 0;
  }
  EXPECT_EQ(of_heavy, 20);
}

TEST_F(CommandTest, AProgramMayAskToBeRunAgainAsOftenAsLeasesMayBeLost) {
  v1::Study study = CommandStudy("s");
  study.mutable_limits()->set_max_attempts(2);
  Create(study);
  worker_ = Worker(1);
  const auto first = house_.Acquire(worker_).trial();
  ASSERT_TRUE(RunAgain(first.token(), "no licence").ok());
  ASSERT_TRUE(RunAgain(first.token(), "no licence").ok()) << "a repeat is answered again";
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  EXPECT_EQ(house_.trial("s", 0).attempt->outcome, v1::Attempt::RUN_AGAIN);
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 1);
  const auto second = house_.Acquire(worker_).trial();
  EXPECT_EQ(second.attempt(), 2);
  ASSERT_TRUE(RunAgain(second.token(), "no licence").ok());
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::FAILED);
  EXPECT_THAT(house_.trial("s", 0).row.message, HasSubstr("2 attempts came to nothing"));
  EXPECT_THAT(house_.trial("s", 0).row.message, HasSubstr("no licence"));
}

TEST_F(CommandTest, ARepeatIsAnsweredAsTheFirstThoughTheTrialIsAnothersByNow) {
  Create(CommandStudy("s"));
  worker_ = Worker(1);
  v1::FinishWorkRequest again, stopped;
  again.mutable_run_again()->set_message("no licence");
  stopped.mutable_stopped();
  int attempt = 0;
  for (v1::FinishWorkRequest* request : {&again, &stopped}) {
    SCOPED_TRACE(request->ShortDebugString());
    *request->mutable_token() = house_.Acquire(worker_).trial().token();
    const auto first = house_.Call(&Core::Finish, *request);
    ASSERT_TRUE(first.ok()) << first.status();
    const auto other = house_.Acquire(worker_).trial();
    ASSERT_EQ(other.trial().number(), 0);
    attempt += 2;
    for (const bool restart : {false, true}) {
      if (restart) house_.Restart();
      const auto repeat = house_.Call(&Core::Finish, *request);
      ASSERT_TRUE(repeat.ok()) << restart << ": " << repeat.status();
      EXPECT_EQ(repeat->state(), first->state());
      EXPECT_EQ(house_.trial("s", 0).attempt->number, attempt);
      EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::RUNNING) << "the other trains it";
    }
    ASSERT_TRUE(GiveBack(other.token()).ok());
  }
  const auto is_refused = [](const absl::Status& status) {
    return error::HasReason(status, error::kLeaseLost);
  };
  EXPECT_TRUE(is_refused(RunAgain(again.token(), "another reason")));
  EXPECT_TRUE(is_refused(Complete(again.token()).status()));
  EXPECT_TRUE(is_refused(Fail(again.token(), "no licence").status()));
}

TEST_F(CommandTest, AnAttemptThatOnlyLostItsLeaseWasNotFinishedBefore) {
  Create(CommandStudy("s"));
  worker_ = Worker(1);
  v1::FinishWorkRequest stopped;
  *stopped.mutable_token() = house_.Acquire(worker_).trial().token();
  stopped.mutable_stopped();
  house_.Advance(absl::Minutes(3));
  ASSERT_EQ(house_.Acquire(worker_).trial().attempt(), 2);
  EXPECT_TRUE(error::HasReason(house_.Call(&Core::Finish, stopped).status(), error::kLeaseLost));
  EXPECT_TRUE(error::HasReason(RunAgain(stopped.token(), ""), error::kLeaseLost));
}

TEST_F(CommandTest, GivenBackTenTimesWithoutANewStepItFails) {
  Create(CommandStudy("s"));
  worker_ = Worker(1);
  for (int i = 0; i < 9; ++i) {
    const auto work = house_.Acquire(worker_).trial();
    ASSERT_EQ(work.trial().number(), 0);
    ASSERT_TRUE(GiveBack(work.token()).ok());
  }
  // A step further: counted from the start.
  auto work = house_.Acquire(worker_).trial();
  ASSERT_TRUE(Report(work.token(), 1, 0.5).ok());
  ASSERT_TRUE(GiveBack(work.token()).ok());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING) << i;
    if (i == 5) house_.Restart();
    work = house_.Acquire(worker_).trial();
    ASSERT_TRUE(Report(work.token(), 1, 0.5).ok()) << "it began anew, and comes no further";
    ASSERT_TRUE(GiveBack(work.token()).ok());
  }
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::FAILED);
  EXPECT_THAT(house_.trial("s", 0).row.message, HasSubstr("given back 10 times in a row"));
  EXPECT_EQ(house_.trial("s", 0).row.lost_leases, 0);
}

TEST_F(CommandTest, WhatAWorkerCouldNotDoCountsAgainstNobody) {
  v1::Study study = CommandStudy("s", 2);
  study.mutable_limits()->set_max_attempts(1);
  Create(study);
  worker_ = Worker(4);
  for (int i = 0; i < 20; ++i) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = house_.Acquire(worker_).trial().token();
    request.set_worker_trouble("no room");
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
    house_.AdvanceWith(worker_, absl::Minutes(10));
  }
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
  EXPECT_EQ(house_.trial("s", 0).row.fruitless, 0);
  EXPECT_EQ(house_.trial("s", 0).row.message,
            "given back by worker w, which could not do it: no room");
  EXPECT_EQ(house_.study("s").row.message,
            "trial 0 waits: given back by worker w, which could not do it: no room");
  const auto work = house_.Acquire(worker_).trial();
  EXPECT_EQ(work.trial().number(), 0);
  EXPECT_EQ(house_.study("s").row.message, "") << "it waits no more";
  ASSERT_TRUE(Report(work.token(), 1, 0.5).ok());
  EXPECT_TRUE(Complete(work.token()).ok());
  EXPECT_EQ(house_.study("s").row.message, "");
}

class RestTest : public CommandTest {
 protected:
  // What rests for the worker, and for how many seconds.
  std::vector<std::string> Rests() {
    std::vector<std::string> rests;
    const v1::ListWorkersResponse listed = house_.core().Workers();
    if (listed.workers_size() != 1) return {"no worker"};
    for (const v1::StudyRest& rest : listed.workers(0).rests()) {
      rests.push_back(absl::StrCat(rest.study(), " ", rest.left().seconds()));
    }
    return rests;
  }
  void GiveBackInTrouble(const v1::FencingToken& token) {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = token;
    request.set_worker_trouble("no room");
    ASSERT_TRUE(house_.Call(&Core::GiveBack, request).ok());
  }
};

TEST_F(RestTest, IsToldWithTheWorker) {
  Create(CommandStudy("s", 2));
  Create(NetworkStudy("t", 2));
  worker_ = Worker(4);
  house_.sightings().Saw(worker_, house_.clock.Steady(), /*leaving=*/false);
  EXPECT_THAT(Rests(), IsEmpty());
  GiveBackInTrouble(house_.Acquire(worker_).trial().token());
  house_.Advance(absl::Seconds(2));
  EXPECT_THAT(Rests(), ElementsAre("s 3"));
  house_.Advance(absl::Seconds(3));
  EXPECT_THAT(Rests(), IsEmpty());
}

TEST_F(RestTest, IsEndedByNothingThatTheWorkerHadBefore) {
  Create(CommandStudy("s", 9));
  worker_ = Worker(4);
  house_.sightings().Saw(worker_, house_.clock.Steady(), /*leaving=*/false);
  const auto earlier = house_.Acquire(worker_).trial(), too = house_.Acquire(worker_).trial();
  GiveBackInTrouble(house_.Acquire(worker_).trial().token());
  ASSERT_TRUE(Report(earlier.token(), 1, 0.5).ok());
  ASSERT_TRUE(Complete(earlier.token()).ok());
  EXPECT_THAT(Rests(), ElementsAre("s 5"));
  house_.Advance(absl::Seconds(5));
  GiveBackInTrouble(too.token());
  EXPECT_THAT(Rests(), IsEmpty()) << "nor lengthened";
  GiveBackInTrouble(house_.Acquire(worker_).trial().token());
  EXPECT_THAT(Rests(), ElementsAre("s 10"));
  house_.Advance(absl::Seconds(10));
  ASSERT_TRUE(Report(house_.Acquire(worker_).trial().token(), 1, 0.5).ok());
  GiveBackInTrouble(house_.Acquire(worker_).trial().token());
  EXPECT_THAT(Rests(), ElementsAre("s 5")) << "it did some in between";
}

TEST_F(CommandTest, TheBuiltInTrainerMayBeGivenBackAsOftenAsItTakes) {
  Create(NetworkStudy("s"));
  const std::string worker = house_.Register("w");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(GiveBack(house_.Acquire(worker).trial().token()).ok());
  EXPECT_EQ(house_.trial("s", 0).row.state, v1::Trial::WAITING);
}

TEST_F(CommandTest, OnlyTheLastCheckpointIsKeptAndNoneOfAFinalTrial) {
  Create(Resumable());
  worker_ = Worker(4);
  const auto work = Train({0.3, 0.9, 0.5});
  EXPECT_THAT(Checkpoints(), ElementsAre("0@3"));
  ASSERT_TRUE(Complete(work.token()).ok());
  EXPECT_THAT(Checkpoints(), ElementsAre());
}

TEST_F(CommandTest, TheBestCheckpointIsKeptBesideTheLastOneAndTheTrialGoesOnFromTheLast) {
  Create(KeepsLastAndBest());
  worker_ = Worker(4);
  const auto work = Train({0.3, 0.9, 0.5, 0.6});
  EXPECT_THAT(Checkpoints(), UnorderedElementsAre("0@2", "0@4"));
  ASSERT_TRUE(GiveBack(work.token()).ok());
  house_.Restart();
  const auto again = house_.Acquire(worker_).trial();
  EXPECT_EQ(again.checkpoint().step(), 4);
  ASSERT_TRUE(Report(again.token(), 5, 0.95).ok());
  ASSERT_TRUE(Checkpoint(again, 5, "0@5").ok());
  EXPECT_THAT(Checkpoints(), ElementsAre("0@5")) << "it is both";
}

class UnusableCheckpointTest : public CommandTest, public testing::WithParamInterface<bool> {
 protected:
  void MayRestart() {
    if (GetParam()) house_.Restart();
  }
  // The next attempt cannot use the checkpoint that it is to go on from.
  void GiveBackUnused() {
    const auto work = house_.Acquire(worker_).trial();
    EXPECT_TRUE(work.has_checkpoint());
    EXPECT_TRUE(GiveBack(work.token(), "it is not there").ok());
    MayRestart();
  }
  const TrialState& Trial() { return house_.trial("s", 0); }
};

INSTANTIATE_TEST_SUITE_P(, UnusableCheckpointTest, testing::Bool(), [](const auto& info) {
  return info.param ? "WithRestarts" : "WithoutRestarts";
});

TEST_P(UnusableCheckpointTest, LetsTheTrialGoOnFromTheBestOne) {
  Create(KeepsLastAndBest());
  worker_ = Worker(4);
  ASSERT_TRUE(GiveBack(Train({0.3, 0.9, 0.5, 0.6}).token()).ok());
  GiveBackUnused();
  EXPECT_THAT(StoredCheckpoints(), ElementsAre("0@2"));
  EXPECT_THAT(Checkpoints(), ElementsAre("0@2"));
  const auto third = house_.Acquire(worker_).trial();
  EXPECT_EQ(third.checkpoint().attempt(), 1);
  EXPECT_EQ(third.checkpoint().step(), 2);
  EXPECT_EQ(Trial().attempt->parent_attempt, 1);
  EXPECT_EQ(Trial().attempt->resumed_from_step, 2);
  MayRestart();
  EXPECT_THAT(Trial().objective_values, ElementsAre(Pair(1, 0.3), Pair(2, 0.9)));
  ASSERT_TRUE(Report(third.token(), 3, 0.7).ok());
  EXPECT_TRUE(Checkpoint(third, 3, "again").ok()) << "nothing later is stored any more";
  EXPECT_THAT(StoredCheckpoints(), ElementsAre("0@2", "again"));
  EXPECT_THAT(Checkpoints(), ElementsAre("0@2", "again"));
  MayRestart();
  ASSERT_TRUE(Complete(third.token()).ok());
  EXPECT_EQ(Trial().row.objective, 0.9);
  EXPECT_THAT(StoredCheckpoints(), IsEmpty());
  EXPECT_THAT(Checkpoints(), IsEmpty());
}

TEST_P(UnusableCheckpointTest, LetsTheTrialStartAnewWhereTheBestOneIsOfNoUseEither) {
  Create(KeepsLastAndBest());
  worker_ = Worker(4);
  ASSERT_TRUE(GiveBack(Train({0.9, 0.5}).token()).ok());
  GiveBackUnused();
  GiveBackUnused();
  EXPECT_THAT(StoredCheckpoints(), IsEmpty());
  EXPECT_THAT(Checkpoints(), IsEmpty());
  const auto fourth = house_.Acquire(worker_).trial();
  EXPECT_FALSE(fourth.has_checkpoint());
  EXPECT_EQ(Trial().attempt->parent_attempt, 0);
  EXPECT_THAT(Trial().objective_values, IsEmpty());
}

TEST_P(UnusableCheckpointTest, TheBestOneMayBeOfOtherNumerics) {
  const std::string old = Worker(4, 0, "AVX2"), modern = Worker(4, 0, "AVX-512");
  Create(KeepsLastAndBest());
  worker_ = old;
  ASSERT_TRUE(GiveBack(Train({0.3, 0.9}).token()).ok());
  const auto second = house_.Acquire(modern).trial();
  ASSERT_TRUE(Report(second.token(), 3, 0.5).ok());
  ASSERT_TRUE(Checkpoint(second, 3, "0@3").ok());
  ASSERT_TRUE(GiveBack(second.token()).ok());
  MayRestart();
  worker_ = modern;
  GiveBackUnused();
  EXPECT_FALSE(Trial().attempt->numerics_changed) << "of the last one";
  const auto fourth = house_.Acquire(old).trial();
  EXPECT_EQ(fourth.checkpoint().step(), 2);
  EXPECT_FALSE(Trial().attempt->numerics_changed);
  ASSERT_TRUE(GiveBack(fourth.token()).ok());
  MayRestart();
  EXPECT_EQ(house_.Acquire(modern).trial().checkpoint().step(), 2);
  EXPECT_TRUE(Trial().attempt->numerics_changed);
}

TEST_F(CommandTest, CheckpointsOfTheBestTrialsStayWhenTheyAreFinal) {
  v1::Study study = Resumable(5);
  study.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::BEST);
  study.mutable_checkpoints()->set_keep_trials(2);
  Create(study);
  worker_ = Worker(4);
  for (const double best : {0.5, 0.7, 0.6}) {
    ASSERT_TRUE(Complete(Train({0.1, best, 0.2}).token()).ok());
  }
  EXPECT_THAT(Checkpoints(), UnorderedElementsAre("1@2", "2@2"));
  ASSERT_TRUE(Fail(Train({0.8, 0.9}).token(), "x").ok());
  EXPECT_THAT(Checkpoints(), UnorderedElementsAre("1@2", "2@2")) << "it failed";
  house_.Restart();
  ASSERT_TRUE(Complete(Train({0.99}).token()).ok());
  EXPECT_THAT(Checkpoints(), UnorderedElementsAre("1@2", "4@1"));
}

TEST_F(CommandTest, InASharedFolderOnlyTheBestTrialsCheckpointsStay) {
  v1::Study study = Resumable(3);
  study.mutable_checkpoints()->set_store("/shared");
  study.mutable_checkpoints()->set_keep_trials(1);
  Create(study);
  worker_ = Worker(4);
  ASSERT_TRUE(Complete(Train({0.1, 0.5}).token()).ok());
  ASSERT_EQ(house_.shared.size(), 1u);
  EXPECT_EQ(house_.shared[0].store, "/shared");
  EXPECT_EQ(house_.shared[0].study, "s");
  EXPECT_EQ(house_.shared[0].number, 0);
  EXPECT_THAT(house_.shared[0].keep, ElementsAre(testing::Pair(1, 2)));
  ASSERT_TRUE(Complete(Train({0.9}).token()).ok());
  ASSERT_EQ(house_.shared.size(), 3u);
  EXPECT_THAT(house_.shared[1].keep, ElementsAre(testing::Pair(1, 1)));
  EXPECT_EQ(house_.shared[2].number, 0) << "it is the best one no longer";
  EXPECT_THAT(house_.shared[2].keep, ElementsAre());
  v1::DeleteStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  ASSERT_TRUE(house_.Call(&Core::DeleteStudy, request).ok());
  ASSERT_EQ(house_.shared.size(), 5u);
  EXPECT_THAT(house_.shared[4].keep, ElementsAre());
}

}  // namespace
}  // namespace caviar::coordinator
