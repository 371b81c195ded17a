#include "server/analysis/total_effects.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "made_studies.h"
#include "server/analysis/quadratic_trend.h"
#include "server/analysis/regression_forest.h"

namespace caviar::analysis {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::SearchSpace;

constexpr char kTwo[] = R"(
  parameters { name: "a" type: DOUBLE min: 0 max: 1 }
  parameters { name: "b" type: DOUBLE min: 0 max: 1 })";
constexpr char kBranches[] = R"(
  parameters { name: "kind" type: CATEGORICAL values { string_value: "x" }
               values { string_value: "y" } values { string_value: "z" } }
  parameters { name: "m" type: DOUBLE min: 0 max: 1
               when { parameter: "kind" values { string_value: "x" } } })";

// Places and what a function says of them.
struct Data {
  Data(const std::string& parameters, int count,
       const std::function<double(const ModelPoint&)>& function)
      : study(MakeStudy(parameters)), space(*SearchSpace::Create(study.parameters())) {
    for (const TrialRecord& trial :
         RandomTrials(study, count, [](const search_space::Configuration&) { return 0; })) {
      places.push_back(space.model().ToModel(*space.ToPoint(trial.parameters)));
      values.push_back(function(places.back()));
    }
  }

  v1::Study study;
  SearchSpace space;
  std::vector<ModelPoint> places;
  std::vector<double> values;
};

TEST(QuadraticTrend, FindsAQuadratic) {
  const auto quadratic = [](const ModelPoint& at) {
    return 3 + 2 * at[0] - at[1] + 4 * at[0] * at[1] + 5 * at[1] * at[1];
  };
  const Data data(kTwo, 30, quadratic);
  const QuadraticTrend trend(data.space.model(), data.places, data.values);
  for (const ModelPoint& at : {ModelPoint{0.5, 0.5}, ModelPoint{0.2, 0.7}}) {
    EXPECT_NEAR(trend.Predict(at), quadratic(at), 0.01);
  }
}

TEST(QuadraticTrend, StaysWithinWhatWasSeen) {
  Data data(kTwo, 20, [](const ModelPoint& at) { return at[0]; });
  for (ModelPoint& place : data.places) place[0] = 0.4 + 0.2 * place[0];
  const QuadraticTrend trend(data.space.model(), data.places, data.values);
  EXPECT_LE(trend.Predict({1, 0.5}), 1);
  EXPECT_GE(trend.Predict({0, 0.5}), 0);
}

TEST(QuadraticTrend, IsTheMeanWhereThereIsNothingToFind) {
  const Data one(kTwo, 1, [](const ModelPoint&) { return 7; });
  EXPECT_EQ(QuadraticTrend(one.space.model(), one.places, one.values).Predict({0.1, 0.9}), 7);
  Data equal(kTwo, 10, [](const ModelPoint&) { return 2.5; });
  for (ModelPoint& place : equal.places) place = equal.places[0];
  EXPECT_EQ(QuadraticTrend(equal.space.model(), equal.places, equal.values).Predict({0, 1}), 2.5);
}

TEST(QuadraticTrend, KnowsCategoriesAndWhatIsInactive) {
  const auto branch = [](const ModelPoint& at) { return at[0] == 0 ? 1 + at[1] : 3 * at[0]; };
  const Data data(kBranches, 60, branch);
  const QuadraticTrend trend(data.space.model(), data.places, data.values);
  for (const ModelPoint& at : {ModelPoint{0, 0.5}, ModelPoint{1, NAN}, ModelPoint{2, NAN}}) {
    EXPECT_NEAR(trend.Predict(at), branch(at), 0.1);
  }
}

TEST(RegressionForest, RepeatsWhatItSaw) {
  const Data data(kBranches, 60, [](const ModelPoint& at) {
    return at[0] == 0 ? std::sin(20 * at[1]) : 3 * at[0];
  });
  const RegressionForest forest(data.space.model(), data.places, data.values);
  for (size_t i = 0; i < data.places.size(); ++i) {
    EXPECT_NEAR(forest.Predict(data.places[i]), data.values[i], 1e-12) << i;
  }
}

TEST(RegressionForest, FindsAnEdge) {
  const Data data(kTwo, 200, [](const ModelPoint& at) { return at[0] < 0.35 ? 0 : 1; });
  const RegressionForest forest(data.space.model(), data.places, data.values);
  EXPECT_LT(forest.Predict({0.3, 0.5}), 0.1);
  EXPECT_GT(forest.Predict({0.4, 0.5}), 0.9);
}

// The variance of x over [0, 1] is 1/12; of k x, k^2 times that.
TEST(TotalEffects, OfASumAreItsTermsVariances) {
  const Data data(kTwo, 100, [](const ModelPoint& at) { return 2 * at[0] + at[1]; });
  const auto effects = TotalEffects(data.space.model(), data.places, data.values);
  ASSERT_EQ(effects.size(), 2u);
  EXPECT_NEAR(effects[0], 4 / 12.0, 0.03);
  EXPECT_NEAR(effects[1], 1 / 12.0, 0.01);
}

// m varies a third of the space: 1/3 of 9/12.
TEST(TotalEffects, OfAConditionalAxisCountByWhereItIsActive) {
  const Data data(kBranches, 300,
                  [](const ModelPoint& at) { return at[0] == 0 ? 3 * at[1] : 1.5; });
  const auto effects = TotalEffects(data.space.model(), data.places, data.values);
  EXPECT_NEAR(effects[1], 0.25, 0.05);
}

TEST(TotalEffects, OfNothingAreNone) {
  const Data data(kTwo, 10, [](const ModelPoint&) { return 1; });
  EXPECT_EQ(TotalEffects(data.space.model(), data.places, data.values),
            std::vector<double>({0, 0}));
  EXPECT_EQ(TotalEffects(data.space.model(), {}, {}), std::vector<double>({0, 0}));
  EXPECT_TRUE(TotalEffects(ModelSpace(), {{}, {}}, {1, 2}).empty());
}

}  // namespace
}  // namespace caviar::analysis
