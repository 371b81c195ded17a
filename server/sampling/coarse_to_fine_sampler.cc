#include "server/sampling/coarse_to_fine_sampler.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/counter_random.h"
#include "server/sampling/random_sampler.h"
#include "server/sampling/sobol_sampler.h"
#include "server/sampling/trial_order.h"

namespace caviar::sampling {
namespace {

using search_space::ModelAxis;
using search_space::ModelSpace;
using search_space::Point;

constexpr uint64_t kRoundPurpose = 0x726f756e6473;  // not the key of another sampler
// Rounds of a study with max_trials.
constexpr double kStudyRounds = 8;
// Of a study without: trials a round for each axis and one more, and bounds.

constexpr int kTrialsPerAxis = 2;
constexpr int kLeastTrials = 8, kMostTrials = 100;
// The best that span a box, as a share of a round's trials; and at least so many.
constexpr double kBoxShare = 0.2;
constexpr double kLeastBest = 3;
// Trials in the whole space.
constexpr double kOutside = 0.1;
// And in the first round of a study that knows of earlier ones.
constexpr double kOutsideEarlier = 0.5;
// A box reaches this many mean gaps beyond the outermost of the best.
constexpr double kMargin = 0.5;
// Where the best one lies in this share of the best ones' range from one of its ends, the box is
// widened there by kWiden of the range.
constexpr double kEdge = 0.1, kWiden = 0.5;
// Probability shared by all categories, whether the best have them or not.
constexpr double kFloor = 0.2;
// Points drawn for one that keeps linear constraints.
constexpr uint32_t kBoxDraws = 100;
// Boxes do not shrink below this.
constexpr double kLeastMargin = 1e-6;

// The best of the first `count` observations that completed or were cut off, the best one first.
template <typename Observations>
std::vector<const Observation*> BestOf(const Observations& history, size_t count, size_t wanted) {
  std::vector<const Observation*> best;
  ConstraintUnits units;
  for (size_t i = 0; i < std::min(count, history.size()); ++i) {
    const Lesson lesson = LessonOf(history[i]);
    if (lesson != Lesson::kValue && lesson != Lesson::kCutOff) continue;
    if (lesson == Lesson::kValue) units.Add(history[i]);
    best.push_back(&history[i]);
  }
  const size_t kept = std::min(wanted, best.size());
  std::partial_sort(
      best.begin(), best.begin() + static_cast<std::ptrdiff_t>(kept), best.end(),
      [&](const Observation* a, const Observation* b) { return IsBetter(*a, *b, units); });
  best.resize(kept);
  return best;
}

// Around coordinates of the best trials that have this axis, the best one's first.
Box::Side SideAround(const std::vector<double>& places, const ModelAxis& axis) {
  Box::Side side;
  const auto count = static_cast<double>(places.size());
  if (axis.kind == ModelAxis::Kind::kCategorical) {
    const double all = axis.categories;
    side.probabilities.assign(static_cast<size_t>(axis.categories),
                              places.empty() ? 1 / all : kFloor / all);
    for (const double place : places) {
      const auto category = static_cast<size_t>(std::clamp(place, 0.0, 1.0) * all);
      side.probabilities[std::min(category, side.probabilities.size() - 1)] += (1 - kFloor) / count;
    }
    return side;
  }
  if (places.size() < 2) return side;
  const auto [least, most] = std::minmax_element(places.begin(), places.end());
  const double width = *most - *least;
  // In mean gaps between neighbours.
  const double margin = std::max(kMargin * width / (count - 1), kLeastMargin);
  // A value stands for its cell.
  const double cell = 0.5 / axis.values;
  side.low = *least - margin - cell;
  side.high = *most + margin + cell;
  if (places.front() <= *least + kEdge * width) side.low -= kWiden * width;
  if (places.front() >= *most - kEdge * width) side.high += kWiden * width;
  side.low = std::clamp(side.low, 0.0, 1.0);
  side.high = std::clamp(side.high, side.low, 1.0);
  return side;
}

double PlaceIn(const Box::Side& side, double u) {
  if (side.probabilities.empty()) return side.low + u * (side.high - side.low);
  const auto count = static_cast<double>(side.probabilities.size());
  double below = 0;
  for (size_t i = 0; i < side.probabilities.size(); ++i) {
    below += side.probabilities[i];
    if (u < below) return (static_cast<double>(i) + 0.5) / count;
  }
  return 1 - 0.5 / count;
}

// Where these lie; the whole space where there are fewer than two.
Box BoxAround(const ModelSpace& space, const std::vector<const Observation*>& best) {
  std::vector<std::vector<double>> places(static_cast<size_t>(space.dimensions()));
  if (best.size() >= 2) {
    for (const Observation* observation : best) {
      const std::vector<bool> active = space.Active(observation->point);
      for (size_t i = 0; i < places.size(); ++i) {
        if (active[i]) places[i].push_back(observation->point[i]);
      }
    }
  }
  Box box;
  for (size_t i = 0; i < places.size(); ++i) {
    box.sides.push_back(SideAround(places[i], space.axis(static_cast<int>(i))));
  }
  return box;
}

}  // namespace

int32_t RoundSize(const SamplerInput& input, int dimensions) {
  if (input.max_trials) {
    return std::max(2, static_cast<int32_t>(std::lround(*input.max_trials / kStudyRounds)));
  }
  return std::clamp(kTrialsPerAxis * (dimensions + 1), kLeastTrials, kMostTrials);
}

Box BoxOf(const ModelSpace& space, const SamplerInput& input, int32_t round) {
  const int32_t size = RoundSize(input, space.dimensions());
  const auto wanted = static_cast<size_t>(std::max(kLeastBest, std::ceil(kBoxShare * size)));
  if (round > 0) {
    const auto seen = static_cast<size_t>(round) * static_cast<size_t>(size);
    return BoxAround(space, BestOf(input.history, seen, wanted));
  }
  std::vector<const Observation*> best;
  if (input.warm_start) {
    for (const std::vector<Observation>& study : *input.warm_start) {
      for (const Observation* observation : BestOf(study, study.size(), wanted)) {
        best.push_back(observation);
      }
    }
  }
  return BoxAround(space, best);
}

std::optional<Point> CoarseToFineSampler::SuggestPoint(const search_space::SearchSpace& space,
                                                       const SamplerInput& input) {
  const int dimensions = space.dimensions();
  const int32_t size = RoundSize(input, dimensions);
  const int32_t round = input.number / size;
  const double share = round > 0 ? kOutside : input.warm_start ? kOutsideEarlier : 1;
  const bool outside =
      ToUnit(RandomBits(input.seed, kRoundPurpose, static_cast<uint64_t>(input.number))) < share;
  const auto number = static_cast<uint32_t>(input.number);
  if (outside) return whole_.At(space, input.seed, number);
  const Box box = BoxOf(space.model(), input, round);
  const auto in_box = [&](Point point) {
    for (size_t i = 0; i < point.size(); ++i) point[i] = PlaceIn(box.sides[i], point[i]);
    return point;
  };
  const auto scrambling = static_cast<uint32_t>(
      RandomBits(input.seed, kRoundPurpose + 1, static_cast<uint64_t>(round)));
  Point point =
      in_box(SobolPoint(scrambling, static_cast<uint32_t>(input.number % size), dimensions));
  // What breaks linear constraints gives way to a random point of the box that does not.
  for (uint32_t draw = 0; draw < kBoxDraws && !space.model().Allows(point); ++draw) {
    point =
        in_box(RandomPoint(scrambling ^ static_cast<uint32_t>(Mix(draw + 1)), number, dimensions));
  }
  return point;
}

}  // namespace caviar::sampling
