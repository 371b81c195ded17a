// The part of the search distribution that knows of cells: margins.
#include <algorithm>
#include <cmath>

#include "server/sampling/cma_distribution.h"
#include "server/sampling/normal_distribution.h"

namespace caviar::sampling::cma {

using Eigen::Index;

size_t Distribution::CellOf(const Number& number, double place) {
  const std::vector<double>& places = number.places;
  const auto above =
      static_cast<size_t>(std::lower_bound(places.begin(), places.end(), place) - places.begin());
  if (above == 0) return 0;
  if (above == places.size()) return above - 1;
  return place >= Edge(number, above) ? above : above - 1;
}

double Distribution::Edge(const Number& number, size_t cell) {
  if (cell == 0) return 0;
  if (cell == number.places.size()) return 1;
  return (number.places[cell - 1] + number.places[cell]) / 2;
}

// A value beside the present one has at least the probability 1 / (population * axes), shared by
// the two sides where there are two.
void Distribution::KeepNumberMargins() {
  const double alpha =
      1 / (population_ * static_cast<double>(numbers_.size() + categories_.size()));
  for (size_t k = 0; k < numbers_.size(); ++k) {
    const Number& number = numbers_[k];
    if (number.places.size() < 2) continue;
    const auto i = static_cast<Index>(k);
    const double deviation = Deviation(i);
    const size_t cell = CellOf(number, mean_(i));
    const double low = Edge(number, cell), high = Edge(number, cell + 1);
    const double reach = deviation * NormalQuantile(1 - alpha);
    if (cell == 0) {
      mean_(i) = std::max(mean_(i), high - reach);
    } else if (cell + 1 == number.places.size()) {
      mean_(i) = std::min(mean_(i), low + reach);
    } else {
      const double below = NormalCdf((low - mean_(i)) / deviation);
      const double above = NormalCdf((mean_(i) - high) / deviation);
      if (below >= alpha / 2 && above >= alpha / 2) continue;
      // The mean and deviation that have these two probabilities.
      const double z_low = NormalQuantile(1 - std::max(below, alpha / 2));
      const double z_high = NormalQuantile(1 - std::max(above, alpha / 2));
      if (!(z_low + z_high > 1e-9)) continue;
      const double wanted = (high - low) / (z_low + z_high);
      mean_(i) = std::clamp(low + z_low * wanted, low, high);
      margin_(i) *= wanted / deviation;
    }
  }
}

void Distribution::KeepCategoryMargins() {
  for (Category& category : categories_) {
    std::vector<double>& p = category.probabilities;
    const auto count = static_cast<double>(p.size());
    if (count < 2) continue;
    // With the probability .73 no axis shows anything but its likeliest category.
    const double likeliest = std::pow(0.73, 1 / static_cast<double>(categories_.size()));
    const double least = std::min((1 - likeliest) / (count - 1), 0.5 / count);
    double sum = 0;
    for (double& probability : p) sum += probability = std::max(probability, least);
    // Taken from what is above the least.
    const double share = (sum - 1) / (sum - count * least);
    for (double& probability : p) probability -= share * (probability - least);
  }
}

}  // namespace caviar::sampling::cma
