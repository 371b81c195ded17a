#include "server/sampling/gp_sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "server/sampling/counter_random.h"
#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_candidates.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/gp_rung_lessons.h"
#include "server/sampling/gp_rung_predictor.h"
#include "server/sampling/gp_search.h"
#include "server/sampling/sobol_sampler.h"

namespace caviar::sampling {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

// Standard deviations of the confidence bound: where pending points spread the trials already, less
// boldness is better.
constexpr double kAlone = 2.5, kSober = 1.8;
// Two points that differ by less along all axes are as good as one.
constexpr double kCopy = 1e-3;
constexpr int kMaxBolder = 5;
// Share of trials that explore.
constexpr double kExploring = 0.1;
// More pending points than this cost more time than they are worth: the last ones count.
constexpr size_t kMaxPending = 200;
// Points, the best first, around which candidates are drawn.
constexpr size_t kMaxGood = 20;

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

uint64_t FingerprintOf(const search_space::SearchSpace& space) {
  uint64_t fingerprint = 0;
  for (const v1::Parameter& parameter : space.parameters()) {
    for (const char byte : parameter.SerializeAsString()) {
      fingerprint = Add(fingerprint, static_cast<uint64_t>(static_cast<unsigned char>(byte)));
    }
    fingerprint = Add(fingerprint, uint64_t{256});
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

// The points of a model: those seen, then the pending ones.
struct Known {
  std::vector<ModelPoint> points;
  std::vector<double> values;  // of the seen
  std::vector<gp::Prediction> predictions;

  std::vector<ModelPoint> Seen() const {
    return {points.begin(), points.begin() + static_cast<ptrdiff_t>(values.size())};
  }
};

Known KnownOf(const gp::Lessons& lessons, const ModelSpace& space, const SamplerInput& input) {
  Known known;
  const std::vector<double> warped = gp::WarpOutputs(lessons.outcomes);
  for (const size_t i : gp::Chosen(lessons, lessons.size())) {
    known.points.push_back(lessons.points[i]);
    known.values.push_back(warped[i]);
  }
  const size_t pending = input.pending.size();
  for (size_t i = pending - std::min(pending, kMaxPending); i < pending; ++i) {
    known.points.push_back(space.ToModel(input.pending[i].point));
  }
  return known;
}

gp::Posterior PosteriorOf(Known& known, const gp::PointLayout& layout, const gp::ModelForm& form,
                          const std::vector<double>& logs) {
  const int count = static_cast<int>(known.points.size());
  gp::Grid grid(layout.width(), count);
  for (int i = 0; i < count; ++i) layout.Set(known.points[static_cast<size_t>(i)], i, grid);
  gp::Posterior posterior(form.CovarianceOf(logs), gp::ModelForm::NoiseOf(logs), grid, known.values,
                          count - static_cast<int>(known.values.size()));
  posterior.Predict(grid, grid.vectors(), known.predictions);
  known.predictions.resize(known.points.size());
  return posterior;
}

// The same where trials have values at rungs.
Known KnownOf(gp::RungPredictor& predictor, const gp::PointLayout& layout) {
  Known known;
  known.points = predictor.points();
  known.values.resize(predictor.seen());
  gp::Grid grid(layout.width(), static_cast<int>(known.points.size()));
  for (size_t i = 0; i < known.points.size(); ++i) {
    layout.Set(known.points[i], static_cast<int>(i), grid);
  }
  predictor.Predict(grid, grid.vectors(), known.predictions);
  known.predictions.resize(known.points.size());
  return known;
}

// What this trial is for: most improve or explore within what is likely, in turn.
gp::Acquisition AcquisitionOf(const Known& known, int32_t number, gp::Draws& draws) {
  gp::Acquisition acquisition;
  const auto pending = static_cast<double>(known.points.size() - known.values.size());
  acquisition.deviations = kSober + (kAlone - kSober) / (1 + pending);
  if (draws.Uniform() < kExploring) {
    acquisition.kind = gp::Acquisition::Kind::kExploration;
    const auto bound = [](const gp::Prediction& at) { return at.mean - kSober * at.deviation; };
    acquisition.reference =
        std::min_element(known.predictions.begin(), known.predictions.end(),
                         [&](const auto& a, const auto& b) { return bound(a) < bound(b); })
            ->mean;
  } else if (number % 2 == 1) {
    acquisition.kind = gp::Acquisition::Kind::kLogImprovement;
    acquisition.reference =
        std::min_element(known.predictions.begin(), known.predictions.end(),
                         [](const auto& a, const auto& b) { return a.mean < b.mean; })
            ->mean;
  }
  return acquisition;
}

std::vector<ModelPoint> GoodOf(const Known& known) {
  std::vector<size_t> order(known.points.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const double x = known.predictions[a].mean, y = known.predictions[b].mean;
    return x != y ? x < y : a < b;
  });
  order.resize(std::min(order.size(), kMaxGood));
  std::vector<ModelPoint> good;
  for (const size_t i : order) good.push_back(known.points[i]);
  return good;
}

// Whether a trial that runs is at this point, or all but.
bool IsCopyOfPending(const Known& known, const ModelPoint& point) {
  const auto is_copy = [&](const ModelPoint& other) {
    for (size_t i = 0; i < point.size(); ++i) {
      if (std::isnan(point[i]) != std::isnan(other[i])) return false;
      if (std::abs(point[i] - other[i]) > kCopy) return false;
    }
    return true;
  };
  return std::any_of(known.points.begin() + static_cast<ptrdiff_t>(known.values.size()),
                     known.points.end(), is_copy);
}

// Of the trust region, in the scaled cube.
double RadiusOf(size_t trials, int dimensions) {
  return 0.2 + 0.3 * static_cast<double>(trials) / (5.0 * (dimensions + 1));
}

// Where it is most worth trying, after so many trials.
Point Maximize(const ModelSpace& model, const SamplerInput& input, const gp::PointLayout& layout,
               const Known& known, size_t trials, gp::Predictor& predictor) {
  gp::Draws draws(input.seed, input.number);
  const gp::Acquisition acquisition = AcquisitionOf(known, input.number, draws);
  const std::vector<ModelPoint> seen = known.Seen();
  const gp::TrustRegion region(model, seen, RadiusOf(trials, model.dimensions()));
  const std::set<ModelPoint> tried = TriedOf(model, input);
  const std::vector<ModelPoint> good = GoodOf(known);
  const auto find = [&](const gp::Acquisition& by) {
    return gp::Search(model, layout, predictor, by, region, tried, draws, {}).Find(good);
  };
  ModelPoint found = find(acquisition);
  // Where the model is sure of the best place, workers that ask at once would all get it.
  gp::Acquisition bold;
  for (int i = 1; i <= kMaxBolder && IsCopyOfPending(known, found); ++i) {
    bold.deviations = kSober * std::pow(4.0, i);
    found = find(bold);
  }
  return model.ToPoint(found);
}

}  // namespace

void GpSampler::Recall(const search_space::SearchSpace& space, const History& history) {
  const uint64_t of_space = FingerprintOf(space);
  uint64_t fingerprint = of_space;
  const size_t read = std::min(memory_.read, history.size());
  for (size_t i = 0; i < read; ++i) fingerprint = Add(fingerprint, history[i]);
  if (memory_.fits == nullptr || read < memory_.read || fingerprint != memory_.fingerprint) {
    memory_ = Memory();
    memory_.layout = gp::PointLayout(space.model());
    memory_.fits = std::make_unique<gp::FitChain>(memory_.layout);
    memory_.fingerprint = of_space;
  }
  gp::Lessons& lessons = memory_.lessons;
  for (; memory_.read < history.size(); ++memory_.read) {
    const Observation& observation = history[memory_.read];
    memory_.fingerprint = Add(memory_.fingerprint, observation);
    if (!Teaches(observation)) continue;
    lessons.points.push_back(space.model().ToModel(observation.point));
    lessons.outcomes.push_back({observation.value, observation.state == v1::Trial::INFEASIBLE});
    lessons.fingerprints.push_back(memory_.fingerprint);
  }
}

std::optional<Point> GpSampler::SuggestPoint(const search_space::SearchSpace& space,
                                             const SamplerInput& input) {
  const ModelSpace& model = space.model();
  const int dimensions = model.dimensions();
  if (dimensions == 0) return Point();
  Recall(space, input.history);
  const gp::Lessons& lessons = memory_.lessons;
  const gp::PointLayout& layout = memory_.layout;
  const gp::RungLessons by_rung = gp::RungLessonsOf(model, input);
  if (!by_rung.trials.empty() && layout.width() > 0) {
    gp::RungPredictor predictor(layout, by_rung);
    return Maximize(model, input, layout, KnownOf(predictor, layout), by_rung.trials.size(),
                    predictor);
  }
  if (lessons.size() == 0 || layout.width() == 0) {
    if (input.number == 0) return Point(static_cast<size_t>(dimensions), 0.5);
    return SobolPoint(input.seed, static_cast<uint32_t>(input.number), dimensions);
  }
  const gp::Fit& fit = memory_.fits->At(lessons);
  Known known = KnownOf(lessons, model, input);
  gp::Posterior posterior = PosteriorOf(known, layout, memory_.fits->form(fit.additive), fit.logs);
  return Maximize(model, input, layout, known, lessons.size(), posterior);
}

}  // namespace caviar::sampling
