// Arrays of numbers or words, as IDX files and NumPy's hold them. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_ARRAY_H_
#define CAVIAR_WORKER_DATA_ARRAY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "worker/data/input_file.h"
#include "worker/data/table.h"

namespace caviar::data {

// What a file's header says about the values behind it.
struct ArrayHeader {
  enum class Kind { kBool, kUnsigned, kSigned, kReal, kBytes, kUnicode };
  Kind kind = Kind::kUnsigned;
  // Bytes a value: 1 for a bool; 1, 2, 4 or 8 for a whole number; 4 or 8 for a real one; any for
  // bytes; any multiple of 4 for Unicode, whose characters have 4 each.
  int width = 1;
  bool big_endian = false;
  // The first index is the fastest, not the last.
  bool fortran_order = false;
  std::vector<int64_t> shape;
  // The product of the shape.
  int64_t values = 1;

  bool is_words() const { return kind == Kind::kBytes || kind == Kind::kUnicode; }
};

// "60000 x 28 x 28"
std::string ShapeText(const std::vector<int64_t>& shape);

// Appends a dimension. INVALID_ARGUMENT: it is 0, or the whole array larger than kMaxFileBytes.
absl::Status AddDimension(const InputFile& file, int64_t dimension, ArrayHeader& header);

// Reads the values [rows x anything] that follow a header, to the end of the file. INVALID_ARGUMENT
// names the file and what is wrong with it.
absl::Status ReadExamples(InputFile& file, const ArrayHeader& header, LabeledTable& labeled);

// Reads one label for each of the examples, which were read before: whole numbers, bools or words.
absl::Status ReadLabels(InputFile& file, const ArrayHeader& header, LabeledTable& labeled);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_ARRAY_H_
