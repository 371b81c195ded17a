// The raw contents of a file of examples. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_TABLE_H_
#define CAVIAR_WORKER_DATA_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace caviar::data {

// Limits of what is taken in. Far above what a worker's memory is used for, and low enough that no
// product of them overflows.
inline constexpr int64_t kMaxFileBytes = int64_t{8} << 30;  // unpacked
inline constexpr int64_t kMaxRows = 2147483647;
inline constexpr int64_t kMaxInputs = int64_t{1} << 24;
inline constexpr int kMaxClasses = 65536;
// Of one value; sums of squares stay far from overflow.
inline constexpr double kMaxMagnitude = 1e30;

// [rows x inputs], row by row, in the type of the source. All values are finite and at most
// kMaxMagnitude.
struct Table {
  int rows = 0;
  int inputs = 0;
  std::variant<std::vector<uint8_t>, std::vector<float>, std::vector<double>> values;
  // All inputs have one unit, as the pixels of an image do.
  bool one_unit = false;
};

// With the class of every row, as an index into label_names in the order of appearance.
struct LabeledTable {
  std::shared_ptr<const Table> table;
  std::vector<int32_t> labels;
  std::vector<std::string> label_names;
  // For messages: where the examples and the labels come from.
  std::string source;
  std::string label_source;
  // Names of the inputs; empty for IDX.
  std::vector<std::string> columns;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_TABLE_H_
