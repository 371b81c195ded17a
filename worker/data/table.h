// The raw contents of a file of examples. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_TABLE_H_
#define CAVIAR_WORKER_DATA_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "worker/data/rows.h"

namespace caviar::data {

// Limits of what is taken in. Far above what a worker's memory is used for, and low enough that no
// product of them overflows.
inline constexpr int64_t kMaxFileBytes = int64_t{8} << 30;  // unpacked
inline constexpr int64_t kMaxRows = 2147483647;
inline constexpr int64_t kMaxInputs = int64_t{1} << 24;
inline constexpr int kMaxClasses = 65536;
// Different words of one column.
inline constexpr int kMaxWords = 1000;
// Up to here a double holds every whole number.
inline constexpr double kMaxWhole = 9007199254740992;  // 2^53
// Of one value; sums of squares stay far from overflow.
inline constexpr double kMaxMagnitude = 1e30;

// The columns of a CSV file that are inputs: numbers, and words of which each is an input. Words
// are kept as their index, two bytes, whatever the number of inputs that they stand for.
struct Columns {
  struct Column {
    std::string name;
    bool is_words = false;
    // Of a column of words: those of the training file, in the order of their bytes.
    std::vector<std::string> words;
    // Which one it is among the columns of its kind: its place in a row of those.
    int slot = 0;

    int inputs() const { return is_words ? static_cast<int>(words.size()) : 1; }
  };
  static constexpr int16_t kMissingWord = -1;
  // One that the training file does not have.
  static constexpr int16_t kUnknownWord = -2;

  // In the training file's order.
  std::vector<Column> columns;
  // A value for each column of numbers; NaN where it is missing.
  Rows<double> numbers;
  // For each column of words an index in its `words`.
  Rows<int16_t> words;
};

// [rows x inputs], row by row, in the type of the source. All values are finite and at most
// kMaxMagnitude, but for missing ones in columns.
struct Table {
  int rows = 0;
  int inputs = 0;
  std::variant<std::vector<uint8_t>, std::vector<float>, std::vector<double>, Columns> values;
  // All inputs have one unit, as the pixels of an image do.
  bool one_unit = false;
};

// With the class of every row, as an index into label_names in the order of appearance.
struct LabeledTable {
  Table table;
  std::vector<int32_t> labels;
  std::vector<std::string> label_names;
  // For messages: where the examples and the labels come from.
  std::string source;
  std::string label_source;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_TABLE_H_
