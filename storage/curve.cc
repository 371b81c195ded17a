#include "storage/curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace caviar::storage {

std::vector<CurvePart> CurveParts(const std::vector<AttemptRow>& attempts, int32_t last) {
  std::vector<CurvePart> parts;
  int64_t up_to = std::numeric_limits<int64_t>::max();
  // A parent's number is smaller, so that one pass meets them all.
  for (auto row = attempts.rbegin(); row != attempts.rend() && last > 0; ++row) {
    if (row->number != last) continue;
    const int64_t after = row->parent_attempt > 0 ? std::min(row->resumed_from_step, up_to) : -1;
    if (after < up_to) parts.push_back({row->number, after, up_to});
    up_to = after;
    last = row->parent_attempt;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::optional<int64_t> LastStepOfCurve(const AttemptRow& attempt, std::optional<int64_t> own) {
  if (attempt.parent_attempt == 0 || attempt.resumed_from_step == 0) return own;
  return std::max(own.value_or(0), attempt.resumed_from_step);
}

bool IsSameValue(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace caviar::storage
