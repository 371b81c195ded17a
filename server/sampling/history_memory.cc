#include "server/sampling/history_memory.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace caviar::sampling {
namespace {

// Bit by bit: NaN is the same as itself, and 0 another number than -0.
bool Same(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

bool Same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return Same(x, y); });
}

bool Same(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? Same(*a, *b) : a.has_value() == b.has_value();
}

bool Same(const Observation& a, const Observation& b) {
  return a.number == b.number && a.state == b.state && Same(a.value, b.value) &&
         Same(a.point, b.point) && Same(a.rungs, b.rungs) && Same(a.more_values, b.more_values) &&
         Same(a.excesses, b.excesses) && Same(a.variance, b.variance);
}

std::string KeyOf(const search_space::SearchSpace& space, uint32_t seed) {
  std::string key(reinterpret_cast<const char*>(&seed), sizeof(seed));
  for (const v1::Parameter& parameter : space.parameters()) {
    const std::string bytes = parameter.SerializeAsString();
    key += std::to_string(bytes.size()) + ":" + bytes;
  }
  return key;
}

}  // namespace

std::optional<size_t> HistoryMemory::Advance(const search_space::SearchSpace& space, uint32_t seed,
                                             const History& history) {
  std::string key = KeyOf(space, seed);
  std::optional<size_t> same;
  if (key_ == key) {
    size_t i = history.SharedWith(history_);
    const size_t most = std::min(history.size(), history_.size());
    while (i < most && Same(history[i], history_[i])) ++i;
    same = i;
  }
  key_ = std::move(key);
  history_ = history;
  return same;
}

}  // namespace caviar::sampling
