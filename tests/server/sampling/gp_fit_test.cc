#include "server/sampling/gp_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_posterior.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

search_space::ModelSpace Cube(int dimensions) {
  std::vector<v1::Parameter> parameters(static_cast<size_t>(dimensions));
  for (size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].set_name("x" + std::to_string(i));
    parameters[i].set_type(v1::Parameter::DOUBLE);
    parameters[i].set_max(1);
  }
  return search_space::ModelSpace(parameters);
}

// A sum of ripples in a bowl, three to an axis.
double Ripples(const ModelPoint& point) {
  double sum = 0;
  for (const double x : point) sum += std::pow(2 * x - 1, 2) + 1 - std::cos(6 * M_PI * x);
  return sum;
}

// Along every axis its mean over the others is zero: nothing of it is a sum.
double Saddle(const ModelPoint& point) {
  double product = 1;
  for (const double x : point) product *= 2 * x - 1;
  return product;
}

Lessons LessonsOf(const std::function<double(const ModelPoint&)>& value, int dimensions, int count,
                  uint32_t seed) {
  Draws draws(seed, 0);
  Lessons lessons;
  for (int i = 0; i < count; ++i) {
    ModelPoint point;
    for (int d = 0; d < dimensions; ++d) point.push_back(draws.Uniform());
    lessons.outcomes.push_back({value(point), false});
    lessons.points.push_back(std::move(point));
    lessons.fingerprints.push_back(static_cast<uint64_t>(i) + 1);
  }
  return lessons;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) mean_a += a[i] / n, mean_b += b[i] / n;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(FitChain, SeesASumOfRipplesAndPredictsIt) {
  constexpr int kDimensions = 4, kSeen = 80, kOthers = 200;
  const PointLayout layout(Cube(kDimensions));
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const Lessons lessons = LessonsOf(Ripples, kDimensions, kSeen, seed);
    FitChain chain(layout);
    const Fit& fit = chain.At(lessons);
    EXPECT_TRUE(fit.additive) << "seed " << seed;
    Grid grid(layout.width(), kSeen), at(layout.width(), kOthers);
    for (int i = 0; i < kSeen; ++i) layout.Set(lessons.points[static_cast<size_t>(i)], i, grid);
    Posterior posterior(chain.form(fit.additive).CovarianceOf(fit.logs),
                        ModelForm::NoiseOf(fit.logs), grid, WarpOutputs(lessons.outcomes), 0);
    const Lessons others = LessonsOf(Ripples, kDimensions, kOthers, seed + 100);
    for (int i = 0; i < kOthers; ++i) layout.Set(others.points[static_cast<size_t>(i)], i, at);
    std::vector<Prediction> predictions;
    posterior.Predict(at, at.vectors(), predictions);
    std::vector<double> means, values;
    for (size_t i = 0; i < kOthers; ++i) {
      means.push_back(predictions[i].mean);
      values.push_back(others.outcomes[i].value);
    }
    EXPECT_GT(Correlation(means, values), 0.8) << "seed " << seed;
  }
}

TEST(FitChain, TakesNoSumWhereThereIsNone) {
  const PointLayout layout(Cube(3));
  for (const uint32_t seed : {1u, 2u, 3u}) {
    FitChain chain(layout);
    EXPECT_FALSE(chain.At(LessonsOf(Saddle, 3, 60, seed)).additive) << "seed " << seed;
  }
}

}  // namespace
}  // namespace caviar::sampling::gp
