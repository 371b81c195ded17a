#include "server/sampling/gp_transfer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "server/sampling/random_sampler.h"
#include "tests/server/sampling/spaces.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;
using search_space::Point;
using Function = std::function<double(const Point&)>;

double Slope(const Point& point) { return point[0]; }
double Opposite(const Point& point) { return -point[0]; }
double Across(const Point& point) { return std::sin(9 * point[1]); }

class EarlierStudiesTest : public testing::Test {
 protected:
  static std::vector<Observation> StudyOf(const Function& value) {
    std::vector<Observation> study;
    for (int i = 0; i < 40; ++i) {
      Observation& observation = study.emplace_back();
      observation.point = RandomPoint(11, static_cast<uint32_t>(i), 2);
      observation.value = value(observation.point);
    }
    return study;
  }

  // After so many trials of a study whose objective is Slope.
  std::vector<double> CoefficientsAfter(int trials, const std::vector<Function>& earlier) {
    std::vector<std::vector<Observation>> studies;
    for (const Function& value : earlier) studies.push_back(StudyOf(value));
    EarlierStudies models(space_.model(), layout_, studies, 0);
    std::vector<ModelPoint> points;
    std::vector<double> values;
    for (int i = 0; i < trials; ++i) {
      points.push_back(RandomPoint(12, static_cast<uint32_t>(i), 2));
      values.push_back(Slope(points.back()) - 0.5);
    }
    return models.Coefficients(points, values);
  }

  search_space::SearchSpace space_ = SpaceOf(R"(parameters { name: "x" type: DOUBLE min: 0 max: 1 }
                 parameters { name: "y" type: DOUBLE min: 0 max: 1 })");
  PointLayout layout_{space_.model()};
};

TEST_F(EarlierStudiesTest, AreTrustedBeforeAnythingWasSeen) {
  EXPECT_EQ(CoefficientsAfter(0, {Slope}), std::vector<double>{1});
  EXPECT_EQ(CoefficientsAfter(0, {Slope, Opposite}), (std::vector<double>{0.5, 0.5}));
}

TEST_F(EarlierStudiesTest, CountByHowAlikeTheyTurnOutToBe) {
  const std::vector<double> alike = CoefficientsAfter(20, {Slope});
  EXPECT_NEAR(alike[0], 1, 0.3);
  EXPECT_EQ(CoefficientsAfter(20, {Opposite})[0], 0);
  EXPECT_LT(std::abs(CoefficientsAfter(20, {Across})[0]), 0.4);
  const std::vector<double> three = CoefficientsAfter(20, {Opposite, Slope, Across});
  EXPECT_GT(three[1], 5 * three[0]);
  EXPECT_GT(three[1], 5 * three[2]);
}

TEST_F(EarlierStudiesTest, OfOneTrialOrNoneSayNothing) {
  const std::vector<Observation> one = {StudyOf(Slope)[0]};
  EXPECT_TRUE(EarlierStudies(space_.model(), layout_, {{}, one}, 0).empty());
  EXPECT_TRUE(EarlierStudies(space_.model(), layout_, {StudyOf(Slope)}, 1).empty());
}

TEST_F(EarlierStudiesTest, AddTheirMeanAndDoubtAndTheSlopesOfBoth) {
  const EarlierStudies earlier(space_.model(), layout_, {StudyOf(Slope), StudyOf(Across)}, 0);
  const FitChain fits(layout_);
  Grid seen(2, 1);
  seen(0, 0) = seen(1, 0) = 0.3;
  const std::vector<double> logs = fits.form(false).centers();
  TransferPredictor model(
      std::make_unique<Posterior>(fits.form(false).CovarianceOf(logs), ModelForm::NoiseOf(logs),
                                  seen, std::vector<double>{0.2}, 0),
      earlier, {0.7, 0.4});
  // Lane 0 is the point, 1 and 2 are beside it along x, 3 and 4 along y.
  constexpr double kStep = 1e-5;
  Grid at(2, kLanes);
  for (int lane = 0; lane < kLanes; ++lane) {
    at(0, lane) = 0.6 + (lane == 1 ? kStep : lane == 2 ? -kStep : 0);
    at(1, lane) = 0.2 + (lane == 3 ? kStep : lane == 4 ? -kStep : 0);
  }
  for (double Prediction::*part : {&Prediction::mean, &Prediction::deviation}) {
    Prediction predictions[kLanes];
    model.PredictVector(at, 0, predictions);
    PredictionGradient by[kLanes];
    (part == &Prediction::mean ? by[0].mean : by[0].deviation) = 1;
    Grid gradient;
    model.Gradient(at, 0, by, gradient);
    for (const int axis : {0, 1}) {
      const double above = predictions[2 * axis + 1].*part, below = predictions[2 * axis + 2].*part;
      EXPECT_NEAR(gradient(axis, 0), (above - below) / (2 * kStep), 1e-5);
    }
    if (part == &Prediction::mean) {
      EXPECT_GT(gradient(0, 0), 0.2);  // the slope of the first study
    }
  }
}

}  // namespace
}  // namespace caviar::sampling::gp
