// CSV (RFC 4180), split into records. Internal to this room.
//
// Fields may stand in quotes, with "" for a quote; lines end in LF or CRLF; a byte order mark at
// the start and empty lines are skipped; blanks around a field without quotes do not belong to it.
#ifndef CAVIAR_WORKER_DATA_CSV_READER_H_
#define CAVIAR_WORKER_DATA_CSV_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/data/input_file.h"

namespace caviar::data {

// Used by one thread.
class CsvReader {
 public:
  explicit CsvReader(InputFile& file);

  // The fields of the next record; false: there is none. INVALID_ARGUMENT: quotes that do not
  // match.
  absl::StatusOr<bool> Next(std::vector<std::string>& fields);
  // Where the record that Next gave starts, from 1.
  int64_t line() const { return line_; }

 private:
  static constexpr int kEnd = -1;

  // The next byte, or kEnd.
  absl::StatusOr<int> Peek();
  absl::StatusOr<int> Take();
  absl::StatusOr<std::string> TakeField();
  absl::Status TakeQuoted(std::string& field);
  absl::Status Append(std::string& field, int byte);
  absl::Status Wrong(absl::string_view what) const;
  absl::Status TooLong() const;

  InputFile& file_;
  std::vector<char> buffer_;
  size_t position_ = 0, size_ = 0;
  int64_t bytes_ = 0;
  int64_t line_ = 0, next_line_ = 1;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_CSV_READER_H_
