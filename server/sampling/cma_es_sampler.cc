#include "server/sampling/cma_es_sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/sampling/counter_random.h"
#include "server/sampling/separable_model.h"

namespace caviar::sampling {

using cma::Distribution;
using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;
using search_space::SearchSpace;

namespace {

constexpr size_t kFirst = 10;
constexpr double kBestFirstShare = 0.3;
constexpr double kSigma = 0.15;
// Of earlier studies: the share that counts as best, and how far around each of these others like
// them may lie (gamma and alpha of WS-CMA-ES).
constexpr double kBestEarlierShare = 0.2, kEarlierSpread = 0.15;
// Where all deviations are below this, in units of the axes, there is nothing left to find.
constexpr double kLeastExtent = 1e-4;
// Of the variance of a generation's values: from here on the errors of these ask for care.
constexpr double kNoiseShare = 0.3;
// The population doubles so many times.
constexpr int kMostDoublings = 8;
// Points that the model chooses from; and how many trials it looks at, the best ones, and how long
// it is asked, both in trials a coefficient. With more coefficients than these it costs too much.
constexpr int kChoices = 2;
// With linear constraints: points drawn for one that keeps them.
constexpr int kAllowedDraws = 20;
constexpr int kTrialsACoefficient = 3, kUsefulTrialsACoefficient = 10;
constexpr int kMostCoefficients = 130;

// What random numbers are for.
enum class Purpose : uint64_t { kDraw = 0x636d6131, kLearn, kRestart };

cma::Uniform Numbers(uint32_t seed, Purpose purpose, int32_t which) {
  return [=, counter = uint64_t{0}]() mutable {
    return ToUnit(RandomBits(seed ^ Mix(static_cast<uint64_t>(purpose)),
                             static_cast<uint64_t>(which), counter++));
  };
}

// 3 + 2 log(d), at least 4. Smaller than the tutorial's: generations are what counts.
int PopulationOf(const ModelSpace& space) {
  const double d = std::max(1, space.dimensions());
  return std::max(4, static_cast<int>(3 + 2 * std::log(d)));
}

// Axis by axis, over the points that have it: weights log(n + 1) - log(rank). NaN: none has it.
ModelPoint WeightedMean(const std::vector<ModelPoint>& ranked, int dimensions) {
  ModelPoint mean(static_cast<size_t>(dimensions), 0.0);
  for (size_t axis = 0; axis < mean.size(); ++axis) {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < ranked.size(); ++i) {
      if (std::isnan(ranked[i][axis])) continue;
      const double weight =
          std::log(static_cast<double>(ranked.size()) + 1) - std::log(static_cast<double>(i) + 1);
      sum += weight * ranked[i][axis];
      weights += weight;
    }
    mean[axis] = sum / weights;
  }
  return mean;
}

// Whether these trials differ by little more than the errors of their values.
bool IsNoisy(const History& history, const std::vector<size_t>& places) {
  double count = 0, mean = 0, squares = 0, errors = 0;
  for (const size_t place : places) {
    const Observation& observation = history[place];
    if (LessonOf(observation) != Lesson::kValue || !observation.variance) continue;
    ++count;
    errors += *observation.variance;
    const double from_mean = observation.value - mean;
    mean += from_mean / count;
    squares += from_mean * (observation.value - mean);
  }
  return errors > kNoiseShare * squares;
}

}  // namespace

std::optional<Point> CmaEsSampler::SuggestPoint(const SearchSpace& space,
                                                const SamplerInput& input) {
  const ModelSpace& model = space.model();
  if (!ranking_.Follow(space, input.seed, input.history) || earlier_ != input.warm_start) {
    earlier_ = input.warm_start;
    replay_ = {};
    StartFromEarlier(model);
  }
  Follow(model, input);
  if (!replay_.distribution) {
    return startup_.At(space, input.seed, static_cast<uint32_t>(input.number));
  }
  return model.ToPoint(Draw(model, input));
}

void CmaEsSampler::Follow(const ModelSpace& space, const SamplerInput& input) {
  const std::vector<size_t>& taught = ranking_.taught();
  for (; replay_.taken < taught.size(); ++replay_.taken) {
    Take(space, input, taught[replay_.taken]);
  }
}

void CmaEsSampler::Take(const ModelSpace& space, const SamplerInput& input, size_t place) {
  const Observation& observation = input.history[place];
  if (LessonOf(observation) == Lesson::kValue) replay_.units.Add(observation);
  if (!replay_.distribution) {
    replay_.first.push_back(place);
    if (replay_.first.size() == kFirst) Start(space, input.history);
    return;
  }
  replay_.last_number = std::max(replay_.last_number, observation.number);
  if (observation.number <= replay_.forgotten) return;
  replay_.joined.push_back(place);
  if (static_cast<int>(replay_.joined.size()) == replay_.distribution->population()) {
    Learn(space, input);
  }
}

void CmaEsSampler::StartFromEarlier(const ModelSpace& space) {
  if (!earlier_) return;
  std::vector<ModelPoint> best;
  for (const std::vector<Observation>& study : *earlier_) {
    ConstraintUnits units;
    std::vector<const Observation*> ranked;
    for (const Observation& observation : study) {
      if (LessonOf(observation) != Lesson::kValue) continue;
      units.Add(observation);
      ranked.push_back(&observation);
    }
    std::sort(ranked.begin(), ranked.end(),
              [&](const Observation* a, const Observation* b) { return IsBetter(*a, *b, units); });
    const auto most =
        static_cast<size_t>(std::ceil(kBestEarlierShare * static_cast<double>(ranked.size())));
    for (size_t i = 0; i < most; ++i) best.push_back(space.ToModel(ranked[i]->point));
  }
  if (best.empty()) return;
  replay_.distribution = Distribution::Over(space, best, kEarlierSpread, PopulationOf(space));
}

void CmaEsSampler::Start(const ModelSpace& space, const History& history) {
  std::vector<size_t> ranked = replay_.first;
  std::sort(ranked.begin(), ranked.end(),
            [&](size_t a, size_t b) { return IsBetter(history[a], history[b], replay_.units); });
  const auto most =
      static_cast<size_t>(std::ceil(kBestFirstShare * static_cast<double>(ranked.size())));
  std::vector<ModelPoint> best;
  for (size_t i = 0; i < most && LessonOf(history[ranked[i]]) != Lesson::kBad; ++i) {
    best.push_back(space.ToModel(history[ranked[i]].point));
  }
  replay_.distribution.emplace(space, WeightedMean(best, space.dimensions()), kSigma,
                               PopulationOf(space));
}

void CmaEsSampler::Learn(const ModelSpace& space, const SamplerInput& input) {
  std::vector<size_t> ranked = std::exchange(replay_.joined, {});
  std::sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) {
    return IsBetter(input.history[a], input.history[b], replay_.units);
  });
  std::vector<ModelPoint> points;
  for (const size_t place : ranked) points.push_back(space.ToModel(input.history[place].point));
  replay_.distribution->Learn(points, IsNoisy(input.history, ranked),
                              Numbers(input.seed, Purpose::kLearn, ++replay_.generations));
  if (replay_.distribution->numbers() > 0 && replay_.distribution->Extent() < kLeastExtent) {
    Restart(space, input.seed);
  }
}

void CmaEsSampler::Restart(const ModelSpace& space, uint32_t seed) {
  replay_.forgotten = replay_.last_number;
  const auto uniform = Numbers(seed, Purpose::kRestart, ++replay_.restarts);
  ModelPoint mean(static_cast<size_t>(space.dimensions()));
  for (double& at : mean) at = uniform();
  replay_.distribution.emplace(space, mean, kSigma,
                               PopulationOf(space) << std::min(replay_.restarts, kMostDoublings));
}

ModelPoint CmaEsSampler::Draw(const ModelSpace& space, const SamplerInput& input) {
  const auto uniform = Numbers(input.seed, Purpose::kDraw, input.number);
  const auto draw = [&] {
    ModelPoint point;
    for (int i = 0; i < kAllowedDraws; ++i) {
      point = replay_.distribution->Draw(uniform);
      // Categories that were drawn decide which axes are active.
      if (space.conditional()) point = space.ToModel(space.ToPoint(point));
      if (!space.constrained() || space.Allows(space.ToPoint(point))) break;
    }
    return point;
  };
  ModelPoint best = draw();
  const int coefficients = SeparableModel::CoefficientsOf(space);
  if (coefficients > kMostCoefficients || replay_.restarts > 0 ||
      ranking_.taught().size() >
          size_t{kUsefulTrialsACoefficient} * static_cast<size_t>(coefficients)) {
    return best;
  }
  std::vector<ModelPoint> ranked;
  const auto most = static_cast<size_t>(std::max(10, kTrialsACoefficient * coefficients));
  for (const uint32_t i : ranking_.ranked()) {
    const Observation& observation = input.history[ranking_.taught()[i]];
    ranked.push_back(space.ToModel(observation.point));
    if (ranked.size() == most) break;
  }
  if (ranked.empty()) return best;
  const SeparableModel model(space, ranked);
  double least = model.Value(best);
  for (int i = 1; i < kChoices; ++i) {
    ModelPoint other = draw();
    const double value = model.Value(other);
    if (value < least) {
      least = value;
      best = std::move(other);
    }
  }
  return best;
}

}  // namespace caviar::sampling
