// IDX files, the format of MNIST, gzipped or not. Internal to this room.
//
//   file    := 0 0 type rank dimension{rank} value*
//   type    := 0x08 uint8 | 0x09 int8 | 0x0b int16 | 0x0c int32 | 0x0d float | 0x0e double
//   rank    := uint8, >= 1
//   dimension := uint32
// All numbers big-endian; as many values as the product of the dimensions, the last one fastest.
#ifndef CAVIAR_WORKER_DATA_IDX_H_
#define CAVIAR_WORKER_DATA_IDX_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/data/table.h"

namespace caviar::data {

// A pair of files: examples [rows x anything] of any type, and as many labels of a whole type. Both
// paths are resolved. INVALID_ARGUMENT names the file and what is wrong with it.
absl::StatusOr<std::shared_ptr<const LabeledTable>> ReadIdxPair(const std::string& images_path,
                                                                const std::string& labels_path);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_IDX_H_
