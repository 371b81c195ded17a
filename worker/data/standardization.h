// Mean and deviation of the training part. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_STANDARDIZATION_H_
#define CAVIAR_WORKER_DATA_STANDARDIZATION_H_

#include <cstdint>
#include <vector>

#include "worker/data/dataset.h"

namespace caviar::data {

// Of the given rows of `table`, at least one. Where all inputs have one unit (pixels), a deviation
// below a tenth of the inputs' root mean square deviation is raised to that: else a corner pixel
// that is lit in one image of thousands would outshout all others there.
Standardization Standardize(const Table& table, const std::vector<int32_t>& rows);

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_STANDARDIZATION_H_
