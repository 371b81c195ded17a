#include "worker/data/standardization.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace caviar::data {
namespace {

struct Moments {
  std::vector<double> mean, deviation;
};

// Bytes: exact sums, in one pass.
Moments MomentsOf(const std::vector<uint8_t>& values, size_t inputs,
                  const std::vector<int32_t>& rows) {
  // 255^2 * 2^31 fits in 64 bits.
  std::vector<uint64_t> sum(inputs), squares(inputs);
  for (const int32_t row : rows) {
    const uint8_t* x = &values[static_cast<size_t>(row) * inputs];
    for (size_t i = 0; i < inputs; ++i) {
      sum[i] += x[i];
      squares[i] += uint64_t{x[i]} * x[i];
    }
  }
  const auto n = static_cast<double>(rows.size());
  Moments moments{std::vector<double>(inputs), std::vector<double>(inputs)};
  for (size_t i = 0; i < inputs; ++i) {
    moments.mean[i] = static_cast<double>(sum[i]) / n;
    // n * squares - sum^2 is a whole number; it is exact in 128 bits, so that constant inputs give
    // 0.
    __extension__ using Wide = unsigned __int128;
    const Wide scaled = Wide{rows.size()} * squares[i] - Wide{sum[i]} * sum[i];
    moments.deviation[i] = std::sqrt(static_cast<double>(scaled)) / n;
  }
  return moments;
}

// Real numbers: two passes, in double.
template <typename T>
Moments MomentsOf(const std::vector<T>& values, size_t inputs, const std::vector<int32_t>& rows) {
  const auto n = static_cast<double>(rows.size());
  Moments moments{std::vector<double>(inputs), std::vector<double>(inputs)};
  std::vector<T> low, high;
  for (const int32_t row : rows) {
    const T* x = &values[static_cast<size_t>(row) * inputs];
    if (low.empty()) low.assign(x, x + inputs), high = low;
    for (size_t i = 0; i < inputs; ++i) {
      moments.mean[i] += x[i];
      low[i] = std::min(low[i], x[i]);
      high[i] = std::max(high[i], x[i]);
    }
  }
  for (double& mean : moments.mean) mean /= n;
  for (const int32_t row : rows) {
    const T* x = &values[static_cast<size_t>(row) * inputs];
    for (size_t i = 0; i < inputs; ++i) {
      moments.deviation[i] += (x[i] - moments.mean[i]) * (x[i] - moments.mean[i]) / n;
    }
  }
  for (size_t i = 0; i < inputs; ++i) {
    moments.deviation[i] = std::sqrt(moments.deviation[i]);
    // What differs by rounding only is constant.
    const double magnitude = std::max(std::abs(double{low[i]}), std::abs(double{high[i]}));
    if (moments.deviation[i] <= magnitude * 1e-14) moments.deviation[i] = 0;
    if (low[i] == high[i]) {
      moments.mean[i] = low[i];
      moments.deviation[i] = 0;
    }
  }
  return moments;
}

double RootMeanSquare(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

Standardization Standardize(const Table& table, const std::vector<int32_t>& rows) {
  const auto inputs = static_cast<size_t>(table.inputs);
  Moments moments =
      std::visit([&](const auto& values) { return MomentsOf(values, inputs, rows); }, table.values);
  const double floor = table.one_unit ? RootMeanSquare(moments.deviation) / 10 : 0;
  Standardization standardization;
  standardization.mean = std::move(moments.mean);
  for (const double deviation : moments.deviation) {
    // Below 1e-30 its inverse would be no number that a float holds well; then it is constant.
    standardization.inverse_deviation.push_back(deviation > 1e-30 ? 1 / std::max(deviation, floor)
                                                                  : 0);
  }
  return standardization;
}

}  // namespace caviar::data
