#include "server/sampling/tpe_mixture.h"

#include <algorithm>
#include <cmath>

namespace caviar::sampling::tpe {

using search_space::ModelAxis;
using search_space::ModelPoint;
using search_space::ModelSpace;

Mixture::Mixture(const ModelSpace& space, const Kernels& kernels, size_t first,
                 const std::vector<double>& weights, const MixtureSettings& settings)
    : space_(space),
      kernels_(kernels),
      first_(first),
      count_(kernels.size() - first),
      weights_(weights) {
  double sum = settings.prior;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights_) weight /= sum;
  prior_ = settings.prior / sum;
  weights_.resize(PaddedTo(count_), 0.0);
  for (int axis = 0; axis < space.dimensions(); ++axis) {
    axes_.emplace_back(space.axis(axis), WidthOf(axis, settings));
  }
  Fold();
}

double Mixture::WidthOf(int axis, const MixtureSettings& settings) const {
  const Kernels::Column& column = kernels_.column(axis);
  double count = 0, weight = 0, mean = 0, squares = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (weights_[i] == 0 || column.active[first_ + i] == 0) continue;
    ++count;
    if (!settings.by_spread) continue;
    weight += weights_[i];
    mean += weights_[i] * column.places[first_ + i];
    squares += weights_[i] * column.places[first_ + i] * column.places[first_ + i];
  }
  if (space_.axis(axis).kind == ModelAxis::Kind::kCategorical) {
    return settings.category / (settings.category + count + 1);
  }
  double scale = 1;
  if (settings.by_spread) {
    // The prior counts as uniform points around the same mean.
    if (weight > 0) mean /= weight;
    const double spread = std::max(0.0, squares - weight * mean * mean);
    scale = std::sqrt((12 * spread + prior_) / (weight + prior_));
  }
  const double width =
      settings.bandwidth * scale * std::pow(count + 1, -1.0 / (space_.dimensions() + 4));
  return std::clamp(width, std::max(settings.least, 1 / (count + 2)), 1.0);
}

void Mixture::Fold() {
  folded_ = weights_;
  peaks_.resize(axes_.size());
  for (size_t a = 0; a < axes_.size(); ++a) {
    if (IsTable(space_.axis(static_cast<int>(a)))) continue;
    const Kernels::Column& column = kernels_.column(static_cast<int>(a));
    if (column.inactive == 0) {
      for (size_t i = 0; i < count_; ++i) folded_[i] *= axes_[a].Peak(column.places[first_ + i]);
      continue;
    }
    peaks_[a].assign(folded_.size(), 1.0);
    for (size_t i = 0; i < count_; ++i) {
      if (column.active[first_ + i] != 0) peaks_[a][i] = axes_[a].Peak(column.places[first_ + i]);
    }
  }
}

double Mixture::Density(const ModelPoint& model) {
  reals_.clear();
  tables_.clear();
  for (size_t a = 0; a < axes_.size(); ++a) {
    if (std::isnan(model[a])) continue;
    const ModelAxis& axis = space_.axis(static_cast<int>(a));
    const Kernels::Column& column = kernels_.column(static_cast<int>(a));
    if (IsTable(axis)) {
      tables_.push_back({.cell = column.cells.data() + first_,
                         .factors = axes_[a].Densities(CellAt(axis, model[a])).data()});
      continue;
    }
    const bool all = column.inactive == 0;
    reals_.push_back({.place = column.places.data() + first_,
                      .active = all ? nullptr : column.active.data() + first_,
                      .scale = all ? nullptr : peaks_[a].data(),
                      .at = model[a],
                      .inverse = axes_[a].inverse()});
  }
  return prior_ + SumOfKernels(folded_.data(), folded_.size(), reals_, tables_);
}

ModelPoint Mixture::Draw(const std::function<double()>& uniform) const {
  double u = uniform();
  size_t kernel = 0;
  while (kernel < count_ && (u -= weights_[kernel]) >= 0) ++kernel;
  ModelPoint model(axes_.size());
  for (size_t a = 0; a < axes_.size(); ++a) {
    const Kernels::Column& column = kernels_.column(static_cast<int>(a));
    const bool prior = kernel == count_ || column.active[first_ + kernel] == 0;
    model[a] = prior ? axes_[a].DrawPrior(uniform())
                     : axes_[a].Draw(column.places[first_ + kernel], uniform());
  }
  return model;
}

}  // namespace caviar::sampling::tpe
