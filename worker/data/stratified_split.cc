#include "worker/data/stratified_split.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::data {
namespace {

// A random number that is a function of its place: SplitMix64 (Steele, Lea & Flood 2014) started at
// the seed's stream, taken at `row`.
uint64_t Draw(uint32_t seed, int32_t row) {
  const auto mix = [](uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  };
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  return mix(mix(seed + kGolden) + kGolden * (static_cast<uint64_t>(row) + 1));
}

// How many of each class go to validation.
std::vector<int64_t> Quotas(const std::vector<int64_t>& sizes, double fraction, int64_t wanted) {
  const size_t classes = sizes.size();
  std::vector<int64_t> quotas(classes);
  std::vector<double> remainders(classes);
  int64_t given = 0;
  for (size_t c = 0; c < classes; ++c) {
    const double share = static_cast<double>(sizes[c]) * fraction;
    quotas[c] = std::min(static_cast<int64_t>(share), std::max<int64_t>(sizes[c] - 1, 0));
    remainders[c] = share - static_cast<double>(quotas[c]);
    given += quotas[c];
  }
  std::vector<size_t> order(classes);
  for (size_t c = 0; c < classes; ++c) order[c] = c;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  // A second round is needed where classes ran out of examples.
  for (bool progress = true; given < wanted && progress;) {
    progress = false;
    for (const size_t c : order) {
      if (given == wanted) break;
      if (quotas[c] + 1 >= sizes[c]) continue;
      ++quotas[c];
      ++given;
      progress = true;
    }
  }
  return quotas;
}

}  // namespace

absl::StatusOr<SplitRows> StratifiedSplit(const std::vector<int32_t>& labels, int classes,
                                          double fraction, uint32_t seed) {
  std::vector<std::vector<std::pair<uint64_t, int32_t>>> members(classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto number = static_cast<int32_t>(row);
    members[labels[row]].emplace_back(Draw(seed, number), number);
  }
  std::vector<int64_t> sizes;
  for (const auto& rows : members) sizes.push_back(static_cast<int64_t>(rows.size()));
  const auto wanted =
      std::max<int64_t>(std::llround(fraction * static_cast<double>(labels.size())), 1);
  const std::vector<int64_t> quotas = Quotas(sizes, fraction, wanted);

  SplitRows split;
  for (int c = 0; c < classes; ++c) {
    std::sort(members[c].begin(), members[c].end());
    for (size_t i = 0; i < members[c].size(); ++i) {
      (static_cast<int64_t>(i) < quotas[c] ? split.validation : split.train)
          .push_back(members[c][i].second);
    }
  }
  if (split.validation.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "none of the ", classes, " classes has two examples: one to train and one to validate"));
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace caviar::data
