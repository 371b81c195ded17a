// What a study must be to be taken in.
#ifndef CAVIAR_SERVER_COORDINATOR_STUDY_VALIDATION_H_
#define CAVIAR_SERVER_COORDINATOR_STUDY_VALIDATION_H_

#include <vector>

#include "caviar/v1/request.pb.h"
#include "caviar/v1/study.pb.h"

namespace caviar::coordinator {

// All that is wrong with a study as its creator sent it; empty: nothing. Checks the name, objective
// (a metric of the built-in trainer where it is the trainer: "validation_accuracy" maximized,
// "validation_loss" minimized, ...), trainer, data, sampler, limits, the search space, and the
// parameters as the trainer's settings. Fields are paths of the study file: "study",
// "objective.metric", "trainer.batch_norm_network.data.train_images", "parameters.NAME.min",
// "limits.max_trials".
std::vector<v1::FieldViolation> ValidateStudy(const v1::Study& study);

// Fills in all defaults but the seed, and clears the output-only fields. `study` is valid.
void FillDefaults(v1::Study& study);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STUDY_VALIDATION_H_
