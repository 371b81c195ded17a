// Checkpoints: which are taken, which stay, and how a trial goes on from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <vector>

#include "caviar/v1/error_detail.h"
#include "tests/server/coordinator/core_fixture.h"

namespace caviar::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class CheckpointTest : public CoreTest {
 protected:
  // Hands in a file as an upload does: first the file, then its row.
  absl::Status Store(const v1::FencingToken& token, v1::Artifact::Kind kind, int64_t step,
                     const std::string& file) {
    house_.files.insert(file);
    storage::ArtifactRow row;
    row.kind = kind;
    row.step = step;
    row.size = 10;
    row.file = file;
    absl::Status status = absl::DeadlineExceededError("no answer");
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(token), row](Core& core) { return core.RecordArtifact(token, row); },
        [&](const absl::StatusOr<v1::UploadChunkResponse>& response) {
          status = response.status();
          EXPECT_TRUE(!response.ok() || response->received() == 10);
        });
    house_.Settle();
    return status;
  }
  absl::Status Checkpoint(const v1::FencingToken& token, int64_t step, const std::string& name) {
    return Store(token, v1::Artifact::CHECKPOINT, step, FileOf(name));
  }
  static std::string FileOf(const std::string& name) { return "artifacts/1/0/" + name; }

  absl::Status GiveBack(const v1::FencingToken& token, const std::string& unusable = "") {
    v1::GiveBackWorkRequest request;
    *request.add_tokens() = token;
    request.set_unusable_checkpoint(unusable);
    return house_.Call(&Core::GiveBack, request).status();
  }

  // An attempt at trial 0 by a worker of its own; it measures these values from step `first` on.
  v1::TrialWork Attempt(int64_t first = 1, const std::vector<double>& values = {}) {
    const auto work = house_.Acquire(house_.Register("w"));
    EXPECT_TRUE(work.has_trial());
    EXPECT_EQ(work.trial().trial().number(), 0);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_TRUE(Report(work.trial().token(), first + static_cast<int64_t>(i), values[i]).ok());
    }
    return work.trial();
  }

  // What the store holds of trial 0.
  storage::TrialReading Stored() { return *house_.store.GetTrial(1, 0, true); }
  std::vector<std::pair<int64_t, double>> StoredCurve() {
    std::vector<std::pair<int64_t, double>> curve;
    for (const auto& row : Stored().measurements) curve.emplace_back(row.step, row.value);
    return curve;
  }
  std::vector<std::string> StoredFiles() {
    std::vector<std::string> files;
    for (const auto& row : Stored().artifacts) files.push_back(row.file);
    return files;
  }
  const TrialState& Trial() { return house_.trial("s", 0); }
};

TEST_F(CheckpointTest, IsTakenOnlyAfterTheMeasurementsUpToIt) {
  Create(NetworkStudy("s"));
  const auto work = Attempt();
  EXPECT_TRUE(Checkpoint(work.token(), 0, "a").ok()) << "before the first step";
  const absl::Status early = Checkpoint(work.token(), 1, "b");
  EXPECT_EQ(early.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(early.message()), HasSubstr("at step 1"));
  ASSERT_TRUE(Report(work.token(), 1, 0.5).ok());
  EXPECT_TRUE(Checkpoint(work.token(), 1, "c").ok());
  EXPECT_THAT(std::string(Checkpoint(work.token(), 2, "d").message()), HasSubstr("is of step 1"));
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("c")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("c"))) << "what was refused is not kept";
}

TEST_F(CheckpointTest, TakesThePlaceOfTheOlderOne) {
  Create(NetworkStudy("s"));
  const auto work = Attempt(1, {0.1, 0.2, 0.3});
  ASSERT_TRUE(Checkpoint(work.token(), 1, "a").ok());
  ASSERT_TRUE(Checkpoint(work.token(), 2, "b").ok());
  ASSERT_TRUE(Checkpoint(work.token(), 2, "c").ok()) << "of the same step, some updates later";
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("c")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("c")));
  EXPECT_EQ(Checkpoint(work.token(), 1, "late").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Checkpoint(work.token(), 2, "c").ok()) << "a repeat";
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("c")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("c")));
}

TEST_F(CheckpointTest, KeepsItsFileForAsLongAsItsRow) {
  Create(NetworkStudy("s"));
  const auto work = Attempt(1, {0.1, 0.2});
  ASSERT_TRUE(Checkpoint(work.token(), 1, "a").ok());
  house_.store.SetBeforeApply(
      [](const storage::Batch&) { return absl::ResourceExhaustedError("disk full"); });
  EXPECT_EQ(Checkpoint(work.token(), 2, "b").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Complete(work.token()).status().code(), absl::StatusCode::kUnavailable);
  house_.store.SetBeforeApply(nullptr);
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("a")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("a"), FileOf("b"))) << "b is an orphan now";
  EXPECT_THAT(house_.core().Files(), ElementsAre(FileOf("a")));
  ASSERT_TRUE(Checkpoint(work.token(), 2, "b").ok());
  EXPECT_THAT(house_.files, ElementsAre(FileOf("b")));
}

TEST_F(CheckpointTest, GoesWithAllButTheObjectivesNetworkWhenTheTrialIsFinal) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.1, 0.2});
  ASSERT_TRUE(Checkpoint(first.token(), 1, "a").ok());
  ASSERT_TRUE(Store(first.token(), v1::Artifact::WEIGHTS, 1, FileOf("old")).ok());
  ASSERT_TRUE(GiveBack(first.token()).ok());
  const auto second = Attempt(2, {0.9, 0.3});
  ASSERT_TRUE(Checkpoint(second.token(), 3, "b").ok());
  ASSERT_TRUE(Store(second.token(), v1::Artifact::WEIGHTS, 3, FileOf("of-step-3")).ok());
  ASSERT_TRUE(Store(second.token(), v1::Artifact::WEIGHTS, 2, FileOf("of-step-2")).ok());
  house_.files.insert(FileOf("unfinished"));
  ASSERT_TRUE(Complete(second.token()).ok());
  EXPECT_EQ(Trial().row.objective_step, 2);
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("of-step-2")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("of-step-2")));
  house_.Restart();
  EXPECT_THAT(house_.core().Files(), ElementsAre(FileOf("of-step-2")));
}

TEST_F(CheckpointTest, GoesAlsoWhenTheTrialFailsOrIsCancelled) {
  Create(NetworkStudy("s"));
  const auto work = Attempt(1, {0.1});
  ASSERT_TRUE(Checkpoint(work.token(), 1, "a").ok());
  ASSERT_TRUE(Fail(work.token(), "broke").ok());
  EXPECT_THAT(StoredFiles(), IsEmpty());
  EXPECT_THAT(house_.files, IsEmpty());

  const auto second = house_.Acquire(house_.Register("w")).trial();
  ASSERT_TRUE(Report(second.token(), 1, 0.5).ok());
  ASSERT_TRUE(Store(second.token(), v1::Artifact::CHECKPOINT, 1, "artifacts/1/1/a").ok());
  ASSERT_TRUE(GiveBack(second.token()).ok());
  ASSERT_TRUE(house_.Stop("s", /*end=*/true).ok());
  EXPECT_EQ(house_.trial("s", 1).row.state, v1::Trial::CANCELLED);
  EXPECT_THAT(house_.files, IsEmpty());
}

TEST_F(CheckpointTest, IsWhatATrialGoesOnFromWhenItIsHandedOutAgain) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.5, 0.9, 0.99});
  ASSERT_TRUE(Checkpoint(first.token(), 2, "a").ok());
  EXPECT_FALSE(first.has_checkpoint());
  house_.Advance(absl::Seconds(61));
  const auto second = Attempt();
  EXPECT_EQ(second.attempt(), 2);
  EXPECT_EQ(second.checkpoint().study(), "s");
  EXPECT_EQ(second.checkpoint().attempt(), 1);
  EXPECT_EQ(second.checkpoint().kind(), v1::Artifact::CHECKPOINT);
  EXPECT_EQ(second.checkpoint().step(), 2);
  EXPECT_EQ(second.checkpoint().size(), 10);
  EXPECT_EQ(Trial().attempt->parent_attempt, 1);
  EXPECT_EQ(Trial().attempt->resumed_from_step, 2);
  EXPECT_EQ(Trial().row.last_step, 2);
  EXPECT_EQ(Stored().trial.last_step, 2);
  EXPECT_THAT(StoredCurve(), ElementsAre(Pair(1, 0.5), Pair(2, 0.9)));
  ASSERT_TRUE(Report(second.token(), 3, 0.7).ok());
  EXPECT_THAT(StoredCurve(), ElementsAre(Pair(1, 0.5), Pair(2, 0.9), Pair(3, 0.7)));
  ASSERT_TRUE(Complete(second.token()).ok());
  EXPECT_EQ(Trial().row.objective, 0.9) << "measured by its parent";
  EXPECT_EQ(Trial().row.objective_step, 2);
  EXPECT_EQ(Trial().row.lost_leases, 1);
}

class CurveTest : public CheckpointTest, public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(, CurveTest, testing::Bool(), [](const auto& info) {
  return info.param ? "WithRestarts" : "WithoutRestarts";
});

TEST_P(CurveTest, GoesOverManyAttempts) {
  const auto pause = [&] {
    if (GetParam()) house_.Restart();
  };
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.1, 0.2, 0.3});
  ASSERT_TRUE(Checkpoint(first.token(), 2, "a").ok());
  pause();
  ASSERT_TRUE(GiveBack(first.token()).ok());
  // Makes no checkpoint: the next one goes on from where it did.
  const auto second = Attempt(3, {0.4, 0.5});
  EXPECT_EQ(second.checkpoint().attempt(), 1);
  pause();
  ASSERT_TRUE(GiveBack(second.token()).ok());
  pause();
  const auto third = Attempt(3, {0.6, 0.7, 0.8});
  EXPECT_EQ(third.checkpoint().attempt(), 1);
  ASSERT_TRUE(Checkpoint(third.token(), 4, "c").ok());
  ASSERT_TRUE(GiveBack(third.token()).ok());
  pause();
  const auto fourth = Attempt();
  EXPECT_EQ(fourth.checkpoint().attempt(), 3);
  EXPECT_EQ(Trial().attempt->parent_attempt, 3);
  pause();
  const std::map<int64_t, double> expected = {{1, 0.1}, {2, 0.2}, {3, 0.6}, {4, 0.7}};
  EXPECT_EQ(Trial().objective_values, expected);
  EXPECT_EQ(Trial().row.last_step, 4);
  EXPECT_TRUE(Checkpoint(fourth.token(), 4, "d").ok()) << "nothing measured since";
  EXPECT_FALSE(Checkpoint(fourth.token(), 5, "e").ok());
  ASSERT_TRUE(Report(fourth.token(), 5, 0.05).ok());
  pause();
  ASSERT_TRUE(Complete(fourth.token()).ok());
  EXPECT_EQ(Trial().row.objective, 0.7);
  EXPECT_EQ(Trial().row.objective_step, 4);
  EXPECT_THAT(StoredCurve(),
              ElementsAre(Pair(1, 0.1), Pair(2, 0.2), Pair(3, 0.6), Pair(4, 0.7), Pair(5, 0.05)));
}

TEST_F(CheckpointTest, WhatAnAttemptMeasuresBeforeItIsNotOnTheCurve) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.1, 0.2});
  ASSERT_TRUE(Checkpoint(first.token(), 2, "a").ok());
  ASSERT_TRUE(GiveBack(first.token()).ok());
  const auto second = Attempt(1, {0.99, 0.98, 0.3});
  EXPECT_THAT(Trial().objective_values, ElementsAre(Pair(1, 0.1), Pair(2, 0.2), Pair(3, 0.3)));
  house_.Restart();
  EXPECT_THAT(Trial().objective_values, ElementsAre(Pair(1, 0.1), Pair(2, 0.2), Pair(3, 0.3)));
  EXPECT_THAT(StoredCurve(), ElementsAre(Pair(1, 0.1), Pair(2, 0.2), Pair(3, 0.3)));
  ASSERT_TRUE(Complete(second.token()).ok());
  EXPECT_EQ(Trial().row.objective, 0.3);
}

TEST_F(CheckpointTest, BeforeTheFirstStepIsGoneOnFromToo) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9});
  ASSERT_TRUE(Checkpoint(first.token(), 0, "a").ok());
  ASSERT_TRUE(GiveBack(first.token()).ok());
  const auto second = Attempt();
  EXPECT_EQ(second.checkpoint().step(), 0);
  EXPECT_EQ(Trial().attempt->parent_attempt, 1);
  EXPECT_EQ(Trial().row.last_step, std::nullopt);
  EXPECT_THAT(StoredCurve(), IsEmpty());
}

TEST_F(CheckpointTest, ATrialWithoutOneStartsAnew) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9});
  ASSERT_TRUE(GiveBack(first.token()).ok());
  const auto second = Attempt();
  EXPECT_FALSE(second.has_checkpoint());
  EXPECT_EQ(Trial().attempt->parent_attempt, 0);
  EXPECT_THAT(Trial().objective_values, IsEmpty());
  EXPECT_THAT(StoredCurve(), IsEmpty());
}

TEST_F(CheckpointTest, ThatCannotBeUsedIsForgottenAndTheTrialStartsAnew) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9, 0.8});
  ASSERT_TRUE(Checkpoint(first.token(), 2, "a").ok());
  house_.Advance(absl::Seconds(61));
  const auto second = Attempt();
  ASSERT_TRUE(GiveBack(second.token(), "its checksum is wrong").ok());
  EXPECT_EQ(Trial().row.state, v1::Trial::WAITING);
  EXPECT_EQ(Trial().row.lost_leases, 1) << "a given-back trial is not counted";
  EXPECT_EQ(Stored().attempts[1].outcome, v1::Attempt::GIVEN_BACK);
  EXPECT_THAT(Stored().attempts[1].message, HasSubstr("checkpoint: its checksum is wrong"));
  EXPECT_THAT(StoredFiles(), IsEmpty());
  EXPECT_THAT(house_.files, IsEmpty());
  ASSERT_TRUE(GiveBack(second.token(), "its checksum is wrong").ok()) << "a repeat";
  house_.Restart();
  const auto third = Attempt(1, {0.1});
  EXPECT_FALSE(third.has_checkpoint());
  EXPECT_EQ(Trial().attempt->parent_attempt, 0);
  EXPECT_THAT(StoredCurve(), ElementsAre(Pair(1, 0.1)));
  ASSERT_TRUE(Complete(third.token()).ok());
  EXPECT_EQ(Trial().row.objective, 0.1);
}

TEST_F(CheckpointTest, OfTheAttemptItselfIsNotTheOneThatCannotBeUsed) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9});
  ASSERT_TRUE(Checkpoint(first.token(), 1, "a").ok());
  ASSERT_TRUE(GiveBack(first.token(), "there was none").ok());
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("a")));
  const auto second = Attempt(2, {0.8});
  ASSERT_TRUE(Checkpoint(second.token(), 2, "b").ok());
  ASSERT_TRUE(GiveBack(second.token(), "late").ok());
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("b")));
}

TEST_F(CheckpointTest, ThatAStaleWorkerSendsChangesNothing) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9});
  ASSERT_TRUE(Checkpoint(first.token(), 1, "a").ok());
  ASSERT_TRUE(GiveBack(first.token()).ok());
  EXPECT_TRUE(error::HasReason(Checkpoint(first.token(), 1, "b"), error::kLeaseLost));
  EXPECT_TRUE(error::HasReason(Checkpoint(first.token(), 1, "a"), error::kLeaseLost));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("a"))) << "a repeat does not cost the file";
  const auto second = Attempt();
  EXPECT_TRUE(error::HasReason(Checkpoint(first.token(), 1, "c"), error::kLeaseLost));
  ASSERT_TRUE(GiveBack(first.token(), "unusable").ok());
  EXPECT_EQ(Trial().row.state, v1::Trial::RUNNING);
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("a")));
  EXPECT_EQ(second.checkpoint().attempt(), 1);
}

TEST_F(CheckpointTest, IsInEveryAnswerToTheSameAcquire) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.9});
  ASSERT_TRUE(Checkpoint(first.token(), 1, "a").ok());
  ASSERT_TRUE(GiveBack(first.token()).ok());
  const std::string worker = house_.Register("w");
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    if (i == 2) house_.Restart();
    house_.QueueAcquire(worker, "c", 5, [&](auto response) {
      EXPECT_EQ(response->trial().checkpoint().step(), 1);
      answers.push_back(response->SerializeAsString());
    });
    house_.Settle();
  }
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0], answers[2]);
}

TEST_F(CheckpointTest, AFileThatComesAgainInTheBatchThatReplacedItStays) {
  Create(NetworkStudy("s"));
  const auto work = Attempt(1, {0.9});
  ASSERT_TRUE(Checkpoint(work.token(), 1, "a").ok());
  for (const char* name : {"b", "a"}) {
    storage::ArtifactRow row;
    row.kind = v1::Artifact::CHECKPOINT;
    row.step = 1;
    row.file = FileOf(name);
    house_.files.insert(row.file);
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(work.token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [](const auto& response) { EXPECT_TRUE(response.ok()) << response.status(); });
  }
  house_.Settle();
  EXPECT_THAT(StoredFiles(), ElementsAre(FileOf("a")));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("a")));
}

TEST_F(CheckpointTest, ALeaseThatLivesAgainGoesOnWithItsOwnCurve) {
  Create(NetworkStudy("s"));
  const auto first = Attempt(1, {0.5});
  ASSERT_TRUE(Checkpoint(first.token(), 1, "a").ok());
  house_.Advance(absl::Seconds(61));
  ASSERT_EQ(Trial().row.state, v1::Trial::WAITING);
  ASSERT_TRUE(Report(first.token(), 2, 0.6).ok());
  ASSERT_TRUE(Checkpoint(first.token(), 2, "b").ok());
  EXPECT_EQ(Trial().attempt->parent_attempt, 0);
  EXPECT_THAT(Trial().objective_values, ElementsAre(Pair(1, 0.5), Pair(2, 0.6)));
  EXPECT_THAT(house_.files, ElementsAre(FileOf("b")));
}

TEST_F(CheckpointTest, OfOtherNumericsIsMarked) {
  const auto register_with = [&](const std::string& fingerprint) {
    v1::RegisterWorkerRequest request;
    *request.mutable_request_id() = house_.NewRequestId();
    request.set_name("w");
    request.set_slots(1);
    request.add_features("batch_norm_network");
    request.set_numerics_fingerprint(fingerprint);
    return house_.Call(&Core::RegisterWorker, request)->worker_id();
  };
  const std::string old = register_with("AVX2"), modern = register_with("AVX-512");
  Create(NetworkStudy("s"));
  std::vector<bool> changed;
  int64_t step = 0;
  for (const std::string& worker : {old, old, modern, modern, old}) {
    const v1::FencingToken token = house_.Acquire(worker).trial().token();
    EXPECT_EQ(Trial().attempt->numerics_fingerprint, worker == old ? "AVX2" : "AVX-512");
    changed.push_back(Trial().attempt->numerics_changed);
    ASSERT_TRUE(Report(token, ++step, 0.5).ok());
    ASSERT_TRUE(Checkpoint(token, step, absl::StrCat(step)).ok());
    ASSERT_TRUE(GiveBack(token).ok());
    if (step % 2 == 0) house_.Restart();
  }
  EXPECT_THAT(changed, ElementsAre(false, false, true, false, true));
  EXPECT_TRUE(Stored().attempts[2].numerics_changed);
  EXPECT_EQ(Stored().attempts[2].numerics_fingerprint, "AVX-512");
}

TEST_F(CheckpointTest, FilesOfAStudyThatIsBeingErasedAreItsOwnBusiness) {
  Create(NetworkStudy("s"));
  const auto work = Attempt(1, {0.5});
  ASSERT_TRUE(Checkpoint(work.token(), 1, "a").ok());
  v1::DeleteStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  request.set_study("s");
  house_.Queue<v1::DeleteStudyResponse>([request](Core& core) { return core.DeleteStudy(request); },
                                        [](auto) {});
  house_.Settle();
  house_.Restart();
  EXPECT_THAT(house_.core().Files(), ElementsAre("artifacts/1"));
  house_.Advance(absl::Seconds(10));
  EXPECT_THAT(house_.erased, ElementsAre(1));
  house_.Restart();
  EXPECT_THAT(house_.core().Files(), IsEmpty());
}

TEST_F(AskTest, AnAskedTrialKeepsNoCheckpoints) {
  Create(ExternalStudy("s"));
  const auto asked = Ask("s");
  storage::ArtifactRow row;
  row.kind = v1::Artifact::CHECKPOINT;
  row.file = "artifacts/1/0/1-checkpoint-0.bin";
  house_.Queue<v1::UploadChunkResponse>(
      [token = ToToken(asked->token()), row](Core& core) {
        return core.RecordArtifact(token, row);
      },
      [](const auto& response) {
        EXPECT_EQ(response.status().code(), absl::StatusCode::kFailedPrecondition);
      });
  house_.Settle();
  EXPECT_TRUE(house_.store.Load()->artifacts.empty());
}

}  // namespace
}  // namespace caviar::coordinator
