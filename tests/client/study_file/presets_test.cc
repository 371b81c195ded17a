#include "client/study_file/presets.h"

#include <gtest/gtest.h>

#include "caviar/v1/vocabulary.h"
#include "study_file_text.h"

namespace caviar::study_file {
namespace {

TEST(Presets, EachIsAStudyFileWhoseSettingsTheTrainerTakes) {
  for (const std::string& name : PresetNames()) {
    const auto file = ParseStudyFile(*Preset(name), name);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->study.name(), name);
    for (const auto& violation : vocabulary::CheckBatchNormNetworkParameters(file->study)) {
      ADD_FAILURE() << violation.field() << ": " << violation.description();
    }
  }
}

TEST(Presets, TheExampleIsTakenToo) {
  const auto file = ParseStudyFile(ExampleText(), "example");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(vocabulary::CheckBatchNormNetworkParameters(file->study).empty());
}

TEST(Presets, TheMlpStandsInTheCoursesOrderOfImportance) {
  const auto file = ParseStudyFile(*Preset("batch-norm-mlp"), "preset");
  ASSERT_TRUE(file.ok());
  std::vector<std::string> names;
  for (const auto& parameter : file->study.parameters()) names.push_back(parameter.name());
  const std::vector<std::string> expected = {
      "learning_rate", "optimizer",  "momentum", "batch_size", "hidden_units",
      "hidden_layers", "decay_rate", "beta1",    "beta2",      "epsilon"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(file->study.parameters(9).value().double_value(), 1e-8);
}

TEST(Presets, AnUnknownOneIsAnsweredWithThoseThereAre) {
  const auto text = Preset("batchnorm-mlp");
  ASSERT_FALSE(text.ok());
  EXPECT_NE(std::string(text.status().message()).find("did you mean \"batch-norm-mlp\"?"),
            std::string::npos);
}

}  // namespace
}  // namespace caviar::study_file
