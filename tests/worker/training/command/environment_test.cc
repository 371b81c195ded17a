#include "worker/training/command/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "worker/training/command/attempt_seed.h"

namespace caviar::command {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Key;
using testing::Not;
using testing::Pair;

class EnvironmentTest : public testing::Test {
 protected:
  Environment Make(const Environment& own, const Environment& given = {}) {
    const auto made = MakeEnvironment(own, command_, substitution_, given);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : Environment();
  }

  v1::Study study_;
  v1::Command command_;
  std::vector<Parameter> active_;
  Substitution substitution_{study_, active_, {{"trial", "3"}}};
};

TEST_F(EnvironmentTest, OnlyWhatEveryProgramNeedsIsPassedOn) {
  const Environment made = Make({{"PATH", "/bin"},
                                 {"HOME", "/root"},
                                 {"LC_ALL", "C"},
                                 {"CONDA_PREFIX", "/c"},
                                 {"SLURM_JOB_ID", "1"},
                                 {"SLURM_JWT", "secret"},
                                 {"CAVIAR_TOKEN", "secret"},
                                 {"AWS_SECRET", "secret"}});
  EXPECT_THAT(made, testing::UnorderedElementsAre(Pair("PATH", "/bin"), Pair("HOME", "/root"),
                                                  Pair("LC_ALL", "C"), Pair("CONDA_PREFIX", "/c"),
                                                  Pair("SLURM_JOB_ID", "1"),
                                                  Pair("PYTHONUNBUFFERED", "1")));
}

TEST_F(EnvironmentTest, PassEnvNamesMoreButNothingOfCaviars) {
  command_.add_pass_env("WANDB_API_KEY");
  command_.add_pass_env("CAVIAR_TOKEN");
  command_.add_pass_env("NOT_SET");
  const Environment made = Make({{"WANDB_API_KEY", "key"}, {"CAVIAR_TOKEN", "secret"}});
  EXPECT_THAT(made, Contains(Pair("WANDB_API_KEY", "key")));
  EXPECT_THAT(made, Not(Contains(Key("CAVIAR_TOKEN"))));
  EXPECT_THAT(made, Not(Contains(Key("NOT_SET"))));
}

TEST_F(EnvironmentTest, TheStudysValuesComeOverTheWorkers) {
  (*command_.mutable_env())["HOME"] = "/scratch/${trial}";
  (*command_.mutable_env())["CUDA_VISIBLE_DEVICES"] = "0,1,2,3";
  const Environment made = Make({{"HOME", "/root"}}, {{"CUDA_VISIBLE_DEVICES", "2"}});
  EXPECT_THAT(made, IsSupersetOf({Pair("HOME", "/scratch/3"), Pair("CUDA_VISIBLE_DEVICES", "2"),
                                  Pair("PATH", "/usr/local/bin:/usr/bin:/bin")}));
}

TEST_F(EnvironmentTest, CaviarsOwnNamesCannotBeSet) {
  (*command_.mutable_env())["CAVIAR_SEED"] = "1";
  EXPECT_THAT(MakeEnvironment({}, command_, substitution_, {}).status().message(),
              HasSubstr("CAVIAR_SEED"));
}

TEST(AttemptSeed, IsOfTheStudyAndTheTrialAndFitsInto31Bits) {
  EXPECT_EQ(AttemptSeed(7, 3), AttemptSeed(7, 3));
  EXPECT_NE(AttemptSeed(7, 3), AttemptSeed(7, 4));
  EXPECT_NE(AttemptSeed(7, 3), AttemptSeed(8, 3));
  for (int trial = 0; trial < 100; ++trial) {
    EXPECT_GE(AttemptSeed(7, trial), 0);
    EXPECT_LT(AttemptSeed(7, trial), int64_t{1} << 31);
  }
}

}  // namespace
}  // namespace caviar::command
