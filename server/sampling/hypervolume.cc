#include "server/sampling/hypervolume.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace caviar::sampling {
namespace {

// Of points below the reference, in the first `objectives` of their values.
double Volume(std::vector<const Values*> points, size_t objectives, const Values& reference) {
  const size_t last = objectives - 1;
  std::sort(points.begin(), points.end(),
            [&](const Values* a, const Values* b) { return (*a)[last] < (*b)[last]; });
  if (objectives == 1) return points.empty() ? 0 : reference[0] - (*points.front())[0];
  double volume = 0;
  double lowest = reference[0];  // of two objectives: the first one's, so far
  std::vector<const Values*> below;
  for (size_t i = 0; i < points.size(); ++i) {
    const double next = i + 1 < points.size() ? (*points[i + 1])[last] : reference[last];
    const double height = next - (*points[i])[last];
    if (objectives == 2) {
      lowest = std::min(lowest, (*points[i])[0]);
      volume += height * (reference[0] - lowest);
      continue;
    }
    below.push_back(points[i]);
    if (height > 0) volume += height * Volume(below, last, reference);
  }
  return volume;
}

}  // namespace

double Hypervolume(const std::vector<Values>& points, const Values& reference) {
  std::vector<const Values*> inside;
  for (const Values& point : points) {
    bool below = true;
    for (size_t i = 0; i < point.size(); ++i) below = below && point[i] < reference[i];
    if (below) inside.push_back(&point);
  }
  return Volume(std::move(inside), reference.size(), reference);
}

std::vector<size_t> PickByHypervolume(const std::vector<Values>& points, size_t count,
                                      const Values& reference) {
  // What each adds to those that were picked when it was last looked at; it can only have shrunk.
  struct Candidate {
    double gain;
    size_t point;
    size_t picked;
    bool operator<(const Candidate& other) const {
      return std::pair(-gain, point) > std::pair(-other.gain, other.point);
    }
  };
  std::priority_queue<Candidate> candidates;
  for (size_t i = 0; i < points.size(); ++i) {
    candidates.push({Hypervolume({points[i]}, reference), i, 0});
  }
  std::vector<size_t> picked;
  std::vector<Values> chosen;
  double volume = 0;
  while (picked.size() < count && !candidates.empty()) {
    Candidate best = candidates.top();
    candidates.pop();
    if (best.picked == picked.size()) {
      picked.push_back(best.point);
      chosen.push_back(points[best.point]);
      volume = Hypervolume(chosen, reference);
      continue;
    }
    chosen.push_back(points[best.point]);
    best.gain = Hypervolume(chosen, reference) - volume;
    best.picked = picked.size();
    chosen.pop_back();
    candidates.push(best);
  }
  return picked;
}

}  // namespace caviar::sampling
