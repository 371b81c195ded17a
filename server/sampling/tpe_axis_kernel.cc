#include "server/sampling/tpe_axis_kernel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::tpe {

using search_space::ModelAxis;

namespace {

// Peak interpolates between so many places.
constexpr int kPeakSteps = 128;

bool IsCategorical(const ModelAxis& axis) { return axis.kind == ModelAxis::Kind::kCategorical; }

// floor(uniform * count), in [0, count).
int Pick(double uniform, int count) {
  return std::min(static_cast<int>(uniform * count), count - 1);
}

}  // namespace

bool IsTable(const ModelAxis& axis) {
  return IsCategorical(axis) ||
         (axis.kind == ModelAxis::Kind::kOrdered && axis.places.size() <= kMaxCells);
}

int CellsOf(const ModelAxis& axis) {
  return IsCategorical(axis) ? axis.categories : static_cast<int>(axis.places.size());
}

int CellAt(const ModelAxis& axis, double coordinate) {
  if (IsCategorical(axis)) return static_cast<int>(coordinate);
  const auto at = std::lower_bound(axis.places.begin(), axis.places.end(), coordinate);
  return std::min(static_cast<int>(at - axis.places.begin()), CellsOf(axis) - 1);
}

AxisKernel::AxisKernel(const ModelAxis& axis, double width) : axis_(&axis), width_(width) {
  if (IsTable(axis)) {
    densities_.resize(static_cast<size_t>(CellsOf(axis)));
    return;
  }
  for (int i = 0; i <= kPeakSteps; ++i) {
    const double place = static_cast<double>(i) / kPeakSteps;
    const double inside = NormalMass(-place / width, (1 - place) / width);
    peaks_.push_back(1 / (std::sqrt(2 * std::numbers::pi) * width * inside));
  }
  peaks_.push_back(peaks_.back());
}

double AxisKernel::Peak(double place) const {
  const double scaled = place * kPeakSteps;
  const auto i = static_cast<size_t>(scaled);
  return peaks_[i] + (scaled - static_cast<double>(i)) * (peaks_[i + 1] - peaks_[i]);
}

double AxisKernel::Edge(size_t cell) const {
  if (cell == 0) return 0;
  if (cell == axis_->places.size()) return 1;
  return (axis_->places[cell - 1] + axis_->places[cell]) / 2;
}

double AxisKernel::Mass(double place, double low, double high) const {
  const auto z = [&](double x) { return (x - place) / width_; };
  return NormalMass(z(low), z(high)) / NormalMass(z(0), z(1));
}

const std::vector<double>& AxisKernel::Densities(int cell) {
  std::vector<double>& densities = densities_[static_cast<size_t>(cell)];
  if (!densities.empty()) return densities;
  const int cells = CellsOf(*axis_);
  densities.assign(static_cast<size_t>(cells) + 1, 1.0);
  for (int from = 0; from < cells; ++from) {
    double& density = densities[static_cast<size_t>(from)];
    if (IsCategorical(*axis_)) {
      density = width_ + (from == cell ? (1 - width_) * cells : 0);
      continue;
    }
    const auto at = static_cast<size_t>(cell);
    density = cells * Mass(axis_->places[static_cast<size_t>(from)], Edge(at), Edge(at + 1));
  }
  return densities;
}

double AxisKernel::Draw(double place, double uniform) const {
  if (IsCategorical(*axis_)) {
    return uniform < width_ ? Pick(uniform / width_, axis_->categories) : place;
  }
  const double x = TruncatedNormal(uniform, place, width_, 0, 1);
  if (axis_->kind == ModelAxis::Kind::kReal) return x;
  // The nearest value.
  const std::vector<double>& places = axis_->places;
  const auto above = std::lower_bound(places.begin(), places.end(), x);
  if (above == places.begin()) return places.front();
  if (above == places.end()) return places.back();
  return *above - x < x - *(above - 1) ? *above : *(above - 1);
}

double AxisKernel::DrawPrior(double uniform) const {
  if (axis_->kind == ModelAxis::Kind::kReal) return uniform;
  if (IsCategorical(*axis_)) return Pick(uniform, axis_->categories);
  return axis_->places[static_cast<size_t>(Pick(uniform, static_cast<int>(axis_->places.size())))];
}

}  // namespace caviar::sampling::tpe
