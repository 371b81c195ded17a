// What a suggestion's bits depend on beside its input.
#ifndef CAVIAR_SERVER_SAMPLING_NUMERICS_H_
#define CAVIAR_SERVER_SAMPLING_NUMERICS_H_

#include <cstdint>
#include <string>

namespace caviar::sampling {

// Grows with every change after which a sampler, or a pruner, gives another answer to the same
// input.
inline constexpr int32_t kSamplerVersion = 1;

// The libraries, the compiler and the processor's instructions that results of this process depend
// on. One line of at most 100 bytes. Samplers of the same version under equal fingerprints give the
// same bits.
std::string NumericsFingerprint();

}  // namespace caviar::sampling

#endif  // CAVIAR_SERVER_SAMPLING_NUMERICS_H_
