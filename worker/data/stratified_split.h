// Which examples train and which validate. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_STRATIFIED_SPLIT_H_
#define CAVIAR_WORKER_DATA_STRATIFIED_SPLIT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace caviar::data {

// Row numbers, ascending.
struct SplitRows {
  std::vector<int32_t> train, validation;
};

// Puts about `fraction` of every class into validation: round(fraction * examples) in all, at least
// one, shared among the classes by largest remainder (Hamilton's method; of equal remainders the
// lower class first). Every class keeps one example for training. Which ones of a class is drawn
// with (seed, row) alone. `labels` are in [0, classes). FAILED_PRECONDITION: no class has two
// examples.
absl::StatusOr<SplitRows> StratifiedSplit(const std::vector<int32_t>& labels, int classes,
                                          double fraction, uint32_t seed);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_STRATIFIED_SPLIT_H_
