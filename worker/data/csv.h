// Examples in a CSV file with a header line, gzipped or not. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_CSV_H_
#define CAVIAR_WORKER_DATA_CSV_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/table.h"

namespace caviar::data {

// Reads all examples of a file, of whose columns `spec` says what they are; its own paths are not
// looked at, `path` is resolved. `train`: what this gave for the training file; it decides on words
// and on the order of columns in a test file, null while the training file itself is read.
// INVALID_ARGUMENT names the file, the line, the column and the value.
absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadCsv(const std::string& path,
                                                            const v1::CsvFile& spec,
                                                            const LabeledTable* train = nullptr);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_CSV_H_
