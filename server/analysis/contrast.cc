#include "server/analysis/contrast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace caviar::analysis {
namespace {

using search_space::ModelAxis;

constexpr size_t kCells = 100;
// What is not above it is nothing.
constexpr double kRounding = 1e-9;

// The cells of an axis: where they lie, and in which one a coordinate is.
class Cells {
 public:
  explicit Cells(const ModelAxis& axis) {
    if (axis.kind == ModelAxis::Kind::kCategorical) {
      count_ = static_cast<size_t>(std::max(axis.categories, 1));
      return;
    }
    ordered_ = true;
    own_places_ = axis.kind == ModelAxis::Kind::kOrdered && axis.places.size() <= kCells;
    if (own_places_) {
      middles_ = axis.places;
    } else {
      for (size_t i = 0; i < kCells; ++i) {
        middles_.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(kCells));
      }
    }
    count_ = middles_.size();
  }

  size_t count() const { return count_; }
  bool ordered() const { return ordered_; }
  double middle(size_t cell) const { return middles_[cell]; }

  size_t Of(double place) const {
    if (!ordered_) return std::min(static_cast<size_t>(std::max(place, 0.0)), count_ - 1);
    if (!own_places_) {
      const double scaled = std::clamp(place, 0.0, 1.0) * static_cast<double>(kCells);
      return std::min(static_cast<size_t>(scaled), kCells - 1);
    }
    const auto above = std::lower_bound(middles_.begin(), middles_.end(), place);
    if (above == middles_.begin()) return 0;
    const auto below = above - 1;
    const bool up = above != middles_.end() && *above - place < place - *below;
    return static_cast<size_t>((up ? above : below) - middles_.begin());
  }

 private:
  size_t count_ = 0;
  bool ordered_ = false;
  bool own_places_ = false;
  std::vector<double> middles_;
};

double Bandwidth(const std::vector<double>& places, double group) {
  const auto count = static_cast<double>(places.size());
  const double mean = std::accumulate(places.begin(), places.end(), 0.0) / count;
  double square = 0;
  for (const double place : places) square += (place - mean) * (place - mean);
  const double scott = 1.06 * std::sqrt(square / count) * std::pow(group, -0.2);
  return std::max(scott, 1.0 / static_cast<double>(kCells));
}

// [cell x cell]; a column is what one trial in that cell adds to each: its sum is 1.
std::vector<std::vector<double>> Kernel(const Cells& cells, double bandwidth) {
  const size_t count = cells.count();
  std::vector<std::vector<double>> kernel(count, std::vector<double>(count));
  for (size_t from = 0; from < count; ++from) {
    double sum = 0;
    for (size_t to = 0; to < count; ++to) {
      const double distance =
          cells.ordered() ? (cells.middle(to) - cells.middle(from)) / bandwidth : 0;
      const bool reached = cells.ordered() || to == from;
      kernel[to][from] = reached ? std::exp(-0.5 * distance * distance) : 0;
      sum += kernel[to][from];
    }
    for (size_t to = 0; to < count; ++to) kernel[to][from] /= sum;
  }
  return kernel;
}

}  // namespace

double Contrast(const ModelAxis& axis, const std::vector<double>& places,
                const std::vector<double>& weights) {
  const auto count = static_cast<double>(places.size());
  const double group = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (places.size() < 2 || !(group > 0)) return 0;
  const double share = group / count;
  double squares = 0, spread = 0;
  for (const double weight : weights) {
    squares += weight * weight;
    spread += (weight - share) * (weight - share);
  }
  const Cells cells(axis);
  std::vector<double> all(cells.count()), best(cells.count());
  for (size_t i = 0; i < places.size(); ++i) {
    const size_t cell = cells.Of(places[i]);
    all[cell] += 1 / count;
    best[cell] += weights[i] / group;
  }
  const auto kernel = Kernel(cells, Bandwidth(places, group * group / squares));
  // The variance of a density that blindly drawn weights give: that of a sum over a random
  // permutation (Hoeffding 1951), with these weights.
  const double chance = spread / (group * group) * count / (count - 1);
  double contrast = 0;
  for (size_t to = 0; to < cells.count(); ++to) {
    double p = 0, q = 0, second = 0;
    for (size_t from = 0; from < cells.count(); ++from) {
      const double k = kernel[to][from];
      p += k * all[from];
      q += k * best[from];
      second += k * k * all[from];
    }
    // Below this nothing was tried.
    if (p < 1e-12) continue;
    contrast += ((q - p) * (q - p) - chance * std::max(0.0, second - p * p)) / p;
  }
  return contrast > kRounding ? contrast : 0;
}

}  // namespace caviar::analysis
