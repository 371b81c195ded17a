// Importance on the histories of samplers: those that learn look mostly near the best.
#include <gtest/gtest.h>

#include <cmath>

#include "made_studies.h"
#include "server/analysis/importance.h"
#include "server/sampling/sampler.h"

namespace caviar::analysis {
namespace {

using search_space::Configuration;

constexpr int kTrials = 34;

// The variances over the space are as 59 : 40 : 1 : 0.1.
constexpr char kSpace[] = R"(
  parameters { name: "learning_rate" type: DOUBLE min: 0.0001 max: 1 scale: LOG }
  parameters { name: "units_1" type: INT min: 8 max: 256 scale: LOG }
  parameters { name: "units_2" type: INT min: 8 max: 256 scale: LOG }
  parameters { name: "activation" type: CATEGORICAL values { string_value: "relu" }
               values { string_value: "tanh" } })";

double Loss2(const Configuration& at) {
  const auto log2 = [&at](const char* name) {
    return std::log2(static_cast<double>(at.at(name).int_value()));
  };
  const double rate = std::log10(Number(at, "learning_rate")) + 2;
  return 0.1 * rate * rate + 0.02 * std::pow(log2("units_1") - 7, 2) +
         0.005 * std::pow(log2("units_2") - 5, 2) +
         (at.at("activation").string_value() == "tanh" ? 0.01 : 0);
}

class ImportanceOfAHistory : public ::testing::TestWithParam<v1::Sampler::Algorithm> {};

TEST_P(ImportanceOfAHistory, IsThatOfTheSpace) {
  const v1::Study study = MakeStudy(kSpace);
  const auto space = *search_space::SearchSpace::Create(study.parameters());
  v1::Sampler definition;
  definition.set_algorithm(GetParam());
  const auto sampler = *sampling::MakeSampler(definition);
  sampling::SamplerInput input;
  input.seed = 1;
  std::vector<TrialRecord> trials;
  for (; input.number < kTrials; ++input.number) {
    auto configuration = sampling::Suggest(*sampler, space, input);
    ASSERT_TRUE(configuration.has_value());
    sampling::Observation observation;
    observation.number = input.number;
    observation.value = Loss2(*configuration);
    observation.point = *space.ToPoint(*configuration);
    trials.push_back(Completed(input.number, *std::move(configuration), observation.value));
    input.history.Add(std::move(observation));
  }
  const auto response = ComputeImportance(study, v1::Objective::MINIMIZE, trials);
  ASSERT_EQ(response.parameters_size(), 4);
  EXPECT_EQ(response.parameters(0).parameter(), "learning_rate") << response.DebugString();
  EXPECT_EQ(response.parameters(1).parameter(), "units_1") << response.DebugString();
  EXPECT_NEAR(response.parameters(0).importance(), 0.59, 0.15);
  EXPECT_NEAR(response.parameters(1).importance(), 0.40, 0.15);
}

INSTANTIATE_TEST_SUITE_P(Samplers, ImportanceOfAHistory,
                         ::testing::Values(v1::Sampler::RANDOM, v1::Sampler::TPE, v1::Sampler::GP),
                         [](const auto& test) { return v1::Sampler::Algorithm_Name(test.param); });

}  // namespace
}  // namespace caviar::analysis
