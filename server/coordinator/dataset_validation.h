// What a study's data must be to be taken in. Internal to this room.
#ifndef CAVIAR_SERVER_COORDINATOR_DATASET_VALIDATION_H_
#define CAVIAR_SERVER_COORDINATOR_DATASET_VALIDATION_H_

#include <string>

#include "caviar/v1/study.pb.h"
#include "server/coordinator/violations.h"

namespace caviar::coordinator {

// Checks what can be told without the files. Fields are named as in a study file, where those of a
// format stand beside it: PATH.train_images.
void CheckDataset(const v1::Dataset& data, const std::string& path, Violations& violations);

// Writes out all defaults.
void FillDatasetDefaults(v1::Dataset& data);

// Whether the study's best trial meets a test set, as far as the study tells. An archive whose
// arrays are not named may have one.
bool MayHaveTestSet(const v1::Study& study);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_DATASET_VALIDATION_H_
