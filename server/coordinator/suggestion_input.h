// What a sampler is shown of a study.
#ifndef CAVIAR_SERVER_COORDINATOR_SUGGESTION_INPUT_H_
#define CAVIAR_SERVER_COORDINATOR_SUGGESTION_INPUT_H_

#include <cstdint>

#include "server/coordinator/state.h"
#include "server/sampling/sampler.h"

namespace caviar::coordinator {

// Whether a suggestion depends on the trials before it. A finite space's configurations are tried
// once each, whoever draws them.
bool NeedsHistory(const StudyState& study);

// Whether a suggestion takes no longer than to wake a thread that would make it: a draw that looks
// at nothing, in a space where each draw will do.
bool IsQuick(const StudyState& study);

// For the configuration with this index. Where it needs the history, all configurations below the
// index are there. A function of what the state says now of configurations, history, pruner,
// definition and warm start, and of nothing else.
sampling::SamplerInput MakeInput(const StudyState& study, int32_t index);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_SUGGESTION_INPUT_H_
