#include "server/sampling/tpe_sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/sampling/counter_random.h"
#include "server/sampling/tpe_mixture.h"

namespace caviar::sampling {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;
using search_space::SearchSpace;

namespace {

constexpr uint64_t kTpePurpose = 0x747065;  // not the key of another sampler

// Trials that are points of a Sobol sequence.
constexpr size_t kStartup = 6;
// The power of g. Below 1 less is made of how few bad trials are near.
constexpr double kCaution = 0.7;
// Points drawn; fewer where there are so many kernels that each costs much.
constexpr size_t kCandidates = 64, kLeastCandidates = 24;
constexpr size_t kKernelsOfAllCandidates = 2000;
// With linear constraints: points drawn for each of these.
constexpr size_t kDrawsACandidate = 8;
// Of more trials than this only the latest are looked at as bad: they lie where it matters.
constexpr size_t kMostBad = 4096;

// What the best trials of earlier studies weigh together, where those of this one weigh 1 each; it
// falls to a third with so many trials of this one, and to nothing in the end.
constexpr double kEarlierWeight = 2, kEarlierTrials = 20, kLeastEarlierWeight = 0.01;

// Good kernels stand close to each other: they are as wide as that asks for. Bad ones are wide, and
// with a heavier prior, so that l is not sought where there merely is nothing yet.
constexpr tpe::MixtureSettings kGood = {
    .prior = 2, .bandwidth = 0.28, .by_spread = true, .least = 0.01, .category = 2};
constexpr tpe::MixtureSettings kBad = {
    .prior = 3, .bandwidth = 0.2, .by_spread = false, .least = 0.03, .category = 0.3};

}  // namespace

void TpeSampler::Follow(const SearchSpace& space, const SamplerInput& input) {
  const ModelSpace& model = space.model();
  if (!split_.Follow(space, input.seed, input.history) || !kernels_) {
    kernels_.emplace(model);
    earlier_.reset();
  }
  const std::vector<size_t>& taught = split_.taught();
  for (size_t i = kernels_->size(); i < taught.size(); ++i) {
    kernels_->Add(model, model.ToModel(input.history[taught[i]].point));
  }
  if (!earlier_ || earlier_->studies != input.warm_start) earlier_ = Read(space, input);
}

TpeSampler::Earlier TpeSampler::Read(const SearchSpace& space, const SamplerInput& input) {
  Earlier earlier = {input.warm_start, tpe::Kernels(space.model()), {}, {}};
  if (!input.warm_start) return earlier;
  for (const std::vector<Observation>& study : *input.warm_start) {
    History history;
    for (const Observation& observation : study) history.Add(observation);
    tpe::Split split;
    split.Follow(space, input.seed, history);
    const tpe::GoodTrials good = split.Good();
    for (size_t i = 0; i < good.places.size(); ++i) {
      const Point& point = history[split.taught()[good.places[i]]].point;
      if (i == 0) earlier.best.push_back(point);
      earlier.kernels.Add(space.model(), space.model().ToModel(point));
      earlier.weights.push_back(good.weights[i] / static_cast<double>(good.places.size()));
    }
  }
  for (double& weight : earlier.weights) weight /= static_cast<double>(earlier.best.size());
  return earlier;
}

std::optional<Point> TpeSampler::SuggestPoint(const SearchSpace& space, const SamplerInput& input) {
  Follow(space, input);
  const size_t count = kernels_->size();
  const auto number = static_cast<size_t>(input.number);
  if (number < earlier_->best.size() && number < kStartup) return earlier_->best[number];
  if (earlier_->best.empty() && (number < kStartup || count == 0)) {
    return startup_.At(space, input.seed, static_cast<uint32_t>(input.number));
  }
  const ModelSpace& model = space.model();
  for (const Pending& pending : input.pending) kernels_->Add(model, model.ToModel(pending.point));
  const ModelPoint chosen = Choose(model, input);
  kernels_->Shrink(count);
  return model.ToPoint(chosen);
}

ModelPoint TpeSampler::Choose(const ModelSpace& space, const SamplerInput& input) {
  const size_t size = kernels_->size();
  const size_t first = size > kMostBad ? (size - kMostBad) / tpe::kLanes * tpe::kLanes : 0;
  std::vector<double> bad_weights(size - first, 1.0);
  const tpe::GoodTrials top = split_.Good();
  tpe::Kernels good(space);
  std::vector<double> good_weights = top.weights;
  for (const uint32_t kernel : top.places) {
    good.AddFrom(*kernels_, kernel);
    if (kernel >= first) bad_weights[kernel - first] = 0;
  }
  const double share =
      kEarlierWeight * std::exp(-static_cast<double>(split_.taught().size()) / kEarlierTrials);
  for (size_t i = 0; i < earlier_->weights.size() && share > kLeastEarlierWeight; ++i) {
    good.AddFrom(earlier_->kernels, i);
    good_weights.push_back(share * earlier_->weights[i]);
  }
  tpe::Mixture l(space, good, 0, good_weights, kGood);
  tpe::Mixture g(space, *kernels_, first, bad_weights, kBad);

  uint64_t counter = 0;
  const auto uniform = [&] {
    return ToUnit(
        RandomBits(input.seed ^ kTpePurpose, static_cast<uint64_t>(input.number), counter++));
  };
  const size_t candidates =
      std::clamp(kCandidates * kKernelsOfAllCandidates / std::max<size_t>(1, bad_weights.size()),
                 kLeastCandidates, kCandidates);
  ModelPoint best;
  double best_score = 0;
  // Of what breaks linear constraints only the first is taken, and only where there is nothing
  // else.
  size_t allowed = 0;
  for (size_t i = 0; allowed < candidates && i < kDrawsACandidate * candidates; ++i) {
    ModelPoint drawn = l.Draw(uniform);
    // Categories that were drawn decide which axes are active.
    if (space.conditional()) drawn = space.ToModel(space.ToPoint(drawn));
    if (space.constrained() && !space.Allows(space.ToPoint(drawn))) {
      if (i == 0) best = std::move(drawn);
      continue;
    }
    const double score = std::log(l.Density(drawn)) - kCaution * std::log(g.Density(drawn));
    if (++allowed == 1 || score > best_score) {
      best = std::move(drawn);
      best_score = score;
    }
  }
  return best;
}

}  // namespace caviar::sampling
