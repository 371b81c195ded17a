// Mean and deviation of the training part. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_STANDARDIZATION_H_
#define CAVIAR_WORKER_DATA_STANDARDIZATION_H_

#include <cstdint>
#include <vector>

#include "worker/data/dataset.h"

namespace caviar::data {

// Of the given rows of `table`, at least one, with its missing values replaced.
//
// Where all inputs have one unit (pixels), a deviation below a tenth of the inputs' root mean
// square deviation is raised to that: else a corner pixel that is lit in one image of thousands
// would outshout all others there.
//
// The inputs of a column of words are centered and not divided by their deviations: their variances
// p (1 - p) then add up to less than 1, so that a column of words weighs as much as one of numbers,
// however many words it has. Divided, each word would weigh as much as a whole column of numbers,
// and a word in one example of ten thousand would be an outlier of 100 deviations. A word that the
// rows do not have is constant, and its input always 0.
Standardization Standardize(const Table& table, const std::vector<int32_t>& rows,
                            const Replacements& replacements = {});

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_STANDARDIZATION_H_
