// Examples for training: read, split, standardized.
//
// This room reads IDX, CSV and NumPy files, splits them into training and validation parts, and
// hands out standardized mini-batches. It knows files and the Dataset message. It must never know
// networks, leases or the coordinator.
#ifndef CAVIAR_WORKER_DATA_DATASET_H_
#define CAVIAR_WORKER_DATA_DATASET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/load_once.h"
#include "worker/data/table.h"

namespace caviar::data {

// What stands for missing values: of each column of numbers, and of each of words (an index). Of
// the training part only.
struct Replacements {
  std::vector<double> numbers;
  std::vector<int16_t> words;
};

// What makes raw values standardized ones, per input: (x - mean) * inverse_deviation. Of the
// training part only, population deviation, computed in double.
struct Standardization {
  std::vector<double> mean;
  // 1 for an input that is 1 or 0 for a word. 0 where the training part is constant: such an input
  // is always 0.
  std::vector<double> inverse_deviation;
  // Empty where the file cannot have missing values.
  Replacements replacements;
};

// Some examples of a file, in the file's order. Immutable and thread safe; copies share the file's
// memory.
class Split {
 public:
  Split() = default;
  // Example i is row rows[i] of `table`, of class labels[i].
  Split(std::shared_ptr<const Table> table, std::vector<int32_t> rows, std::vector<int32_t> labels,
        std::shared_ptr<const Standardization> standardization);

  int rows() const { return static_cast<int>(rows_.size()); }
  // In [0, classes).
  int32_t label(int row) const { return labels_[row]; }
  // Writes `count` standardized examples to out, [inputs x count], each example's inputs
  // contiguous. Row indices are in [0, rows()). Values are finite: outliers that the training part
  // does not have are cut at 1e6 deviations.
  void CopyRows(const int32_t* row_indices, int count, float* out) const;
  // Whether both are examples of one file that is in memory once.
  bool SharesMemoryWith(const Split& other) const { return table_ == other.table_; }

 private:
  // Inputs side by side that are copied alike: numbers of consecutive slots, or a column of words.
  struct Run {
    bool is_words = false;
    int first_input = 0, inputs = 0, slot = 0;
  };

  static std::vector<Run> RunsOf(const Table& table);
  template <typename T>
  void CopyRow(const std::vector<T>& values, size_t row, float* out) const;
  template <typename T>
  void PrefetchRow(const std::vector<T>& values, int row) const;
  void PrefetchRow(const Columns& columns, int row) const;
  void CopyRow(const Columns& columns, size_t row, float* out) const;

  std::shared_ptr<const Table> table_;
  std::vector<int32_t> rows_;
  std::vector<int32_t> labels_;
  std::shared_ptr<const Standardization> standardization_;
  // As float, for bytes and words.
  std::vector<float> mean_, inverse_deviation_;
  // Of columns.
  std::vector<Run> runs_;
};

// Immutable, shared by all who train on it.
struct Dataset {
  int inputs = 0;   // >= 1
  int classes = 0;  // >= 2
  // By class: ascending where all are whole numbers, else in the order of their bytes.
  std::vector<std::string> class_names;
  // Of a CSV file: "height" for a column of numbers, "color=red" for a word. Else empty.
  std::vector<std::string> input_names;
  // Every class has an example in `train`. `test` has no rows where the study has no test files.
  Split train, validation, test;
  // Per input, of the training part.
  std::vector<float> mean, inverse_deviation;
};

// Reads datasets and keeps them for the next trial. Thread safe. A file is read once for all that
// ask, also at the same time, until it changes; a failure is tried again by the next call.
class DatasetCache {
 public:
  // Nothing outside of `dataset_dir` is read, and relative paths start there. "": no restriction,
  // and relative paths start in the working directory.
  explicit DatasetCache(std::string dataset_dir);

  // Blocks while files are read. The split depends on the files, the fraction and `seed` alone. All
  // errors name the file and, in a text, the line and column, in an archive the array: NOT_FOUND,
  // PERMISSION_DENIED (outside of the dataset directory, or not readable), INVALID_ARGUMENT (its
  // contents), RESOURCE_EXHAUSTED (too large for the memory).
  absl::StatusOr<std::shared_ptr<const Dataset>> Get(const v1::Dataset& spec, uint32_t seed);

 private:
  absl::StatusOr<std::shared_ptr<const Dataset>> Load(const v1::Dataset& spec, uint32_t seed);

  const std::string dataset_dir_;
  // Contents of files are kept as long as a dataset holds them; of the datasets, the last few used.
  LoadOnce<LabeledTable> files_{0};
  LoadOnce<Dataset> datasets_{4};
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_DATASET_H_
