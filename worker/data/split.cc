// Mini-batches. In a file of its own because it is compiled for speed: it runs for every batch.
#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "worker/data/dataset.h"

namespace caviar::data {
namespace {

constexpr double kMaxDeviations = 1e6;

// A byte is at most 255 floors of the deviation away, so that it needs no cut.
void CopyRow(const uint8_t* __restrict x, const float* __restrict mean,
             const float* __restrict inverse, int inputs, float* __restrict out) {
  for (int i = 0; i < inputs; ++i) out[i] = (static_cast<float>(x[i]) - mean[i]) * inverse[i];
}

template <typename T>
void CopyRow(const T* __restrict x, const double* __restrict mean, const double* __restrict inverse,
             int inputs, float* __restrict out) {
  for (int i = 0; i < inputs; ++i) {
    const double value = (static_cast<double>(x[i]) - mean[i]) * inverse[i];
    out[i] = static_cast<float>(std::min(std::max(value, -kMaxDeviations), kMaxDeviations));
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
                         standardization_->inverse_deviation.end()) {}

void Split::CopyRows(const int32_t* row_indices, int count, float* out) const {
  if (count == 0) return;
  const int inputs = table_->inputs;
  std::visit(
      [&](const auto& values) {
        for (int i = 0; i < count; ++i, out += inputs) {
          const auto* x = &values[static_cast<size_t>(rows_[row_indices[i]]) * inputs];
          if constexpr (std::is_same_v<decltype(x), const uint8_t*>) {
            CopyRow(x, mean_.data(), inverse_deviation_.data(), inputs, out);
          } else {
            CopyRow(x, standardization_->mean.data(), standardization_->inverse_deviation.data(),
                    inputs, out);
          }
        }
      },
      table_->values);
}

}  // namespace caviar::data
