#include "server/sampling/tpe_split.h"

#include <algorithm>
#include <limits>

#include "server/sampling/hypervolume.h"

namespace caviar::sampling::tpe {
namespace {

using Member = ParetoLevels::Member;

// Beyond the worst, in units of the range.
constexpr double kBeyondWorst = 0.1;

// Of the volume of all: what a trial counts for that adds nothing, being dominated.
constexpr double kLeastContribution = 1e-6;

// Takes values of the levels' members to [0, 1], objective by objective.
class Scale {
 public:
  explicit Scale(const std::vector<std::vector<Member>>& levels) {
    const size_t objectives = levels.front().front().values.size();
    low_.assign(objectives, std::numeric_limits<double>::infinity());
    high_.assign(objectives, -std::numeric_limits<double>::infinity());
    for (const auto& level : levels) {
      for (const Member& member : level) {
        for (size_t k = 0; k < objectives; ++k) {
          low_[k] = std::min(low_[k], member.values[k]);
          high_[k] = std::max(high_[k], member.values[k]);
        }
      }
    }
  }

  Values Scaled(const Values& values) const {
    Values scaled(values.size(), 0.0);
    for (size_t k = 0; k < values.size(); ++k) {
      // Halves: the range of finite numbers may not be finite.
      const double range = high_[k] / 2 - low_[k] / 2;
      if (range > 0) scaled[k] = (values[k] / 2 - low_[k] / 2) / range;
    }
    return scaled;
  }

  Values Reference() const { return Values(low_.size(), 1 + kBeyondWorst); }

 private:
  Values low_, high_;
};

// What each alone adds to the volume of all, such that they are 1 on average; all 1 where none adds
// anything, as of equal ones.
std::vector<double> Contributions(const std::vector<Values>& points, const Values& reference) {
  const double all = Hypervolume(points, reference);
  std::vector<double> weights;
  double sum = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    std::vector<Values> others = points;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    // Of rounding errors nothing is made.
    weights.push_back(std::max(kLeastContribution * all, all - Hypervolume(others, reference)));
    sum += weights.back();
  }
  for (double& weight : weights) weight *= static_cast<double>(points.size()) / sum;
  return weights;
}

}  // namespace

bool Split::Follow(const search_space::SearchSpace& space, uint32_t seed, const History& history) {
  const bool goes_on = ranking_.Follow(space, seed, history);
  if (!goes_on) {
    levels_ = ParetoLevels(kLeveled, kWidestLevel);
    leveled_ = 0;
  }
  for (; leveled_ < taught().size(); ++leveled_) {
    const Observation& observation = history[taught()[leveled_]];
    if (observation.more_values.empty() || LessonOf(observation) != Lesson::kValue ||
        !IsFeasible(observation)) {
      continue;
    }
    Values values = {observation.value};
    values.insert(values.end(), observation.more_values.begin(), observation.more_values.end());
    levels_.Add({static_cast<uint32_t>(leveled_), std::move(values)});
  }
  return goes_on;
}

GoodTrials Split::Good() const {
  const size_t tenth = (taught().size() + 9) / 10;
  const size_t count = std::min({tenth, kMostGood, ranking_.useful()});
  if (!levels_.levels().empty()) return GoodByVolume(count);
  GoodTrials good;
  good.places.assign(ranking_.ranked().begin(),
                     ranking_.ranked().begin() + static_cast<std::ptrdiff_t>(count));
  for (size_t i = 0; i < count; ++i) {
    good.weights.push_back(2 * static_cast<double>(count - i) / static_cast<double>(count + 1));
  }
  return good;
}

GoodTrials Split::GoodByVolume(size_t count) const {
  const Scale scale(levels_.levels());
  GoodTrials good;
  std::vector<Values> chosen;
  for (const auto& level : levels_.levels()) {
    if (chosen.size() == count) break;
    std::vector<Values> points;
    for (const Member& member : level) points.push_back(scale.Scaled(member.values));
    for (const size_t i : PickByHypervolume(points, count - chosen.size(), scale.Reference())) {
      good.places.push_back(level[i].trial);
      chosen.push_back(points[i]);
    }
  }
  good.weights = Contributions(chosen, scale.Reference());
  // Behind those that keep all constraints.
  const auto first = ranking_.ranked().begin();
  for (size_t i = chosen.size(); i < count; ++i) {
    good.places.push_back(
        first[static_cast<std::ptrdiff_t>(ranking_.feasible() + i - chosen.size())]);
    good.weights.push_back(1);
  }
  return good;
}

}  // namespace caviar::sampling::tpe
