// What the columns of a CSV file are. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_CSV_HEADER_H_
#define CAVIAR_WORKER_DATA_CSV_HEADER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/table.h"

namespace caviar::data {

struct CsvColumn {
  enum class Role { kNumber, kWord, kLabel, kIgnored };
  std::string name;
  Role role = Role::kNumber;
  // Of a number or a word: its place in a row of Columns::numbers or words.
  int slot = 0;
};

// The roles of a training file's columns. INVALID_ARGUMENT says what is wrong, without file and
// line: names that are empty or there twice, a name of `spec` that is no column, no input.
absl::StatusOr<std::vector<CsvColumn>> TrainColumns(const std::vector<std::string>& names,
                                                    const v1::CsvFile& spec);

// The roles of a test file's columns: those of the training file, found by name, in any order.
// Ignored ones need not be there. `train_source` is for messages.
absl::StatusOr<std::vector<CsvColumn>> TestColumns(const std::vector<std::string>& names,
                                                   const v1::CsvFile& spec, const Columns& train,
                                                   const std::string& train_source);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_CSV_HEADER_H_
