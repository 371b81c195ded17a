// NumPy's arrays: pairs of .npy files, and .npz archives of them. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_NPY_H_
#define CAVIAR_WORKER_DATA_NPY_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "worker/data/table.h"

namespace caviar::data {

// A pair of files: inputs [rows x anything] of numbers or bools, and as many labels, whole numbers,
// bools or words. Both paths are resolved. INVALID_ARGUMENT names the file and what is wrong.
absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadNpyPair(const std::string& inputs_path,
                                                                const std::string& labels_path);

// Names of two arrays of an archive.
struct NpzPair {
  std::string inputs, labels;
};

// Which arrays of the archive are its training or its test part: those that `spec` names, else the
// usual ones. nullopt: there is no test part.
absl::StatusOr<std::optional<NpzPair>> FindNpzPair(const std::string& path, const v1::NpzFile& spec,
                                                   bool test);

// As ReadNpyPair; errors name the array as well.
absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadNpz(const std::string& path,
                                                            const NpzPair& pair);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_NPY_H_
