#include "server/sampling/gp_sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "server/sampling/counter_random.h"
#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_candidates.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/gp_search.h"
#include "server/sampling/sobol_sampler.h"

namespace caviar::sampling {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kFirst = 0x6770;

uint64_t Add(uint64_t fingerprint, uint64_t bits) { return Mix(fingerprint * 3 + bits + 1); }
uint64_t Add(uint64_t fingerprint, double number) {
  return Add(fingerprint, std::bit_cast<uint64_t>(number));
}

uint64_t Add(uint64_t fingerprint, const Observation& observation) {
  fingerprint = Add(fingerprint, static_cast<uint64_t>(observation.state));
  fingerprint = Add(fingerprint, observation.value);
  for (const double coordinate : observation.point) fingerprint = Add(fingerprint, coordinate);
  return fingerprint;
}

// Of what samplers know of a space, conditions aside.
uint64_t FingerprintOf(const ModelSpace& space) {
  uint64_t fingerprint = Add(kFirst, static_cast<uint64_t>(space.conditional()));
  for (int i = 0; i < space.dimensions(); ++i) {
    const ModelAxis& axis = space.axis(i);
    fingerprint = Add(fingerprint, static_cast<uint64_t>(axis.kind));
    fingerprint = Add(fingerprint, static_cast<uint64_t>(axis.categories));
    fingerprint = Add(fingerprint, static_cast<uint64_t>(space.conditional(i)));
    fingerprint = Add(fingerprint, axis.values);
    for (const double place : axis.places) fingerprint = Add(fingerprint, place);
  }
  return fingerprint;
}

bool Teaches(const Observation& observation) {
  return observation.state == v1::Trial::INFEASIBLE ||
         (observation.state == v1::Trial::COMPLETED && std::isfinite(observation.value));
}

// Configurations that were tried; where the space is finite only, elsewhere none is met twice.
std::set<ModelPoint> TriedOf(const ModelSpace& space, const SamplerInput& input) {
  std::set<ModelPoint> tried;
  if (!std::isfinite(space.configurations())) return tried;
  const auto add = [&](const Point& point) { tried.insert(gp::WithoutNaN(space.ToModel(point))); };
  for (size_t i = 0; i < input.history.size(); ++i) add(input.history[i].point);
  for (const Pending& pending : input.pending) add(pending.point);
  return tried;
}

}  // namespace

void GpSampler::Recall(const ModelSpace& space, const History& history) {
  const uint64_t of_space = FingerprintOf(space);
  uint64_t fingerprint = of_space;
  if (memory_.fits == nullptr || of_space != space_ || memory_.read > history.size()) {
    memory_ = Memory();
  }
  for (size_t i = 0; i < memory_.read; ++i) fingerprint = Add(fingerprint, history[i]);
  if (memory_.fits == nullptr || fingerprint != memory_.fingerprint) {
    space_ = of_space;
    memory_ = Memory();
    memory_.layout = gp::PointLayout(space);
    memory_.fits = std::make_unique<gp::FitChain>(memory_.layout);
    memory_.fingerprint = of_space;
  }
  gp::Lessons& lessons = memory_.lessons;
  for (; memory_.read < history.size(); ++memory_.read) {
    const Observation& observation = history[memory_.read];
    memory_.fingerprint = Add(memory_.fingerprint, observation);
    if (!Teaches(observation)) continue;
    lessons.points.push_back(space.ToModel(observation.point));
    lessons.outcomes.push_back({observation.value, observation.state == v1::Trial::INFEASIBLE});
    lessons.fingerprints.push_back(memory_.fingerprint);
  }
}

std::optional<Point> GpSampler::SuggestPoint(const search_space::SearchSpace& space,
                                             const SamplerInput& input) {
  const ModelSpace& model_space = space.model();
  const int dimensions = model_space.dimensions();
  if (dimensions == 0) return {};
  Recall(model_space, input.history);
  const gp::Lessons& lessons = memory_.lessons;
  const gp::PointLayout& layout = memory_.layout;
  if (lessons.size() == 0 || layout.width() == 0) {
    if (input.number == 0) return Point(static_cast<size_t>(dimensions), 0.5);
    return SobolPoint(input.seed, static_cast<uint32_t>(input.number), dimensions);
  }
  const gp::Fit& fit = memory_.fits->At(lessons);
  const std::vector<double> all = gp::WarpOutputs(lessons.outcomes);
  std::vector<ModelPoint> points;
  std::vector<double> values;
  for (const size_t i : gp::Chosen(lessons, lessons.size())) {
    points.push_back(lessons.points[i]);
    values.push_back(all[i]);
  }
  const int seen = static_cast<int>(points.size());
  for (const Pending& pending : input.pending) {
    points.push_back(model_space.ToModel(pending.point));
  }
  const int count = static_cast<int>(points.size());
  gp::Grid grid(layout.width(), count);
  for (int i = 0; i < count; ++i) layout.Set(points[static_cast<size_t>(i)], i, grid);
  gp::Posterior posterior(memory_.fits->form(fit.additive).CovarianceOf(fit.logs),
                          gp::ModelForm::NoiseOf(fit.logs), grid, values, count - seen);
  // What the model thinks of the points that are there.
  std::vector<gp::Prediction> known;
  posterior.Predict(grid, grid.vectors(), known);
  known.resize(static_cast<size_t>(count));

  gp::Draws draws(input.seed, input.number);
  gp::Acquisition acquisition;
  const double u = draws.Uniform();
  if (u < 0.1) {
    acquisition.kind = gp::Acquisition::Kind::kExploration;
    double best = std::numeric_limits<double>::infinity();
    for (const gp::Prediction& at : known) {
      const double bound = at.mean - 1.8 * at.deviation;
      if (bound < best) {
        best = bound;
        acquisition.reference = at.mean;
      }
    }
  } else if (input.number % 2 == 1) {
    acquisition.kind = gp::Acquisition::Kind::kLogImprovement;
    acquisition.reference = known[0].mean;
    for (const gp::Prediction& at : known) {
      acquisition.reference = std::min(acquisition.reference, at.mean);
    }
  }

  std::vector<size_t> order(points.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return known[a].mean != known[b].mean ? known[a].mean < known[b].mean : a < b;
  });
  std::vector<ModelPoint> good;
  for (size_t i = 0; i < std::min<size_t>(order.size(), 20); ++i) good.push_back(points[order[i]]);

  const double radius = 0.2 + 0.3 * static_cast<double>(lessons.size()) / (5.0 * (dimensions + 1));
  const std::vector<ModelPoint> seen_points(points.begin(), points.begin() + seen);
  const gp::TrustRegion region(model_space, seen_points, radius);
  const std::set<ModelPoint> tried = TriedOf(model_space, input);
  gp::Search search(model_space, layout, posterior, acquisition, region, tried, draws, {});
  return model_space.ToPoint(search.Find(good));
}

}  // namespace caviar::sampling
