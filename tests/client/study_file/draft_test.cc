#include "client/study_file/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "client/study_file/study_file.h"

namespace caviar::study_file {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The study of a draft; fails the test where it is no study file.
v1::Study Drafted(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  const auto text = DraftStudyFile(words);
  EXPECT_TRUE(text.ok()) << line << ": " << text.status();
  if (!text.ok()) return {};
  const auto file = ParseStudyFile(*text, "draft");
  EXPECT_TRUE(file.ok()) << file.status() << "\n" << *text;
  return file.ok() ? file->study : v1::Study();
}

v1::Parameter Only(const std::string& arguments) {
  const v1::Study study = Drafted("train " + arguments);
  EXPECT_EQ(study.parameters_size(), 1) << arguments;
  return study.parameters_size() > 0 ? study.parameters(0) : v1::Parameter();
}

TEST(Draft, IsAStudyFileThatRunsTheCommandWithParameters) {
  const v1::Study study = Drafted(
      "python3 src/train.py --lr 0.01 --layers=3 --verbose --data /data/x --seed 1 --out runs/1 "
      "momentum=0.9 $${x}");
  EXPECT_EQ(study.name(), "train");
  EXPECT_THAT(study.trainer().command().run(),
              ElementsAre("python3", "src/train.py", "--lr", "${lr}", "--layers=${layers}",
                          "--verbose", "--data", "/data/x", "--seed", "${seed}", "--out",
                          "${output_dir}", "momentum=${momentum}", "$$${x}"));
  EXPECT_EQ(study.trainer().command().code().upload(), ".");
  EXPECT_EQ(study.objective().goal(), v1::Objective::MAXIMIZE);
  ASSERT_EQ(study.parameters_size(), 3);
  EXPECT_EQ(study.parameters(0).name(), "lr");
  EXPECT_EQ(study.parameters(1).name(), "layers");
  EXPECT_EQ(study.parameters(2).name(), "momentum");
}

TEST(Draft, RangesAndScalesAreGuessedFromNamesAndValues) {
  struct Case {
    const char* arguments;
    v1::Parameter::Type type;
    double min, max;
    v1::Parameter::Scale scale;
  };
  const Case cases[] = {
      {"--lr 0.01", v1::Parameter::DOUBLE, 0.001, 0.1, v1::Parameter::LOG},
      {"--optimizer.learning-rate 1", v1::Parameter::DOUBLE, 0.1, 10, v1::Parameter::LOG},
      {"--lr 1e-4", v1::Parameter::DOUBLE, 1e-5, 1e-3, v1::Parameter::LOG},
      {"--weight_decay 0", v1::Parameter::DOUBLE, 1e-6, 1e-2, v1::Parameter::LOG},
      {"--momentum 0.9", v1::Parameter::DOUBLE, 0.5, 0.99, v1::Parameter::ONE_MINUS_LOG},
      {"--beta2 0.999", v1::Parameter::DOUBLE, 0.995, 0.9999, v1::Parameter::ONE_MINUS_LOG},
      {"--gamma 0.1", v1::Parameter::DOUBLE, 0.01, 1, v1::Parameter::LOG},
      {"--dropout 0", v1::Parameter::DOUBLE, 0, 0.5, v1::Parameter::SCALE_UNSPECIFIED},
      {"--layers 3", v1::Parameter::INT, 1, 5, v1::Parameter::SCALE_UNSPECIFIED},
      {"--max_depth 6", v1::Parameter::INT, 3, 12, v1::Parameter::SCALE_UNSPECIFIED},
      {"--hidden 128", v1::Parameter::INT, 32, 512, v1::Parameter::LOG},
      {"--subsample_ratio 0.8", v1::Parameter::DOUBLE, 0.4, 0.9, v1::Parameter::SCALE_UNSPECIFIED},
      {"--bias -2.0", v1::Parameter::DOUBLE, -4, 0, v1::Parameter::SCALE_UNSPECIFIED},
  };
  for (const Case& c : cases) {
    const v1::Parameter parameter = Only(c.arguments);
    EXPECT_EQ(parameter.type(), c.type) << c.arguments;
    EXPECT_NEAR(parameter.min(), c.min, 1e-9) << c.arguments;
    EXPECT_NEAR(parameter.max(), c.max, 1e-9) << c.arguments;
    EXPECT_EQ(parameter.scale(), c.scale) << c.arguments;
  }
  EXPECT_EQ(Only("--batch-size 32").values_size(), 5);
  EXPECT_EQ(Only("--batch-size 32").values(0).int_value(), 8);
  EXPECT_EQ(Only("--nesterov true").type(), v1::Parameter::BOOL);
  EXPECT_EQ(Only("--nesterov True").values(0).string_value(), "True");
  EXPECT_EQ(Only("--optimizer adam").values(0).string_value(), "adam");
  EXPECT_EQ(Only("-x 2.5").name(), "x");
}

TEST(Draft, LaunchersAndWhatIsNotTunedStayAsTheyAre) {
  const v1::Study study = Drafted(
      "torchrun --nproc_per_node 2 train.py --lr 0.1 --lr 0.2 --epochs 10 --config a.yaml "
      "--device cuda:0 --gpus 1 -5 --tag b");
  EXPECT_THAT(study.trainer().command().run(),
              ElementsAre("torchrun", "--nproc_per_node", "2", "train.py", "--lr", "${lr}", "--lr",
                          "0.2", "--epochs", "10", "--config", "a.yaml", "--device", "cuda:0",
                          "--gpus", "1", "-5", "--tag", "b"));
  EXPECT_EQ(Drafted("python3 -m pkg.fit --lr 0.1").name(), "fit");
  EXPECT_EQ(Drafted("/bin/.run --lr 0.1").name(), "run");
}

TEST(Draft, NothingToTuneIsSaid) {
  EXPECT_THAT(std::string(DraftStudyFile({}).status().message()), HasSubstr("no program"));
  EXPECT_THAT(std::string(DraftStudyFile({"python3", "train.py", "--fast"}).status().message()),
              HasSubstr("nothing to tune in \"python3 train.py --fast\""));
}

TEST(Draft, AnyBytesGiveAFileOrAnError) {
  const std::vector<std::string> nasty = {"prog",  "--a=\n b: c", "--b", "\xff\xfe", "--c=#x",
                                          "--d='", "=",           "--",  "---e=1",   "--lr=1e400",
                                          "-",     "--x",         "1e-3"};
  const auto text = DraftStudyFile(nasty);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(ParseStudyFile(*text, "f").ok()) << ParseStudyFile(*text, "f").status() << *text;
}

}  // namespace
}  // namespace caviar::study_file
