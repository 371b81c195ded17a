// The trial of `study try`.
#ifndef CAVIAR_CLIENT_LOCAL_LOCAL_TRIAL_H_
#define CAVIAR_CLIENT_LOCAL_LOCAL_TRIAL_H_

#include "client/commands/local_trial.h"

namespace caviar::local {

// As Environment::run_trial says. Works in a temporary folder, which is removed.
commands::LocalOutcome RunTrial(const commands::LocalTrial& trial,
                                commands::LocalTrialWatcher& watcher);

}  // namespace caviar::local

#endif  // CAVIAR_CLIENT_LOCAL_LOCAL_TRIAL_H_
