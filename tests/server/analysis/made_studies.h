// Studies and trials whose answers are known.
#ifndef CAVIAR_TESTS_SERVER_ANALYSIS_MADE_STUDIES_H_
#define CAVIAR_TESTS_SERVER_ANALYSIS_MADE_STUDIES_H_

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "server/analysis/trial_record.h"

namespace caviar::analysis {

// A minimizing study of an external trainer; `more` is merged into it.
inline v1::Study MakeStudy(const std::string& more) {
  v1::Study study;
  const std::string base = R"(
    name: "s" objective { metric: "loss" goal: MINIMIZE value: BEST } trainer { external {} }
    sampler { algorithm: AUTO seed: 1 })";
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(base, &study));
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(more, &study)) << more;
  return study;
}

inline TrialRecord Completed(int32_t number, search_space::Configuration parameters,
                             double objective) {
  TrialRecord trial;
  trial.number = number;
  trial.state = v1::Trial::COMPLETED;
  trial.parameters = std::move(parameters);
  trial.objective = objective;
  trial.objective_step = 1;
  return trial;
}

using Loss1 = std::function<double(const search_space::Configuration&)>;

// `count` trials drawn uniformly from the study's space, with these losses.
inline std::vector<TrialRecord> RandomTrials(const v1::Study& study, int count, const Loss1& loss,
                                             uint32_t seed = 1) {
  const auto space = search_space::SearchSpace::Create(study.parameters());
  EXPECT_TRUE(space.ok()) << space.status();
  std::mt19937 random(seed);
  std::vector<TrialRecord> trials;
  for (int i = 0; i < count; ++i) {
    search_space::Point point(static_cast<size_t>(space->dimensions()));
    for (double& coordinate : point) coordinate = static_cast<double>(random()) / 4294967296.0;
    search_space::Configuration configuration = space->ToConfiguration(point);
    const double objective = loss(configuration);
    trials.push_back(Completed(i, std::move(configuration), objective));
  }
  return trials;
}

inline double Number(const search_space::Configuration& configuration, const std::string& name) {
  return configuration.at(name).double_value();
}

// A curve with these values at the steps 1, 2, ..., `start` + 1, `start` + 2, ... seconds.
inline std::vector<Measured> Curve(const std::vector<double>& values, int64_t start = 0) {
  std::vector<Measured> curve;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto step = static_cast<int64_t>(i) + 1;
    curve.push_back({step, values[i], (start + step) * 1'000'000});
  }
  return curve;
}

}  // namespace caviar::analysis

#endif  // CAVIAR_TESTS_SERVER_ANALYSIS_MADE_STUDIES_H_
