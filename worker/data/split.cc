// Mini-batches. In a file of its own because it is compiled for speed: it runs for every batch.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <variant>

#include "worker/data/dataset.h"

namespace caviar::data {
namespace {

constexpr double kMaxDeviations = 1e6;
// Rows are drawn from all over a table that no cache holds: each is asked for while those before it
// are copied.
constexpr int kRowsAhead = 4;

// Code for each of these, and the right one when the program runs. Its arithmetic is a subtraction
// and a product, each rounded: the same bits in all of them. (Not where code runs before main, when
// a sanitizer is not there yet.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define CAVIAR_FOR_EACH_LEVEL \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CAVIAR_FOR_EACH_LEVEL
#endif

template <typename T>
void Prefetch(const T* values, int count) {
  constexpr int kLine = 64;
  const char* bytes = reinterpret_cast<const char*>(values);
  const auto size = static_cast<int64_t>(count) * static_cast<int64_t>(sizeof(T));
  for (int64_t i = 0; i < size; i += kLine) __builtin_prefetch(bytes + i);
}

float Cut(double value) {
  return static_cast<float>(std::min(std::max(value, -kMaxDeviations), kMaxDeviations));
}

// A byte is at most 255 floors of the deviation away, so that it needs no cut.
CAVIAR_FOR_EACH_LEVEL
void Copy(const uint8_t* __restrict x, const float* __restrict mean,
          const float* __restrict inverse, int inputs, float* __restrict out) {
  for (int i = 0; i < inputs; ++i) out[i] = (static_cast<float>(x[i]) - mean[i]) * inverse[i];
}

template <typename T>
void Copy(const T* __restrict x, const double* __restrict mean, const double* __restrict inverse,
          int inputs, float* __restrict out) {
  for (int i = 0; i < inputs; ++i) out[i] = Cut((static_cast<double>(x[i]) - mean[i]) * inverse[i]);
}

// NaN stands for a missing value.
void CopyReplaced(const double* __restrict x, const double* __restrict replacements,
                  const double* __restrict mean, const double* __restrict inverse, int inputs,
                  float* __restrict out) {
  for (int i = 0; i < inputs; ++i) {
    const double value = std::isnan(x[i]) ? replacements[i] : x[i];
    out[i] = Cut((value - mean[i]) * inverse[i]);
  }
}

}  // namespace

Split::Split(std::shared_ptr<const Table> table, std::vector<int32_t> rows,
             std::vector<int32_t> labels, std::shared_ptr<const Standardization> standardization)
    : table_(std::move(table)),
      rows_(std::move(rows)),
      labels_(std::move(labels)),
      standardization_(std::move(standardization)),
      mean_(standardization_->mean.begin(), standardization_->mean.end()),
      inverse_deviation_(standardization_->inverse_deviation.begin(),
                         standardization_->inverse_deviation.end()),
      runs_(RunsOf(*table_)) {}

std::vector<Split::Run> Split::RunsOf(const Table& table) {
  std::vector<Run> runs;
  const auto* columns = std::get_if<Columns>(&table.values);
  if (columns == nullptr) return runs;
  int input = 0;
  for (const Columns::Column& column : columns->columns) {
    if (!column.is_words && !runs.empty() && !runs.back().is_words) {
      ++runs.back().inputs;
    } else {
      runs.push_back({column.is_words, input, column.inputs(), column.slot});
    }
    input += column.inputs();
  }
  return runs;
}

template <typename T>
void Split::CopyRow(const std::vector<T>& values, size_t row, float* out) const {
  const T* x = &values[row * static_cast<size_t>(table_->inputs)];
  if constexpr (std::is_same_v<T, uint8_t>) {
    Copy(x, mean_.data(), inverse_deviation_.data(), table_->inputs, out);
  } else {
    Copy(x, standardization_->mean.data(), standardization_->inverse_deviation.data(),
         table_->inputs, out);
  }
}

void Split::CopyRow(const Columns& columns, size_t row, float* out) const {
  const double* numbers = columns.numbers[row];
  const int16_t* words = columns.words[row];
  const Replacements& replacements = standardization_->replacements;
  for (const Run& run : runs_) {
    const int first = run.first_input;
    if (!run.is_words) {
      CopyReplaced(numbers + run.slot, replacements.numbers.data() + run.slot,
                   standardization_->mean.data() + first,
                   standardization_->inverse_deviation.data() + first, run.inputs, out + first);
      continue;
    }
    for (int i = first; i < first + run.inputs; ++i) out[i] = -mean_[i] * inverse_deviation_[i];
    int16_t word = words[run.slot];
    if (word == Columns::kMissingWord) word = replacements.words[run.slot];
    if (word >= 0) out[first + word] = (1 - mean_[first + word]) * inverse_deviation_[first + word];
  }
}

template <typename T>
void Split::PrefetchRow(const std::vector<T>& values, int row) const {
  const auto inputs = static_cast<size_t>(table_->inputs);
  Prefetch(&values[static_cast<size_t>(rows_[row]) * inputs], table_->inputs);
}

void Split::PrefetchRow(const Columns&, int) const {}

void Split::CopyRows(const int32_t* row_indices, int count, float* out) const {
  if (count == 0) return;
  std::visit(
      [&](const auto& values) {
        for (int i = 0; i < count; ++i, out += table_->inputs) {
          if (i + kRowsAhead < count) PrefetchRow(values, row_indices[i + kRowsAhead]);
          CopyRow(values, static_cast<size_t>(rows_[row_indices[i]]), out);
        }
      },
      table_->values);
}

}  // namespace caviar::data
