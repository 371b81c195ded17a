#include "worker/data/standardization.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace caviar::data {
namespace {

struct Moments {
  explicit Moments(size_t inputs) : mean(inputs), deviation(inputs) {}
  std::vector<double> mean, deviation;
};

// Exact sums, in one pass.
Moments MomentsOfBytes(const std::vector<uint8_t>& values, size_t inputs,
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
  Moments moments(inputs);
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

// Real numbers: two passes, in double. at(row, i) is input i of a row.
template <typename At>
Moments MomentsOf(At at, size_t inputs, const std::vector<int32_t>& rows) {
  const auto n = static_cast<double>(rows.size());
  Moments moments(inputs);
  std::vector<double> low(inputs, HUGE_VAL), high(inputs, -HUGE_VAL);
  for (const int32_t row : rows) {
    for (size_t i = 0; i < inputs; ++i) {
      const double x = at(row, i);
      moments.mean[i] += x;
      low[i] = std::min(low[i], x);
      high[i] = std::max(high[i], x);
    }
  }
  for (double& mean : moments.mean) mean /= n;
  for (const int32_t row : rows) {
    for (size_t i = 0; i < inputs; ++i) {
      const double distance = at(row, i) - moments.mean[i];
      moments.deviation[i] += distance * distance / n;
    }
  }
  for (size_t i = 0; i < inputs; ++i) {
    moments.deviation[i] = std::sqrt(moments.deviation[i]);
    // What differs by rounding only is constant.
    const double magnitude = std::max(std::abs(low[i]), std::abs(high[i]));
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

// Below 1e-30 the inverse would be no number that a float holds well; then it is constant.
double Inverse(double deviation, double floor) {
  return deviation > 1e-30 ? 1 / std::max(deviation, floor) : 0;
}

template <typename T>
Standardization StandardizeDense(const std::vector<T>& values, const Table& table,
                                 const std::vector<int32_t>& rows) {
  const auto inputs = static_cast<size_t>(table.inputs);
  Moments moments = [&] {
    if constexpr (std::is_same_v<T, uint8_t>) {
      return MomentsOfBytes(values, inputs, rows);
    } else {
      const auto at = [&](int32_t row, size_t i) -> double {
        return values[static_cast<size_t>(row) * inputs + i];
      };
      return MomentsOf(at, inputs, rows);
    }
  }();
  const double floor = table.one_unit ? RootMeanSquare(moments.deviation) / 10 : 0;
  Standardization standardization;
  standardization.mean = std::move(moments.mean);
  for (const double deviation : moments.deviation) {
    standardization.inverse_deviation.push_back(Inverse(deviation, floor));
  }
  return standardization;
}

// The share of the rows in which each word of a column stands.
std::vector<double> Shares(const Columns& columns, const Columns::Column& column,
                           const std::vector<int32_t>& rows, const Replacements& replacements) {
  const auto slot = static_cast<size_t>(column.slot);
  std::vector<int64_t> counts(column.words.size());
  for (const int32_t row : rows) {
    int16_t word = columns.words[static_cast<size_t>(row)][slot];
    if (word == Columns::kMissingWord) word = replacements.words[slot];
    if (word >= 0) ++counts[static_cast<size_t>(word)];
  }
  std::vector<double> shares;
  for (const int64_t count : counts) {
    shares.push_back(static_cast<double>(count) / static_cast<double>(rows.size()));
  }
  return shares;
}

Standardization StandardizeColumns(const Columns& columns, const std::vector<int32_t>& rows,
                                   const Replacements& replacements) {
  const auto at = [&](int32_t row, size_t i) {
    const double x = columns.numbers[static_cast<size_t>(row)][i];
    return std::isnan(x) ? replacements.numbers[i] : x;
  };
  const Moments numbers = MomentsOf(at, columns.numbers.width(), rows);
  Standardization standardization;
  const auto add = [&](double mean, double inverse_deviation) {
    standardization.mean.push_back(mean);
    standardization.inverse_deviation.push_back(inverse_deviation);
  };
  for (const Columns::Column& column : columns.columns) {
    if (column.is_words) {
      for (const double share : Shares(columns, column, rows, replacements)) {
        add(share, share > 0 && share < 1 ? 1 : 0);
      }
    } else {
      const auto slot = static_cast<size_t>(column.slot);
      add(numbers.mean[slot], Inverse(numbers.deviation[slot], 0));
    }
  }
  standardization.replacements = replacements;
  return standardization;
}

}  // namespace

Standardization Standardize(const Table& table, const std::vector<int32_t>& rows,
                            const Replacements& replacements) {
  return std::visit(
      [&](const auto& values) {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, Columns>) {
          return StandardizeColumns(values, rows, replacements);
        } else {
          return StandardizeDense(values, table, rows);
        }
      },
      table.values);
}

}  // namespace caviar::data
