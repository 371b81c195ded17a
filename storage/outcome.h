// The outcome of a trial, as the rows' rules need to compare it.
#ifndef CAVIAR_STORAGE_OUTCOME_H_
#define CAVIAR_STORAGE_OUTCOME_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>

namespace caviar::storage {

// Metric name to value; values may be NaN or infinite.
using Outcome = std::map<std::string, double>;

// The same metrics with the same values, to the last bit: 0.0 is not -0.0. NaN is NaN.
inline bool AreSame(const Outcome& a, const Outcome& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    if (x.first != y.first) return false;
    if (std::isnan(x.second) && std::isnan(y.second)) return true;
    return std::bit_cast<uint64_t>(x.second) == std::bit_cast<uint64_t>(y.second);
  });
}

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_OUTCOME_H_
