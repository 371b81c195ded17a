// Tables without files, for tests.
#ifndef CAVIAR_TESTS_WORKER_DATA_TABLES_H_
#define CAVIAR_TESTS_WORKER_DATA_TABLES_H_

#include <algorithm>
#include <variant>
#include <vector>

#include "worker/data/table.h"

namespace caviar::data {

template <typename T>
Rows<T> RowsOf(size_t width, const std::vector<T>& values) {
  Rows<T> rows(width);
  for (size_t i = 0; i < values.size(); i += width) {
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(i), width, rows.Add());
  }
  return rows;
}

// All values, row by row.
template <typename T>
std::vector<T> ValuesOf(const Rows<T>& rows) {
  std::vector<T> values;
  for (size_t i = 0; i < rows.size(); ++i) {
    values.insert(values.end(), rows[i], rows[i] + rows.width());
  }
  return values;
}

// Those of a table that holds no columns, whatever their type.
inline std::vector<double> DenseValues(const Table& table) {
  return std::visit(
      [](const auto& values) -> std::vector<double> {
        if constexpr (std::is_same_v<std::decay_t<decltype(values)>, Columns>) {
          return {};
        } else {
          return {values.begin(), values.end()};
        }
      },
      table.values);
}

}  // namespace caviar::data

#endif  // CAVIAR_TESTS_WORKER_DATA_TABLES_H_
