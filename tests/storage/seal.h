// Rows that were changed by hand get checksums that fit.
#ifndef CAVIAR_TESTS_STORAGE_SEAL_H_
#define CAVIAR_TESTS_STORAGE_SEAL_H_

#include <sqlite3.h>

#include "absl/strings/string_view.h"
#include "storage/row_checksum.h"

namespace caviar::storage {

inline void AddValue(sqlite3_value* value, RowChecksum& sum) {
  const auto bytes = [value] {
    const void* start = sqlite3_value_blob(value);
    if (start == nullptr) return absl::string_view("");
    return absl::string_view(static_cast<const char*>(start),
                             static_cast<size_t>(sqlite3_value_bytes(value)));
  };
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return sum.AddInteger(sqlite3_value_int64(value));
    case SQLITE_FLOAT:
      return sum.AddReal(sqlite3_value_double(value));
    case SQLITE_TEXT:
      return sum.AddText(bytes());
    case SQLITE_BLOB:
      return sum.AddBlob(bytes());
    default:
      return sum.AddNull();
  }
}

// Makes row_checksum(column, ...) a function of the connection's SQL.
inline void AddRowChecksum(sqlite3* database) {
  const auto call = [](sqlite3_context* context, int count, sqlite3_value** values) {
    RowChecksum sum;
    for (int i = 0; i < count; ++i) AddValue(values[i], sum);
    sqlite3_result_int64(context, sum.value());
  };
  sqlite3_create_function(database, "row_checksum", -1, SQLITE_UTF8, nullptr, call, nullptr,
                          nullptr);
}

}  // namespace caviar::storage

#endif  // CAVIAR_TESTS_STORAGE_SEAL_H_
