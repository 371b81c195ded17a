// The checksum that a table's row carries in its last column.
//
//   checksum = CRC-32 (zlib's) of the row's other columns, in the table's order, each written as
//   value    = NULL:    0
//            | INTEGER: 1, its 8 bytes
//            | REAL:    2, the 8 bytes of the double
//            | TEXT:    3, its length as 8 bytes, its bytes
//            | BLOB:    4, the same
//   with numbers little endian. So -0.0 is not 0.0, and no value runs into the next one.
//
// SQLite notices damage of its own structure, but not of what stands in a row.
#ifndef CAVIAR_STORAGE_ROW_CHECKSUM_H_
#define CAVIAR_STORAGE_ROW_CHECKSUM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace caviar::storage {

class RowChecksum {
 public:
  void AddNull();
  void AddInteger(int64_t value);
  void AddReal(double value);
  void AddText(absl::string_view text);
  void AddBlob(absl::string_view bytes);

  // Of what was added so far; in [0, 2^32).
  int64_t value() const { return sum_; }

 private:
  void AddNumber(unsigned char kind, uint64_t bits);
  void AddBytes(unsigned char kind, absl::string_view bytes);

  uint32_t sum_ = 0;
};

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_ROW_CHECKSUM_H_
