#include "server/pruning/wilcoxon_pruner.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/pruning/rung_table.h"

namespace caviar::pruning {
namespace {

constexpr size_t kExact = 25;

// The share of the 2^n sign patterns whose positive ranks sum to at least `sum`.
double ExactProbability(size_t n, double sum) {
  std::vector<double> counts(n * (n + 1) / 2 + 1, 0.0);  // by sum
  counts[0] = 1;
  for (size_t rank = 1; rank <= n; ++rank) {
    for (size_t at = counts.size(); at-- > rank;) counts[at] += counts[at - rank];
  }
  double above = 0;
  for (size_t at = static_cast<size_t>(sum); at < counts.size(); ++at) above += counts[at];
  return above / std::exp2(static_cast<double>(n));
}

}  // namespace

double SignedRankProbability(std::vector<double> differences) {
  std::erase(differences, 0.0);
  const size_t n = differences.size();
  if (n == 0) return 1;
  std::sort(differences.begin(), differences.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  double positive = 0, ties = 0;
  for (size_t i = 0; i < n;) {
    size_t end = i;
    while (end < n && std::abs(differences[end]) == std::abs(differences[i])) ++end;
    const auto group = static_cast<double>(end - i);
    const double rank = static_cast<double>(i + end + 1) / 2;  // the mean of i + 1 .. end
    for (size_t k = i; k < end; ++k) positive += differences[k] > 0 ? rank : 0;
    ties += group * group * group - group;
    i = end;
  }
  if (n <= kExact && ties == 0) return ExactProbability(n, positive);
  const auto count = static_cast<double>(n);
  const double mean = count * (count + 1) / 4;
  const double variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
  if (!(variance > 0)) return positive > mean ? 0.5 : 1;
  return 0.5 * std::erfc((positive - mean - 0.5) / std::sqrt(2 * variance));
}

void WilcoxonPruner::Measure(int32_t number, int64_t step, double value) {
  values_[number].emplace(step, value);
}

void WilcoxonPruner::Complete(int32_t number, double value) {
  const std::pair<double, int32_t> own(Ranked(value), number);
  // The objective is told as one more step: the mean is no instance.
  if (auto& values = values_[number]; !values.empty()) values.erase(std::prev(values.end()));
  if (best_ && *best_ < own) {
    values_.erase(number);
    return;
  }
  if (best_) values_.erase(best_->second);
  best_ = own;
}

void WilcoxonPruner::Rewind(int32_t number, int64_t after_step) {
  const auto curve = values_.find(number);
  if (curve == values_.end()) return;
  curve->second.erase(curve->second.upper_bound(after_step), curve->second.end());
}

std::vector<Verdict> WilcoxonPruner::Decide(int32_t number) {
  if (!best_) return {};
  const std::map<int64_t, double>& own = values_[number];
  const std::map<int64_t, double>& best = values_[best_->second];
  std::vector<double> differences;
  double sum = 0;
  for (const auto& [step, value] : own) {
    const auto other = best.find(step);
    if (other == best.end() || !std::isfinite(value) || !std::isfinite(other->second)) continue;
    differences.push_back(value - other->second);
    sum += differences.back();
  }
  const size_t count = differences.size();
  // One with a better mean is not ended, whatever the ranks say.
  if (count < static_cast<size_t>(rules_.warm_up) || sum <= 0) return {};
  const double probability = SignedRankProbability(std::move(differences));
  if (probability >= rules_.p_value) return {};
  const int64_t step = own.rbegin()->first;
  return {{Act::kStop, step,
           absl::StrFormat("worse than trial %d on %d instances that both have: by chance with "
                           "probability %.3g, below %g",
                           best_->second, count, probability, rules_.p_value)}};
}

}  // namespace caviar::pruning
