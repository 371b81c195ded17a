// Checkpoints that programs write, and how they go on from them.
#include <fstream>
#include <set>

#include "absl/strings/str_split.h"
#include "tests/storage/no_room.h"
#include "tests/worker/training/command/command_fixture.h"
#include "worker/training/command/checkpoint_format.h"

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Counts to 5; its state is a folder with the last number. In its first attempt it hangs after step
// 3.
constexpr char kCounter[] = R"sh(
  i=0; [ -z "$CAVIAR_LATEST_CHECKPOINT" ] || i=$(cat "$CAVIAR_LATEST_CHECKPOINT/state")
  echo "from=$(basename "$CAVIAR_LATEST_CHECKPOINT")"
  cd "$CAVIAR_CHECKPOINT_DIR"
  while [ $i -lt 5 ]; do
    i=$((i + 1)); mkdir new; echo $i > new/state; mv new step-$i
    echo "caviar: {\"step\": $i, \"accuracy\": $i}"
    [ $i != 3 ] || [ -n "$CAVIAR_LATEST_CHECKPOINT" ] || sleep 1000
  done)sh";

class CheckpointTest : public CommandFixture {
 protected:
  CheckpointTest() { command().set_resumable(true); }
  void PauseAt(int64_t step) {
    seen_.on_measurement = [this, step](const v1::Measurement& measurement) {
      if (measurement.step() == step) seen_.pause = true;
    };
  }
  std::filesystem::path UseStore() {
    const std::filesystem::path store = folder_ / "store";
    study_.mutable_checkpoints()->set_store(store.string());
    return store / "digits/3";
  }
};

TEST_F(CheckpointTest, APausedProgramGoesOnFromItsNewest) {
  PauseAt(3);
  EXPECT_EQ(Run(kCounter).kind, Kind::kStopped);
  ASSERT_FALSE(seen_.checkpoint_steps().empty());
  EXPECT_EQ(seen_.checkpoint_steps().back(), 3);
  seen_.pause = false;
  seen_.on_measurement = nullptr;
  EXPECT_EQ(Resume().kind, Kind::kCompleted);
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 accuracy=1", "2 accuracy=2", "3 accuracy=3",
                                                "4 accuracy=4", "5 accuracy=5"));
  EXPECT_THAT(seen_.log(), HasSubstr("from=\n"));
  EXPECT_THAT(seen_.log(), HasSubstr("from=step-3\n"));
}

TEST_F(CheckpointTest, OneFileIsEnough) {
  PauseAt(1);
  EXPECT_EQ(Run("echo here > $CAVIAR_CHECKPOINT_DIR/new; cd $CAVIAR_CHECKPOINT_DIR; "
                "mv new step-1; echo accuracy=1; sleep 1000")
                .kind,
            Kind::kStopped);
  seen_.pause = false;
  EXPECT_EQ((SetRun({"sh", "-c", "cat $CAVIAR_LATEST_CHECKPOINT"}), Resume().kind),
            Kind::kCompleted);
  EXPECT_THAT(seen_.log(), testing::EndsWith("here\n"));
}

TEST_F(CheckpointTest, WhatIsWrittenBeforeItsStepIsMeasuredWaits) {
  seen_.on_checkpoint = [this](int64_t) { seen_.stop = true; };
  // Until the checkpoint of step 1 was handed in, nothing of step 2 is.
  EXPECT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; touch a b; mv a step-1; mv b step-2; mkdir step-x; "
                "ln -s a step-0; echo accuracy=1; sleep 1000")
                .kind,
            Kind::kStopped);
  EXPECT_THAT(seen_.checkpoint_steps(), ElementsAre(1));
}

TEST_F(CheckpointTest, OneBeyondAllMeasurementsIsNotHandedIn) {
  PauseAt(1);
  EXPECT_EQ(
      Run("cd $CAVIAR_CHECKPOINT_DIR; touch a; mv a step-100; echo accuracy=1; sleep 1000").kind,
      Kind::kStopped);
  EXPECT_THAT(seen_.checkpoint_steps(), IsEmpty());
  EXPECT_THAT(seen_.log(), HasSubstr("step-100 was not stored: it is beyond the last step"));
}

TEST_F(CheckpointTest, WhatIsAlmostOneIsRemarkedOnce) {
  EXPECT_EQ(
      Run("cd $CAVIAR_CHECKPOINT_DIR; touch step-01 step-2.tmp a; ln -s a step-1; mkfifo step-0; "
          "echo accuracy=1; sleep 2")
          .kind,
      Kind::kCompleted);
  EXPECT_THAT(seen_.checkpoint_steps(), IsEmpty());
  std::vector<std::string> lines = absl::StrSplit(seen_.log(), '\n', absl::SkipEmpty());
  std::erase(lines, "accuracy=1");
  EXPECT_THAT(lines, testing::UnorderedElementsAre(
                         "[caviar] the checkpoint step-01 was not stored: numbers in names have no "
                         "zeros in front and at most 15 digits",
                         "[caviar] the checkpoint step-1 was not stored: it is a symbolic link",
                         "[caviar] the checkpoint step-0 was not stored: it is neither a file nor "
                         "a folder"));
}

TEST_F(CheckpointTest, AProgramThatAsksToBeRunAgainLeavesOne) {
  EXPECT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; touch a; echo accuracy=1; mv a step-1; exit 75").kind,
            Kind::kRunAgain);
  EXPECT_THAT(seen_.checkpoint_steps(), ElementsAre(1));
}

TEST_F(CheckpointTest, OnlyResumableProgramsHaveAny) {
  command().set_resumable(false);
  EXPECT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; touch a; echo accuracy=1; mv a step-1; exit 75").kind,
            Kind::kRunAgain);
  EXPECT_THAT(seen_.checkpoint_steps(), IsEmpty());
}

TEST_F(CheckpointTest, OneThatIsTooLargeFailsTheTrial) {
  study_.mutable_checkpoints()->mutable_max_size()->set_bytes(1000);
  for (const bool shared : {false, true}) {
    if (shared) UseStore();
    const Outcome outcome = Run(
        "cd $CAVIAR_CHECKPOINT_DIR; head -c 100000 /dev/urandom > a; mv a step-1; echo accuracy=1; "
        "sleep 1000");
    EXPECT_EQ(outcome.kind, Kind::kFailed);
    EXPECT_THAT(outcome.message, StartsWith("the checkpoint step-1 is larger than"));
  }
  EXPECT_THAT(seen_.checkpoint_steps(), IsEmpty());
}

TEST_F(CheckpointTest, ADamagedOneIsUnusable) {
  checkpoint_ = "no checkpoint";
  work_.checkpoint = &checkpoint_;
  EXPECT_EQ(Run("echo accuracy=1").kind, Kind::kUnusableCheckpoint);
  checkpoint_ = "caviar program checkpoint 1\nfolder step-3\nno archive";
  EXPECT_EQ(Run("echo accuracy=1").kind, Kind::kUnusableCheckpoint);
  checkpoint_ = "caviar program checkpoint 1\nstored step-3 0 digits/../../x\n";
  EXPECT_EQ(Run("echo accuracy=1").kind, Kind::kUnusableCheckpoint);
  EXPECT_THAT(seen_.measurements(), IsEmpty());
}

TEST_F(CheckpointTest, ASharedStoreKeepsTheContent) {
  const std::filesystem::path place = UseStore();
  PauseAt(3);
  EXPECT_EQ(Run(kCounter).kind, Kind::kStopped);
  EXPECT_LT(seen_.checkpoint().size(), 1000u);
  EXPECT_TRUE(std::filesystem::exists(place / "1-step-3/state"));
  seen_.pause = false;
  seen_.on_measurement = nullptr;
  EXPECT_EQ(Resume().kind, Kind::kCompleted);
  EXPECT_EQ(seen_.measurements().back(), "5 accuracy=5");
  EXPECT_EQ(seen_.measurements().size(), 5u);
  // What was changed there is not gone on from.
  std::ofstream(place / "1-step-3/state") << "4\n";
  EXPECT_EQ(Train().kind, Kind::kUnusableCheckpoint);
  std::filesystem::remove_all(place / "1-step-3");
  EXPECT_EQ(Train().kind, Kind::kUnusableCheckpoint);
}

TEST_F(CheckpointTest, OneThatHasNoRoomOnThisWorkerIsSound) {
  for (const bool shared : {false, true}) {
    if (shared) UseStore();
    work_.checkpoint = nullptr;
    ASSERT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; mkdir a; head -c 2000000 /dev/urandom > a/b; "
                  "mv a step-1; echo accuracy=1; exit 75")
                  .kind,
              Kind::kRunAgain);
    checkpoint_ = seen_.checkpoint();
    work_.checkpoint = &checkpoint_;
    {
      const storage::NoRoom full(1'000'000);
      const Outcome outcome = Train();
      EXPECT_EQ(outcome.kind, Kind::kWorkerTrouble);
      EXPECT_THAT(outcome.message, StartsWith("it cannot get at its checkpoint: "));
    }
    EXPECT_EQ(Run("[ -s $CAVIAR_LATEST_CHECKPOINT/b ]").kind, Kind::kCompleted);
  }
}

TEST_F(CheckpointTest, OneInAStoreThatIsNotMountedIsSound) {
  UseStore();
  ASSERT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; mkdir step-1; echo accuracy=1; exit 75").kind,
            Kind::kRunAgain);
  checkpoint_ = seen_.checkpoint();
  work_.checkpoint = &checkpoint_;
  const std::filesystem::path store = folder_ / "store";
  std::filesystem::rename(store, folder_ / "elsewhere");
  EXPECT_EQ(Train().kind, Kind::kWorkerTrouble);
  std::filesystem::create_directory(store);  // as a place to mount it
  EXPECT_EQ(Train().kind, Kind::kWorkerTrouble);
  std::filesystem::remove(store);
  std::filesystem::rename(folder_ / "elsewhere", store);
  EXPECT_EQ(Run("[ -d $CAVIAR_LATEST_CHECKPOINT ]").kind, Kind::kCompleted);
}

TEST_F(CheckpointTest, ASharedStoreKeepsOneFileToo) {
  const std::filesystem::path place = UseStore();
  PauseAt(1);
  EXPECT_EQ(Run("cd $CAVIAR_CHECKPOINT_DIR; echo here > new; mv new step-1; echo accuracy=1; "
                "sleep 1000")
                .kind,
            Kind::kStopped);
  seen_.pause = false;
  SetRun({"sh", "-c", "cat $CAVIAR_LATEST_CHECKPOINT"});
  const Outcome outcome = Resume();
  EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
  EXPECT_THAT(seen_.log(), testing::EndsWith("here\n"));
  std::ofstream(place / "1-step-1") << "changed\n";
  EXPECT_EQ(Train().kind, Kind::kUnusableCheckpoint);
}

// A program whose steps wait until their checkpoints were handed in: the observer makes a file.
class SharedStoreTest : public CheckpointTest {
 protected:
  SharedStoreTest() : place_(UseStore()) {
    seen_.on_checkpoint = [this](int64_t step) {
      std::ofstream(folder_ / absl::StrCat("handed-in-", step)) << "";
    };
    (*command().mutable_env())["AT"] = folder_.string();
  }
  void KeepBest() {
    study_.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::LAST);
    study_.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::BEST);
  }
  // What is in the store afterwards. `accuracies`: "1 9 3", a step each.
  std::set<std::string> StoredAfter(const std::string& accuracies) {
    const Outcome outcome =
        Run("cd $CAVIAR_CHECKPOINT_DIR; i=0; for value in " + accuracies + R"(; do
      i=$((i + 1)); touch new; mv new step-$i; echo "caviar: {\"step\": $i, \"accuracy\": $value}"
      until [ -e $AT/handed-in-$i ]; do sleep 0.02; done
    done)");
    EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(place_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  const std::filesystem::path place_;
};

TEST_F(SharedStoreTest, KeepsTheNewestAndTheBest) {
  KeepBest();
  EXPECT_THAT(StoredAfter("1 9 3 4 5"), ElementsAre("1-step-2", "1-step-5"));
}

// The coordinator was away from step 3 on: an heir goes on from what it knows.
TEST_F(SharedStoreTest, KeepsTheLastThatTheCoordinatorHeardOf) {
  seen_.last_stored = 2;
  EXPECT_THAT(StoredAfter("1 2 3 4 5 6"), ElementsAre("1-step-2", "1-step-6"));
}

TEST_F(SharedStoreTest, KeepsTheBestThatTheCoordinatorHeardOf) {
  KeepBest();
  seen_.last_stored = 3;
  EXPECT_THAT(StoredAfter("5 6 1 9 2 3"),
              ElementsAre("1-step-2", "1-step-3", "1-step-4", "1-step-6"));
}

TEST_F(SharedStoreTest, LeavesAloneWhatADeletedStudyOfTheSameNameLeft) {
  for (const char* name : {"1-step-0", "1-step-800", "1-step-900"}) {
    std::filesystem::create_directories(place_ / name);
  }
  EXPECT_THAT(StoredAfter("1 2 3"),
              ElementsAre("1-step-0", "1-step-3", "1-step-800", "1-step-900"));
}

TEST(CheckpointFormat, NamesOfSteps) {
  EXPECT_EQ(ParseStepName("step-0"), 0);
  EXPECT_EQ(ParseStepName("step-12"), 12);
  for (const char* name : {"step-", "step-01", "step--1", "step-1x", "Step-1", "step-1.tmp",
                           "step-99999999999999999999"}) {
    EXPECT_EQ(ParseStepName(name), std::nullopt) << name;
  }
}

TEST(CheckpointFormat, NamesThatAreAlmostThoseOfSteps) {
  for (const char* name : {"step-01", "step-99999999999999999999"}) {
    EXPECT_TRUE(IsWrongStepName(name)) << name;
  }
  for (const char* name : {"step-0", "step-", "step-1.tmp", "step--1", "latest"}) {
    EXPECT_FALSE(IsWrongStepName(name)) << name;
  }
}

TEST(CheckpointFormat, ComesBack) {
  CheckpointHeader header;
  header.place = CheckpointHeader::Place::kStored;
  header.step = 7;
  header.path = "my study/3/1-step-7";
  header.sha256 = "abc";
  const std::string text = WriteCheckpointHeader(header);
  const auto stored = ParseCheckpoint(text);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->header.path, header.path);
  EXPECT_EQ(stored->header.sha256, "abc");
  header.place = CheckpointHeader::Place::kFile;
  const std::string with_archive = WriteCheckpointHeader(header) + "archive\n";
  const auto file = ParseCheckpoint(with_archive);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->header.place, header.place);
  EXPECT_EQ(file->header.step, 7);
  EXPECT_EQ(file->archive, "archive\n");
}

}  // namespace
}  // namespace caviar::command
