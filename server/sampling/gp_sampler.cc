#include "server/sampling/gp_sampler.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_candidates.h"
#include "server/sampling/gp_choice.h"
#include "server/sampling/gp_criterion.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_fingerprint.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/gp_rung_lessons.h"
#include "server/sampling/gp_rung_predictor.h"
#include "server/sampling/gp_search.h"

namespace caviar::sampling {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

bool Teaches(const Observation& observation) {
  return observation.state == v1::Trial::INFEASIBLE ||
         (observation.state == v1::Trial::COMPLETED && std::isfinite(observation.value));
}

gp::Known KnownOf(const gp::Lessons& lessons, const ModelSpace& space, const SamplerInput& input,
                  std::vector<double>& values) {
  gp::Known known;
  const std::vector<double> warped = gp::WarpOutputs(lessons.outcomes);
  for (const size_t i : gp::Chosen(lessons, lessons.size())) {
    known.points.push_back(lessons.points[i]);
    values.push_back(warped[i]);
  }
  known.seen = values.size();
  gp::AddPending(space, input, known);
  return known;
}

// The same where trials have values at rungs.
gp::Known KnownOf(gp::RungPredictor& predictor, const gp::PointLayout& layout) {
  gp::Known known;
  known.points = predictor.points();
  known.seen = predictor.seen();
  known.predictions = gp::PredictionsAt(predictor, layout, known.points);
  return known;
}

// Where it is most worth trying, after so many trials.
Point Maximize(const ModelSpace& model, const SamplerInput& input, const gp::PointLayout& layout,
               const gp::Known& known, size_t trials, gp::Predictor& predictor) {
  const std::vector<size_t> all = gp::AllOf(known.points.size());
  gp::Draws draws(input.seed, input.number);
  const gp::Acquisition acquisition = gp::AcquisitionOf(known, all, input.number, draws);
  const std::vector<ModelPoint> seen = known.Seen();
  const gp::TrustRegion region(model, seen, gp::RadiusOf(trials, model.dimensions()));
  const std::set<ModelPoint> tried = gp::TriedOf(model, input);
  const std::vector<ModelPoint> good = gp::GoodOf(known, all);
  const auto find = [&](const gp::Acquisition& by) {
    gp::AcquisitionCriterion criterion(predictor, by);
    return gp::Search(model, layout, criterion, region, tried, draws, {}).Find(good);
  };
  ModelPoint found = find(acquisition);
  // Where the model is sure of the best place, workers that ask at once would all get it.
  gp::Acquisition bold;
  for (int i = 1; i <= gp::kMaxBolder && gp::IsCopyOfPending(known, found); ++i) {
    bold.deviations = gp::Bolder(i);
    found = find(bold);
  }
  return model.ToPoint(found);
}

}  // namespace

void GpSampler::Recall(const search_space::SearchSpace& space, const History& history) {
  const uint64_t of_space = gp::FingerprintOf(space);
  uint64_t fingerprint = of_space;
  const size_t read = std::min(memory_.read, history.size());
  for (size_t i = 0; i < read; ++i) fingerprint = gp::Add(fingerprint, history[i]);
  if (memory_.fits == nullptr || read < memory_.read || fingerprint != memory_.fingerprint) {
    memory_ = Memory();
    memory_.layout = gp::PointLayout(space.model());
    memory_.fits = std::make_unique<gp::FitChain>(memory_.layout);
    memory_.fingerprint = of_space;
  }
  gp::Lessons& lessons = memory_.lessons;
  for (; memory_.read < history.size(); ++memory_.read) {
    const Observation& observation = history[memory_.read];
    memory_.fingerprint = gp::Add(memory_.fingerprint, observation);
    if (!Teaches(observation)) continue;
    lessons.points.push_back(space.model().ToModel(observation.point));
    lessons.outcomes.push_back({observation.value, observation.state == v1::Trial::INFEASIBLE, 0});
    lessons.fingerprints.push_back(memory_.fingerprint);
  }
}

std::optional<Point> GpSampler::SuggestPoint(const search_space::SearchSpace& space,
                                             const SamplerInput& input) {
  const ModelSpace& model = space.model();
  const int dimensions = model.dimensions();
  if (dimensions == 0) return Point();
  if (gp::OutcomesSampler::IsFor(input)) {
    if (auto point = outcomes_.SuggestPoint(space, input)) return point;
  }
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
    return startup_.At(space, input.seed, static_cast<uint32_t>(input.number));
  }
  const gp::Fit& fit = memory_.fits->At(lessons);
  std::vector<double> values;
  gp::Known known = KnownOf(lessons, model, input, values);
  gp::Posterior posterior(memory_.fits->form(fit.additive).CovarianceOf(fit.logs),
                          gp::ModelForm::NoiseOf(fit.logs), gp::GridOf(layout, known.points),
                          values, static_cast<int>(known.pending()));
  known.predictions = gp::PredictionsAt(posterior, layout, known.points);
  return Maximize(model, input, layout, known, lessons.size(), posterior);
}

}  // namespace caviar::sampling
