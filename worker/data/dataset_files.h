// Which files a study's data is in. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_DATASET_FILES_H_
#define CAVIAR_WORKER_DATA_DATASET_FILES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/table.h"

namespace caviar::data {

// A part of a study's data that is not read yet.
struct DatasetPart {
  // Changes with the contents of its files and with how they are read.
  std::string key;
  std::function<absl::StatusOr<std::shared_ptr<const LabeledTable>>()> read;
};

// What tells a study's data from other data: identities of all files. Looks at no contents.
absl::StatusOr<std::string> DatasetKey(const std::string& dataset_dir, const v1::Dataset& spec);

// `spec` outlives the result.
absl::StatusOr<DatasetPart> TrainPart(const std::string& dataset_dir, const v1::Dataset& spec);
// nullopt: there is no test part. `train` is what TrainPart read.
absl::StatusOr<std::optional<DatasetPart>> TestPart(
    const std::string& dataset_dir, const v1::Dataset& spec,
    const std::shared_ptr<const LabeledTable>& train);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_DATASET_FILES_H_
