// What to say where no trial keeps the constraints.
#ifndef CAVIAR_CLIENT_COMMANDS_NEAREST_TRIAL_H_
#define CAVIAR_CLIENT_COMMANDS_NEAREST_TRIAL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "client/api/client.h"

namespace caviar::commands {

// Of COMPLETED trials, the one that is nearest to keeping the study's constraints; nullptr where
// there is none. What each constraint is broken by counts as a share of the most that any of the
// trials breaks it by, and these shares are added up; a value that is not finite counts as the
// whole. The first one of equals.
const v1::Trial* Nearest(const v1::Study& study, const std::vector<v1::Trial>& trials);

// "no trial keeps the constraints; the nearest is trial 3: accuracy 0.9, latency 12.3 > 10", of all
// trials that the coordinator has; "no completed trial" where there is none.
absl::StatusOr<std::string> NearestText(client::Client& client, const v1::Study& study);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_NEAREST_TRIAL_H_
