#include "server/pruning/rung_table.h"

#include <algorithm>

namespace caviar::pruning {
void RungTable::Add(int32_t number, double value) {
  const Entry entry(Ranked(value), number);
  entries_.insert(std::lower_bound(entries_.begin(), entries_.end(), entry), entry);
}

void RungTable::Remove(int32_t number, double value) {
  const Entry entry(Ranked(value), number);
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), entry);
  if (found != entries_.end() && *found == entry) entries_.erase(found);
}

size_t RungTable::Rank(int32_t number, double value) const {
  const Entry entry(Ranked(value), number);
  return static_cast<size_t>(std::lower_bound(entries_.begin(), entries_.end(), entry) -
                             entries_.begin());
}

}  // namespace caviar::pruning
