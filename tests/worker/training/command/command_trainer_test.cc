// Programs that run and end by themselves.
#include "worker/training/command/command_trainer.h"

#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "absl/synchronization/notification.h"
#include "client/archive/archive.h"
#include "tests/worker/training/command/command_fixture.h"

namespace caviar::command {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class CommandTrainerTest : public CommandFixture {};

TEST_F(CommandTrainerTest, AProgramThatEndsWellIsCompleted) {
  const Outcome outcome = Run(R"(echo 'caviar: {"step": 1, "accuracy": 0.5}'
                                 echo 'caviar: {"step": 2, "accuracy": NaN}'
                                 printf accuracy=0.75)");
  EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
  EXPECT_THAT(seen_.measurements(),
              ElementsAre("1 accuracy=0.5", "2 accuracy=nan", "3 accuracy=0.75"));
  EXPECT_THAT(seen_.log(), EndsWith("NaN}\naccuracy=0.75\n"));
  EXPECT_THAT(seen_.checkpoint_steps(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "running"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "kept"));
}

TEST_F(CommandTrainerTest, AProgramThatFailsSaysWhy) {
  const Outcome outcome =
      Run("echo first; echo 'No GPU found' >&2; echo; echo trace > file; exit 3");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_EQ(outcome.message, "exited with code 3: No GPU found");
  EXPECT_EQ(Kept("digits.3.1.1/code/file"), "trace\n");
  EXPECT_THAT(seen_.log(),
              EndsWith("folder is kept: " + (folder_ / "kept/digits.3.1.1").string() + "\n"));
}

TEST_F(CommandTrainerTest, AProgramMayPrintNothing) {
  EXPECT_EQ(Run("exit 0").kind, Kind::kCompleted);
  EXPECT_EQ(Run("exit 1").message, "exited with code 1; it printed nothing");
}

TEST_F(CommandTrainerTest, ExitCodesHaveMeanings) {
  Outcome outcome = Run("echo accuracy=1; echo accuracy=2; echo too wide; exit 65");
  EXPECT_EQ(outcome.kind, Kind::kInfeasible);
  EXPECT_EQ(outcome.step, 2);
  EXPECT_THAT(outcome.message, HasSubstr("too wide"));
  outcome = Run("exit 75");
  EXPECT_EQ(outcome.kind, Kind::kRunAgain);
  outcome = Run("exit 137");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("memory"));
  outcome = Run("kill -KILL $$");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("memory"));
  outcome = Run("kill -SEGV $$");
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, StartsWith("ended by signal 11 (Segmentation fault)"));
}

TEST_F(CommandTrainerTest, FoldersAreKeptAsTheStudySays) {
  command().set_keep(v1::KeptFolders::NONE);
  Run("exit 1");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "kept"));
  command().set_keep(v1::KeptFolders::ALL);
  Run("echo model > $CAVIAR_OUTPUT_DIR/model; mkdir -m 0 closed; mkdir -p a/b; touch a/b/c; chmod "
      "500 a/b a");
  EXPECT_EQ(Kept("digits.3.1.1/output/model"), "model\n");
  // Once more: in its place.
  Run("exit 0");
  EXPECT_EQ(Kept("digits.3.1.1/output/model"), "(none)");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "running"));
}

// As of a study that was deleted and made anew while its program still ends.
TEST_F(CommandTrainerTest, AttemptsThatAreCalledTheSameHaveFoldersOfTheirOwn) {
  command().set_keep(v1::KeptFolders::ALL);
  CommandTrainer trainer(options_);
  SetRun({"sh", "-c", ""});
  v1::Study other = study_;
  other.mutable_trainer()->mutable_command()->set_run(2, "echo other > $CAVIAR_OUTPUT_DIR/model");
  Recorder seen_of_other;
  SetRun({"sh", "-c",
          "echo own > $CAVIAR_OUTPUT_DIR/model; echo accuracy=1; until [ -e $AT/go-on ]; do sleep "
          "0.02; done; [ $(cat $CAVIAR_OUTPUT_DIR/model) = own ]"});
  (*command().mutable_env())["AT"] = folder_.string();
  seen_.on_measurement = [&](const v1::Measurement&) {
    const training::AttemptWork work{other, trial_, nullptr, 1, ""};
    EXPECT_EQ(trainer.Train(work, seen_of_other).kind, Kind::kCompleted);
    std::ofstream(folder_ / "go-on") << "";
  };
  EXPECT_EQ(trainer.Train(work_, seen_).kind, Kind::kCompleted);
  EXPECT_EQ(Kept("digits.3.1.1/output/model"), "own\n");
  EXPECT_EQ(Kept("digits.3.1.2/output/model"), "other\n");
}

TEST_F(CommandTrainerTest, LeftoversAreRemoved) {
  std::filesystem::create_directories(folder_ / "running/digits.1.1.1/code");
  std::filesystem::create_directories(folder_ / "kept/digits.0.1.1");
  RemoveLeftovers(folder_.string());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "running"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "kept/digits.0.1.1"));
}

TEST_F(CommandTrainerTest, AProgramGetsItsConfigurationInEveryForm) {
  v1::Value value;
  value.set_int_value(64);
  AddParameter("width", &value);
  AddParameter("momentum", nullptr);
  SetRun({"sh", "-c", R"(echo "$@"; cat "$CAVIAR_PARAMETERS_FILE"; echo "$CAVIAR_PARAMETERS"
          echo "$CAVIAR_STUDY $CAVIAR_TRIAL $CAVIAR_ATTEMPT [$CAVIAR_LATEST_CHECKPOINT]"
          [ "$CAVIAR_SEED" = "$1" ] && [ -d "$CAVIAR_OUTPUT_DIR" ] && [ -d "$CAVIAR_CHECKPOINT_DIR" ]
          [ "$CAVIAR_REPORT_ADDRESS" != "" ] && [ -z "$CAVIAR_TOKEN" ] && ls -A | wc -l)",
          "sh", "${seed}", "${args}", "--m=${momentum}"});
  setenv("CAVIAR_TOKEN", "secret", 1);
  const Outcome outcome = Train();
  unsetenv("CAVIAR_TOKEN");
  EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
  EXPECT_THAT(seen_.log(), EndsWith(" --width=64\n{\"width\": 64}\n{\"width\": 64}\n"
                                    "digits 3 1 []\n0\n"));
}

TEST_F(CommandTrainerTest, UploadedCodeIsUnpackedAfresh) {
  std::filesystem::create_directories(folder_ / "upload/src");
  std::ofstream(folder_ / "upload/src/train.sh") << "#!/bin/sh\necho accuracy=1; rm $0\n";
  std::filesystem::permissions(folder_ / "upload/src/train.sh", std::filesystem::perms(0700));
  const auto packed = archive::Pack((folder_ / "upload").string(), {});
  ASSERT_TRUE(packed.ok()) << packed.status();
  work_.code_archive = (folder_ / "code").string();
  std::ofstream(work_.code_archive, std::ios::binary) << *packed;
  SetRun({"src/train.sh"});
  EXPECT_EQ(Train().kind, Kind::kCompleted);
  EXPECT_EQ(Train().kind, Kind::kCompleted);
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 accuracy=1", "1 accuracy=1"));
  std::ofstream(work_.code_archive, std::ios::binary) << "damaged";
  EXPECT_THAT(Train().message, StartsWith("the uploaded code: "));
}

TEST_F(CommandTrainerTest, AFolderIsUsedInPlace) {
  std::ofstream(folder_ / "data") << "here\n";
  command().mutable_code()->set_path(folder_.string());
  EXPECT_EQ(Run("cat data").kind, Kind::kCompleted);
  EXPECT_EQ(seen_.log(), "here\n");
  command().mutable_code()->set_path("/none");
  EXPECT_THAT(Run("true").message, HasSubstr("there is no folder /none"));
}

TEST_F(CommandTrainerTest, WhatCannotBeStartedSaysWhatToDo) {
  SetRun({"no-such-program"});
  EXPECT_THAT(Train().message, HasSubstr("there is no program \"no-such-program\""));
  SetRun({"./train.py"});
  EXPECT_THAT(Train().message, HasSubstr("there is no program"));
  command().mutable_code()->set_path(folder_.string());
  std::ofstream(folder_ / "train.py") << "#!/no/such/python\n";
  EXPECT_THAT(Train().message, HasSubstr("name what runs it: [python3, train.py]"));
  SetRun({"train.py"});
  EXPECT_THAT(Train().message, HasSubstr("write ./train.py"));
  SetRun({"./train.py"});
  std::filesystem::permissions(folder_ / "train.py", std::filesystem::perms(0700));
  EXPECT_THAT(Train().message, HasSubstr("what its first line (#!...) names"));
  std::ofstream(folder_ / "train.py") << "print(1)\n";
  EXPECT_THAT(Train().message, HasSubstr("#!/usr/bin/env python3"));
  SetRun({"sh", std::string("a\0b", 3)});
  EXPECT_THAT(Train().message, HasSubstr("NUL"));
  SetRun({"sh", "${widht}"});
  AddParameter("width", nullptr);
  EXPECT_THAT(Train().message, HasSubstr("did you mean ${width}?"));
  SetRun({"sh"});
  command().add_patterns("(");
  const Outcome outcome = Train();
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("no regular expression"));
}

TEST_F(CommandTrainerTest, BrokenLinesAreSaidOnceAndHarmNothing) {
  const Outcome outcome = Run(R"(echo 'caviar: {"step": '; echo 'caviar: {"step": '
                                 echo 'caviar: {"step": 2, "accuracy": 0.5}'
                                 printf '10%%\r20%%\raccuracy=0.6\r\n')");
  EXPECT_EQ(outcome.kind, Kind::kCompleted);
  EXPECT_THAT(seen_.measurements(), ElementsAre("2 accuracy=0.5", "3 accuracy=0.6"));
  EXPECT_EQ(seen_.log(),
            "caviar: {\"step\": \n[caviar] a line with metrics is broken: its { has no }\n"
            "caviar: {\"step\": \ncaviar: {\"step\": 2, \"accuracy\": 0.5}\naccuracy=0.6\n");
}

TEST_F(CommandTrainerTest, AHundredMegabytesOfOutputFlow) {
  rusage before;
  getrusage(RUSAGE_SELF, &before);
  const Outcome outcome =
      Run("yes \"$(printf '%01000d' 7)\" | head -c 100000000; echo; echo accuracy=1");
  rusage after;
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(outcome.kind, Kind::kCompleted) << outcome.message;
  EXPECT_THAT(seen_.measurements(), ElementsAre("1 accuracy=1"));
  EXPECT_LE(seen_.log().size(), size_t{11} << 20);
  EXPECT_THAT(seen_.log(), EndsWith("the rest of the log is missing: it keeps 10 MiB\n"));
#ifndef __SANITIZE_ADDRESS__                                // it keeps what was freed
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10);  // KiB
#endif
}

TEST_F(CommandTrainerTest, EachAttemptHasItsGpus) {
  EXPECT_EQ(Run("[ -z \"$CUDA_VISIBLE_DEVICES\" ] && env | grep CUDA").kind, Kind::kFailed);
  options_.offer.gpus = {"3", "7"};
  EXPECT_EQ(Run("echo gpus=[$CUDA_VISIBLE_DEVICES]; env | grep CUDA").kind, Kind::kCompleted);
  command().mutable_resources()->set_gpus(2);
  Run("echo gpus=[$CUDA_VISIBLE_DEVICES]");
  EXPECT_THAT(seen_.log(), HasSubstr("gpus=[]\nCUDA_VISIBLE_DEVICES=\n"));
  EXPECT_THAT(seen_.log(), EndsWith("gpus=[3,7]\n"));
  command().mutable_resources()->set_gpus(3);
  EXPECT_THAT(Run("true").message, HasSubstr("needs 3 GPUs, and this worker has 2"));
}

// A trial that was cancelled runs no more for the coordinator, its program does until it is gone.
TEST_F(CommandTrainerTest, AProgramWaitsForWhatOneThatEndsStillHas) {
  options_.offer.memory = int64_t{1} << 30;
  command().mutable_resources()->mutable_memory()->set_bytes(int64_t{1} << 30);
  (*command().mutable_env())["AT"] = folder_.string();
  SetRun({"sh", "-c",
          "[ ! -e $AT/began ] || exec test -e $AT/ended; touch $AT/began; trap 'sleep 0.5; touch "
          "$AT/ended; exit 0' TERM; echo accuracy=1; while :; do sleep 0.02; done"});
  CommandTrainer trainer(options_);
  absl::Notification began;
  seen_.on_measurement = [&](const v1::Measurement&) {
    seen_.stop = true;
    began.Notify();
  };
  std::thread cancelled([&] { EXPECT_EQ(trainer.Train(work_, seen_).kind, Kind::kStopped); });
  began.WaitForNotification();
  v1::Trial next;
  next.set_number(4);
  Recorder seen;
  EXPECT_EQ(trainer.Train({study_, next}, seen).kind, Kind::kCompleted);
  cancelled.join();
}

TEST_F(CommandTrainerTest, NoTestSetIsMet) {
  EXPECT_EQ(CommandTrainer(options_).Evaluate(study_, trial_, "").status().code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace caviar::command
