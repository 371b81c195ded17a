#include "server/sampling/gp_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace caviar::sampling::gp {
namespace {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

// Numbers with more places than this are searched as if they were real, then rounded.
constexpr size_t kFewPlaces = 12;
// Other values of one axis that a step looks at.
constexpr int kMaxNeighbors = 24;
constexpr int kMaxSteps = 16;
// Two starts are apart from each other by this along some axis.
constexpr double kApart = 0.03;
// Of a way that breaks linear constraints.
constexpr int kWayHalvings = 12;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

ModelPoint WithoutNaN(ModelPoint point) {
  for (double& coordinate : point) {
    if (std::isnan(coordinate)) coordinate = -1;
  }
  return point;
}

Search::Search(const ModelSpace& space, const PointLayout& layout, Criterion& criterion,
               const TrustRegion& region, const std::set<ModelPoint>& tried, Draws& draws,
               const Options& options)
    : space_(space),
      layout_(layout),
      criterion_(criterion),
      region_(region),
      tried_(tried),
      draws_(draws),
      options_(options) {
  for (int i = 0; i < space.dimensions(); ++i) {
    const ModelAxis& axis = space.axis(i);
    if (axis.values <= 1) continue;
    const bool ordered = axis.kind == ModelAxis::Kind::kOrdered;
    const bool smooth =
        axis.kind == ModelAxis::Kind::kReal || (ordered && axis.places.size() > kFewPlaces);
    if (smooth) smooth_.push_back(i);
    if (axis.kind != ModelAxis::Kind::kReal) stepped_.push_back(i);
  }
}

Search::Candidate Search::Make(RawPoint raw) const {
  const TrustRegion::Box box = region_.BoxOf(raw);
  for (size_t i = 0; i < raw.size(); ++i) {
    if (space_.axis(static_cast<int>(i)).kind == ModelAxis::Kind::kCategorical) continue;
    raw[i] = std::min(std::max(raw[i], box.lower[i]), box.upper[i]);
  }
  Candidate candidate;
  candidate.point = Canonical(space_, raw);
  candidate.raw = std::move(raw);
  return candidate;
}

bool Search::IsAllowed(const ModelPoint& point) const {
  return !space_.constrained() || space_.Allows(space_.ToPoint(point));
}

// The criterion knows nothing of linear constraints: what would break them ends before it does.
RawPoint Search::LastAllowed(const RawPoint& from, RawPoint to) const {
  if (IsAllowed(Canonical(space_, to)) || !IsAllowed(Canonical(space_, from))) return to;
  RawPoint last = from, broken = std::move(to);
  for (int i = 0; i < kWayHalvings; ++i) {
    RawPoint between = last;
    for (size_t k = 0; k < between.size(); ++k) between[k] += (broken[k] - last[k]) / 2;
    (IsAllowed(Canonical(space_, between)) ? last : broken) = std::move(between);
  }
  return last;
}

void Search::Notice(const Candidate& candidate) {
  if (!(candidate.cost < best_.cost)) return;
  if (!tried_.empty() && tried_.count(WithoutNaN(candidate.point)) > 0) return;
  best_ = candidate;
}

void Search::Evaluate(std::vector<Candidate>& candidates) {
  const int count = static_cast<int>(candidates.size());
  Grid at(std::max(layout_.width(), 1), std::max(count, 1));
  for (int i = 0; i < count; ++i) layout_.Set(candidates[static_cast<size_t>(i)].point, i, at);
  double costs[kLanes];
  for (size_t i = 0; i < candidates.size(); ++i) {
    const size_t lane = i % kLanes;
    if (lane == 0) criterion_.Costs(at, static_cast<int>(i / kLanes), costs);
    candidates[i].cost = IsAllowed(candidates[i].point) ? costs[lane] : kInfinity;
    Notice(candidates[i]);
  }
}

bool Search::IsNear(const Candidate& a, const Candidate& b) const {
  for (size_t i = 0; i < a.raw.size(); ++i) {
    const bool unordered = space_.axis(static_cast<int>(i)).kind == ModelAxis::Kind::kCategorical;
    if (std::abs(a.raw[i] - b.raw[i]) > (unordered ? 0 : kApart)) return false;
  }
  return true;
}

std::vector<Search::Candidate> Search::Starts(std::vector<Candidate> candidates) const {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
  std::vector<Candidate> starts;
  for (Candidate& candidate : candidates) {
    if (static_cast<int>(starts.size()) >= options_.starts) break;
    if (std::any_of(starts.begin(), starts.end(),
                    [&](const Candidate& start) { return IsNear(start, candidate); })) {
      continue;
    }
    starts.push_back(std::move(candidate));
  }
  return starts;
}

Minimizer Search::MinimizerOf(const Candidate& candidate) const {
  const TrustRegion::Box box = region_.BoxOf(candidate.raw);
  std::vector<double> start, lower, upper;
  for (const int axis : smooth_) {
    const auto i = static_cast<size_t>(axis);
    start.push_back(candidate.raw[i]);
    // What is inactive stays where it is.
    const bool active = !std::isnan(candidate.point[i]);
    lower.push_back(active ? box.lower[i] : candidate.raw[i]);
    upper.push_back(active ? box.upper[i] : candidate.raw[i]);
  }
  Minimizer::Options options;
  options.max_evaluations = options_.max_steps;
  options.first_step = 0.02;
  return Minimizer(std::move(start), std::move(lower), std::move(upper), options);
}

bool Search::Descend(std::vector<Candidate>& candidates) {
  if (smooth_.empty()) return false;
  std::vector<Minimizer> minimizers;
  for (const Candidate& candidate : candidates) minimizers.push_back(MinimizerOf(candidate));
  double costs[kLanes];
  Grid at(layout_.width(), kLanes), gradient;
  std::vector<double> slope(smooth_.size());
  std::vector<size_t> going;
  for (;;) {
    going.clear();
    for (size_t i = 0; i < minimizers.size(); ++i) {
      if (!minimizers[i].done()) going.push_back(i);
    }
    if (going.empty()) break;
    for (size_t first = 0; first < going.size(); first += kLanes) {
      const size_t lanes = std::min<size_t>(kLanes, going.size() - first);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const size_t i = going[first + std::min(lane, lanes - 1)];
        ModelPoint point = candidates[i].point;
        for (size_t k = 0; k < smooth_.size(); ++k) {
          double& place = point[static_cast<size_t>(smooth_[k])];
          if (!std::isnan(place)) place = minimizers[i].point()[k];
        }
        layout_.Set(point, static_cast<int>(lane), at);
      }
      criterion_.CostsAndGradient(at, 0, costs, gradient);
      for (size_t lane = 0; lane < lanes; ++lane) {
        for (size_t k = 0; k < smooth_.size(); ++k) {
          slope[k] = gradient(layout_.column(smooth_[k]), static_cast<int>(lane));
        }
        minimizers[going[first + lane]].Tell(costs[lane], slope);
      }
    }
  }
  std::vector<Candidate> ends;
  for (size_t i = 0; i < candidates.size(); ++i) {
    RawPoint raw = candidates[i].raw;
    for (size_t k = 0; k < smooth_.size(); ++k) {
      raw[static_cast<size_t>(smooth_[k])] = minimizers[i].best()[k];
    }
    raw = LastAllowed(candidates[i].raw, std::move(raw));
    Candidate end;
    end.point = Canonical(space_, raw);
    end.raw = std::move(raw);
    ends.push_back(std::move(end));
  }
  Evaluate(ends);
  bool gained = false;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!(ends[i].cost < candidates[i].cost)) continue;
    candidates[i] = std::move(ends[i]);
    gained = true;
  }
  return gained;
}

void Search::AddNeighbors(const Candidate& candidate, std::vector<Candidate>& neighbors) {
  for (const int axis_index : stepped_) {
    const auto i = static_cast<size_t>(axis_index);
    if (std::isnan(candidate.point[i])) continue;
    const ModelAxis& axis = space_.axis(axis_index);
    const auto add = [&](double value) {
      RawPoint raw = candidate.raw;
      raw[i] = value;
      Candidate neighbor;
      neighbor.point = Canonical(space_, raw);
      neighbor.raw = std::move(raw);
      neighbors.push_back(std::move(neighbor));
    };
    if (axis.kind == ModelAxis::Kind::kCategorical) {
      const int now = static_cast<int>(candidate.point[i]);
      const int others = axis.categories - 1;
      const int offset = others > kMaxNeighbors ? draws_.Below(others) : 0;
      for (int k = 0; k < std::min(others, kMaxNeighbors); ++k) {
        add((now + 1 + (offset + k) % others) % axis.categories);
      }
      continue;
    }
    const auto place = std::lower_bound(axis.places.begin(), axis.places.end(), candidate.point[i]);
    const auto index = place - axis.places.begin();
    const auto reach = static_cast<ptrdiff_t>(axis.places.size() > kFewPlaces ? 1 : kFewPlaces);
    const auto last = static_cast<ptrdiff_t>(axis.places.size()) - 1;
    for (auto k = std::max<ptrdiff_t>(0, index - reach); k <= std::min(last, index + reach); ++k) {
      if (k != index) add(axis.places[static_cast<size_t>(k)]);
    }
  }
}

bool Search::Step(std::vector<Candidate>& candidates) {
  if (stepped_.empty()) return false;
  std::vector<Candidate> neighbors;
  std::vector<size_t> ends;
  for (const Candidate& candidate : candidates) {
    AddNeighbors(candidate, neighbors);
    ends.push_back(neighbors.size());
  }
  Evaluate(neighbors);
  bool gained = false;
  for (size_t i = 0, k = 0; i < candidates.size(); ++i) {
    for (; k < ends[i]; ++k) {
      if (!(neighbors[k].cost < candidates[i].cost)) continue;
      candidates[i] = std::move(neighbors[k]);
      gained = true;
    }
  }
  return gained;
}

ModelPoint Search::Find(const std::vector<ModelPoint>& good) {
  std::vector<Candidate> candidates;
  best_.point = Make(RandomRaw(space_, draws_)).point;  // where all others were tried
  for (int i = 0; i < options_.random; ++i) candidates.push_back(Make(RandomRaw(space_, draws_)));
  for (int i = 0; i < options_.around_seen && !good.empty(); ++i) {
    // The best ones more often.
    const double u = draws_.Uniform();
    const auto which = static_cast<size_t>(u * u * static_cast<double>(good.size()));
    candidates.push_back(Make(Perturbed(space_, good[which], draws_)));
  }
  Evaluate(candidates);
  const std::vector<Candidate> best = Starts(candidates);
  std::vector<Candidate> around;
  for (int i = 0; i < options_.around_best && !best.empty(); ++i) {
    around.push_back(
        Make(Perturbed(space_, best[static_cast<size_t>(i) % best.size()].point, draws_)));
  }
  Evaluate(around);
  std::move(around.begin(), around.end(), std::back_inserter(candidates));
  std::vector<Candidate> climbers = Starts(std::move(candidates));
  for (int round = 0; round < options_.max_rounds; ++round) {
    const bool descended = Descend(climbers);
    bool stepped = false;
    for (int i = 0; i < kMaxSteps && Step(climbers); ++i) stepped = true;
    if (!stepped || (!descended && round > 0)) break;
  }
  return best_.point;
}

}  // namespace caviar::sampling::gp
