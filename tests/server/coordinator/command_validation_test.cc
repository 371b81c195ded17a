#include "server/coordinator/command_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "server/coordinator/study_validation.h"
#include "tests/server/coordinator/command_study.h"

namespace caviar::coordinator {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class CommandValidationTest : public testing::Test {
 protected:
  v1::Command& command() { return *study_.mutable_trainer()->mutable_command(); }

  // "field: description" of the only violation; what was changed is taken back.
  std::string Only(const std::function<void(v1::Study&)>& change) {
    v1::Study changed = study_;
    change(changed);
    const auto violations = ValidateStudy(changed);
    if (violations.size() != 1) return std::to_string(violations.size()) + " violations";
    return violations[0].field() + ": " + violations[0].description();
  }
  std::string OnlyOf(const std::function<void(v1::Command&)>& change) {
    return Only([&](v1::Study& study) { change(*study.mutable_trainer()->mutable_command()); });
  }

  v1::Study study_ = CommandStudy("s");
};

TEST_F(CommandValidationTest, FindsNothingWrongWithAFullOne) {
  command().add_run("--out=${output_dir}/$${x}/${learning_rate}");
  command().set_arguments(v1::Command::HYDRA);
  command().mutable_code()->set_path("/shared/me");
  (*command().mutable_env())["HF_HOME"] = "/scratch/${study}";
  command().add_pass_env("WANDB_API_KEY");
  command().mutable_resources()->set_cpus(0.5);
  command().mutable_resources()->set_gpus(1);
  command().mutable_resources()->mutable_memory()->set_bytes(1 << 30);
  command().mutable_time_limit()->set_seconds(1800);
  command().mutable_stop_grace();
  command().set_resumable(true);
  command().set_keep(v1::KeptFolders::ALL);
  command().add_patterns("epoch (?P<step>[0-9]+): accuracy (?P<accuracy>[0-9.]+)");
  study_.add_metrics("train_loss");
  (*study_.mutable_workers())["gpu"] = "a100";
  study_.mutable_checkpoints()->set_store("/shared/ckpt");
  study_.mutable_checkpoints()->add_keep_per_trial(v1::Checkpoints::BEST);
  study_.mutable_checkpoints()->set_keep_trials(5);
  study_.mutable_limits()->set_weight(2.5);
  study_.mutable_pruner()->set_algorithm(v1::Pruner::ASHA);
  study_.mutable_pruner()->set_mode(v1::Pruner::PROMOTE);
  study_.mutable_pruner()->set_max_step(27);
  EXPECT_THAT(ValidateStudy(study_), IsEmpty());
}

TEST_F(CommandValidationTest, ItNeedsAProgram) {
  EXPECT_THAT(OnlyOf([](auto& command) { command.clear_run(); }),
              StartsWith("trainer.command.run: is missing"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.set_run(0, ""); }),
              StartsWith("trainer.command.run: is missing"));
  EXPECT_THAT(OnlyOf([](auto& command) {
                for (int i = 0; i < 1000; ++i) command.add_run("x");
              }),
              HasSubstr("1002 arguments; at most 1000"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.set_run(0, std::string("a\0b", 3)); }),
              StartsWith("trainer.command.run[0]: "));
}

TEST_F(CommandValidationTest, WhatStandsForAValueIsKnown) {
  EXPECT_EQ(OnlyOf([](auto& command) { command.add_run("--lr=${learning_rte}"); }),
            "trainer.command.run[2]: ${learning_rte} is no parameter of this study, and none of "
            "study, trial, attempt, seed, output_dir, checkpoint_dir, latest_checkpoint, "
            "parameters_file and args; did you mean ${learning_rate}?");
  EXPECT_THAT(OnlyOf([](auto& command) { command.add_run("${learning_rate"); }),
              HasSubstr("has a ${ without its }"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.add_run("x${args}"); }),
              HasSubstr("${args} is an argument of its own"));
  EXPECT_THAT(OnlyOf([](auto& command) { (*command.mutable_env())["A"] = "${args}"; }),
              StartsWith("trainer.command.env.A: "));
  EXPECT_THAT(OnlyOf([](auto& command) { command.set_arguments(v1::Command::NONE); }),
              HasSubstr("arguments is none"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.add_run("$${no}"); }), "0 violations");
}

TEST_F(CommandValidationTest, CodeIsUploadedOrLiesAtAnAbsolutePath) {
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_code(); }),
              StartsWith("trainer.command.code: is missing"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_code()->set_path("me/project"); }),
              HasSubstr("is not absolute"));
  const auto upload = [](v1::Command& command) -> v1::CodeArchive& {
    command.mutable_code()->set_upload(".");
    v1::CodeArchive& archive = *command.mutable_code()->mutable_archive();
    archive.set_sha256(std::string(64, 'a'));
    archive.set_size(1);
    return archive;
  };
  EXPECT_EQ(OnlyOf([&](auto& command) { upload(command); }), "0 violations");
  EXPECT_THAT(OnlyOf([&](auto& command) { upload(command).set_sha256("../../etc/passwd"); }),
              StartsWith("trainer.command.code.archive.sha256: "));
  EXPECT_THAT(OnlyOf([&](auto& command) { upload(command).set_size((50 << 20) + 1); }),
              StartsWith("trainer.command.code.archive.size: "));
  EXPECT_THAT(OnlyOf([&](auto& command) { upload(command).set_git_commit("HEAD"); }),
              StartsWith("trainer.command.code.archive.git_commit: "));
  EXPECT_THAT(OnlyOf([&](auto& command) {
                upload(command);
                command.mutable_code()->set_path("/x");
              }),
              HasSubstr("has upload and path"));
}

TEST_F(CommandValidationTest, VariablesAreNamesAndNotCaviarsOwn) {
  for (const std::string bad : {"", "A-B", "1A", "A=B"}) {
    EXPECT_THAT(OnlyOf([&](auto& command) { (*command.mutable_env())[bad] = "x"; }),
                StartsWith("trainer.command.env: "))
        << bad;
    EXPECT_THAT(OnlyOf([&](auto& command) { command.add_pass_env(bad); }),
                StartsWith("trainer.command.pass_env[0]: "))
        << bad;
  }
  EXPECT_THAT(OnlyOf([&](auto& command) { command.add_pass_env("CAVIAR_TOKEN"); }),
              HasSubstr("are Caviar's own"));
}

TEST_F(CommandValidationTest, ResourcesAndTimesAreInRange) {
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(OnlyOf([&](auto& command) { command.mutable_resources()->set_cpus(bad); }),
                StartsWith("trainer.command.resources.cpus: "));
  }
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_resources()->set_gpus(-1); }),
              StartsWith("trainer.command.resources.gpus: "));
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_resources()->mutable_memory(); }),
              StartsWith("trainer.command.resources.memory: "));
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_time_limit(); }),
              StartsWith("trainer.command.time_limit: "));
  EXPECT_THAT(OnlyOf([](auto& command) { command.mutable_stop_grace()->set_seconds(3601); }),
              StartsWith("trainer.command.stop_grace: "));
}

TEST_F(CommandValidationTest, PatternsAreExpressionsThatNameAMetric) {
  EXPECT_THAT(OnlyOf([](auto& command) { command.add_patterns("(?P<accuracy>["); }),
              HasSubstr("is no regular expression"));
  EXPECT_THAT(OnlyOf([](auto& command) { command.add_patterns("(?P<step>[0-9]+)"); }),
              HasSubstr("names no metric"));
  EXPECT_THAT(OnlyOf([](auto& command) {
                for (int i = 0; i < 17; ++i) command.add_patterns("(?P<a>.)");
              }),
              HasSubstr("has 17; at most 16"));
}

TEST_F(CommandValidationTest, MetricsAreNamesOfACommand) {
  EXPECT_THAT(Only([](auto& study) { study.add_metrics("a b"); }), StartsWith("metrics[0]: "));
  EXPECT_THAT(Only([](auto& study) {
                study.add_metrics("a");
                study.add_metrics("a");
              }),
              HasSubstr("metrics[1]: \"a\" is named twice"));
  study_ = NetworkStudy("s");
  EXPECT_THAT(Only([](auto& study) { study.add_metrics("a"); }), StartsWith("metrics: "));
}

TEST_F(CommandValidationTest, OnlyAResumableProgramHasCheckpoints) {
  EXPECT_THAT(Only([](auto& study) { study.mutable_checkpoints(); }),
              StartsWith("checkpoints: belong to a program that writes and reads them"));
  command().set_resumable(true);
  EXPECT_THAT(Only([](auto& study) { study.mutable_checkpoints()->set_store("ckpt"); }),
              StartsWith("checkpoints.store: "));
  EXPECT_THAT(Only([](auto& study) {
                study.mutable_checkpoints()->mutable_max_size()->set_bytes((1LL << 30) + 1);
              }),
              HasSubstr("at most 1GiB where the coordinator stores them"));
  EXPECT_EQ(Only([](auto& study) {
              study.mutable_checkpoints()->set_store("/shared");
              study.mutable_checkpoints()->mutable_max_size()->set_bytes(1LL << 40);
            }),
            "0 violations");
  EXPECT_THAT(Only([](auto& study) { study.mutable_checkpoints()->set_keep_trials(-1); }),
              StartsWith("checkpoints.keep_trials: "));
}

TEST_F(CommandValidationTest, OnlyAResumableProgramIsPromoted) {
  study_.mutable_pruner()->set_algorithm(v1::Pruner::ASHA);
  EXPECT_THAT(Only([](auto&) {}), StartsWith("pruner.max_step: is missing"));
  study_.mutable_pruner()->set_max_step(27);
  EXPECT_THAT(Only([](auto& study) { study.mutable_pruner()->set_mode(v1::Pruner::PROMOTE); }),
              HasSubstr("resumable: true"));
}

TEST_F(CommandValidationTest, AWeightIsPositive) {
  for (const double bad : {0.0, -1.0, 1001.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(Only([&](auto& study) { study.mutable_limits()->set_weight(bad); }),
                StartsWith("limits.weight: "));
  }
}

TEST_F(CommandValidationTest, DefaultsAreWrittenOut) {
  command().set_resumable(true);
  FillDefaults(study_);
  EXPECT_EQ(command().arguments(), v1::Command::FLAGS);
  EXPECT_EQ(command().keep(), v1::KeptFolders::FAILED);
  EXPECT_EQ(command().stop_grace().seconds(), 30);
  EXPECT_EQ(command().resources().cpus(), 1);
  EXPECT_EQ(study_.checkpoints().store(), "coordinator");
  EXPECT_EQ(study_.checkpoints().max_size().bytes(), 1 << 30);
  EXPECT_THAT(study_.checkpoints().keep_per_trial(), testing::ElementsAre(v1::Checkpoints::LAST));
  EXPECT_THAT(ValidateStudy(study_), IsEmpty()) << "a study that is read again is a good one";
}

}  // namespace
}  // namespace caviar::coordinator
