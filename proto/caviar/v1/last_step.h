// The bound of the training clock, which all parts share.
#ifndef CAVIAR_PROTO_CAVIAR_V1_LAST_STEP_H_
#define CAVIAR_PROTO_CAVIAR_V1_LAST_STEP_H_

#include <cstdint>

namespace caviar::vocabulary {

// The largest step that a measurement may have (measurement.proto): a double holds it exactly.
inline constexpr int64_t kLastStep = (int64_t{1} << 53) - 1;

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_LAST_STEP_H_
