#include "worker/training/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "onnx.pb.h"
#include "worker/network/initialization.h"
#include "worker/network/weights.h"

namespace caviar::training {
namespace {

using testing::HasSubstr;

network::Weights TwoInputs() {
  network::Weights weights;
  weights.architecture.inputs = 2;
  weights.architecture.hidden = {3};
  weights.architecture.classes = 2;
  weights.mean = {0, 1};
  weights.inverse_deviation = {1, 2};
  weights.class_names = {"oak", "\xff\"elm\""};
  weights.state = network::InitialState(weights.architecture, network::Initialization::kHe, 1, 2);
  return weights;
}

// What AddModel makes of a trial of the study "trees".
Outcome Made(const network::Weights& weights, const std::vector<std::string>& input_names) {
  v1::Study study;
  study.set_name("trees");
  study.mutable_objective()->set_metric("validation_loss");
  v1::Trial trial;
  trial.set_number(7);
  (*trial.mutable_parameters())["learning_rate"].set_double_value(0.001);
  (*trial.mutable_parameters())["hidden_units"].set_int_value(3);
  (*trial.mutable_parameters())["activation"].set_string_value("relu");
  (*trial.mutable_parameters())["bias_correction"].set_bool_value(true);
  Outcome outcome;
  outcome.weights = network::SerializeWeights(weights);
  outcome.weights_step = 5;
  AddModel(study, trial, input_names, outcome);
  return outcome;
}

std::map<std::string, std::string> Metadata(const Outcome& outcome) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(outcome.model));
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  return metadata;
}

TEST(ModelFile, SaysWhereItComesFromAndWhatItsNumbersMean) {
  const Outcome outcome = Made(TwoInputs(), {"height", "leaf"});
  EXPECT_EQ(outcome.no_model, "");
  const std::map<std::string, std::string> expected = {
      {"study", "trees"},
      {"trial", "7"},
      {"step", "5"},
      {"objective", "validation_loss"},
      {"configuration",
       R"({"activation":"relu","bias_correction":true,"hidden_units":3,"learning_rate":0.001})"},
      {"class_names", "[\"oak\",\"\xEF\xBF\xBD\\\"elm\\\"\"]"},
      {"input_names", R"(["height","leaf"])"}};
  EXPECT_EQ(Metadata(outcome), expected);
}

TEST(ModelFile, HasNoInputNamesWhereTheDataHasNone) {
  EXPECT_FALSE(Metadata(Made(TwoInputs(), {})).contains("input_names"));
}

TEST(ModelFile, SaysWhyThereIsNone) {
  network::Weights weights = TwoInputs();
  weights.inverse_deviation[0] = std::numeric_limits<float>::infinity();
  const Outcome outcome = Made(weights, {});
  EXPECT_EQ(outcome.model, "");
  EXPECT_THAT(outcome.no_model, HasSubstr("not finite"));
}

}  // namespace
}  // namespace caviar::training
