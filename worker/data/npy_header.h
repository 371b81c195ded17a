// The header of NumPy's .npy format, versions 1 to 3. Internal to this room.
//
//   file    := 0x93 "NUMPY" major minor length dictionary value*
//   length  := uint16 in version 1, uint32 in 2 and 3, little-endian: of the dictionary in bytes
//   dictionary := "{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }" blank*
//   "\n"
// The dictionary is a Python literal; its keys may stand in any order.
#ifndef CAVIAR_WORKER_DATA_NPY_HEADER_H_
#define CAVIAR_WORKER_DATA_NPY_HEADER_H_

#include "absl/status/statusor.h"
#include "worker/data/array.h"
#include "worker/data/input_file.h"

namespace caviar::data {

// Reads a header; the file stands at its first value then. INVALID_ARGUMENT: it is none, or of a
// type that is neither number, bool nor word.
absl::StatusOr<ArrayHeader> ReadNpyHeader(InputFile& file);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_NPY_HEADER_H_
