#include "server/pruning/hyperband_pruner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::pruning {

HyperbandPruner::HyperbandPruner(const AshaRules& rules, bool maximize)
    : Pruner(maximize), ladder_(rules, maximize) {
  const size_t count = rules.rungs.size() + 1;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    AshaRules own = rules;
    own.rungs.erase(own.rungs.begin(), own.rungs.begin() + static_cast<std::ptrdiff_t>(i));
    // Hyperband's n of the bracket with s = left halvings: (s_max + 1) / (s + 1) * eta^s.
    const auto left = static_cast<double>(own.rungs.size());
    sum += static_cast<double>(count) / (left + 1) * std::pow(rules.eta, left);
    shares_.push_back(sum);
    brackets_.emplace_back(std::move(own), maximize);
  }
  for (double& share : shares_) share /= sum;
  shares_.back() = 1;
}

size_t HyperbandPruner::BracketOf(int32_t number) const {
  // Multiples of the golden ratio fill [0, 1) evenly, whatever the number of trials.
  constexpr double kGolden = 0.6180339887498949;
  const double place = std::fmod(number * kGolden, 1.0);
  return static_cast<size_t>(std::upper_bound(shares_.begin(), shares_.end() - 1, place) -
                             shares_.begin());
}

void HyperbandPruner::Measure(int32_t number, int64_t step, double value) {
  brackets_[BracketOf(number)].Measure(number, step, value);
  ladder_.Measure(number, step, value);
}

void HyperbandPruner::Complete(int32_t number, double value) {
  brackets_[BracketOf(number)].Complete(number, value);
  ladder_.Complete(number, value);
}

void HyperbandPruner::Rewind(int32_t number, int64_t after_step) {
  brackets_[BracketOf(number)].Rewind(number, after_step);
  ladder_.Rewind(number, after_step);
}

std::vector<Verdict> HyperbandPruner::Decide(int32_t number) {
  const size_t bracket = BracketOf(number);
  std::vector<Verdict> verdicts = brackets_[bracket].Decide(number);
  for (Verdict& verdict : verdicts) {
    verdict.reason = absl::StrCat("bracket ", bracket, ", ", verdict.reason);
  }
  return verdicts;
}

void HyperbandPruner::Pause(int32_t number) { brackets_[BracketOf(number)].Pause(number); }

std::optional<Promotion> HyperbandPruner::FindPromotion(bool in_any_case) const {
  // Brackets with later rungs first: theirs have gone further.
  for (size_t i = brackets_.size(); i-- > 0;) {
    auto promotion = brackets_[i].FindPromotion(in_any_case);
    if (!promotion) continue;
    promotion->verdict.reason = absl::StrCat("bracket ", i, ", ", promotion->verdict.reason);
    return promotion;
  }
  return std::nullopt;
}

void HyperbandPruner::Restore(int32_t number, int64_t step) {
  brackets_[BracketOf(number)].Restore(number, step);
}

void HyperbandPruner::End(int32_t number) { brackets_[BracketOf(number)].End(number); }

std::vector<double> HyperbandPruner::RungValues(int32_t number) const {
  return ladder_.RungValues(number);
}

}  // namespace caviar::pruning
