// The values of all trials at one rung, in order. Internal to this room.
#ifndef CAVIAR_SERVER_PRUNING_RUNG_TABLE_H_
#define CAVIAR_SERVER_PRUNING_RUNG_TABLE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace caviar::pruning {

// What is not finite ranks last.
inline double Ranked(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
}

class RungTable {
 public:
  // A trial once.
  void Add(int32_t number, double value);
  size_t size() const { return entries_.size(); }
  void Remove(int32_t number, double value);
  // How many are better than this trial, which is there with this value.
  size_t Rank(int32_t number, double value) const;
  // The trial on place `rank`, from 0.
  int32_t At(size_t rank) const { return entries_[rank].second; }

 private:
  using Entry = std::pair<double, int32_t>;
  // Sorted. A vector: moving ten thousand of them takes microseconds.
  std::vector<Entry> entries_;
};

}  // namespace caviar::pruning

#endif  // CAVIAR_SERVER_PRUNING_RUNG_TABLE_H_
