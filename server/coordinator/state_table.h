// Which state a trial or a study may move to. Nothing else decides a transition.
#ifndef CAVIAR_SERVER_COORDINATOR_STATE_TABLE_H_
#define CAVIAR_SERVER_COORDINATOR_STATE_TABLE_H_

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "storage/trial_state.h"

namespace caviar::coordinator {

using storage::IsFinal;  // such a state never changes

// Whether a trial in `from` may become `to`.
bool MayMove(v1::Trial::State from, v1::Trial::State to);

// Whether a study in `from` may become `to`.
bool MayMove(v1::Study::State from, v1::Study::State to);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_STATE_TABLE_H_
