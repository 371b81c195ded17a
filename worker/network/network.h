// A network that can be trained and evaluated: a multilayer perceptron in float32.
//
// The computing code is built once for each instruction set level (level.cc), and the best one that
// the processor has is chosen when a network is made. The same calls give the same bits on the same
// level, whatever else the process does at the time; levels differ in the last bits.
#ifndef CAVIAR_WORKER_NETWORK_NETWORK_H_
#define CAVIAR_WORKER_NETWORK_NETWORK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/network/architecture.h"
#include "worker/network/network_interface.h"

namespace caviar::network {

// Chooses the level by name, "baseline", "v3" (x86-64-v3: AVX2 and FMA) or "v4" (AVX-512), instead
// of the best one.
inline constexpr char kLevelVariable[] = "CAVIAR_NETWORK_LEVEL";

// The levels of this build that this processor can run, best last; never empty.
std::vector<std::string> SupportedLevels();

// The level that CreateNetwork takes: $CAVIAR_NETWORK_LEVEL if set, else the best one.
// FAILED_PRECONDITION: the variable names none of SupportedLevels().
absl::StatusOr<std::string> ChosenLevel();

// What this process's numbers depend on, beside what is computed: the level, compiler and flags,
// the library of the matrix products, and which of its variants the C library's mathematics takes
// here. One line of at most 512 bytes. Trainings under equal fingerprints give the same bits.
std::string NumericsFingerprint();

// What is wrong with the size of such a network, if anything. RESOURCE_EXHAUSTED: its weights file
// would be larger than 1 GiB, or it would need more than 8 GiB of memory to train on batches of
// `capacity` examples. INVALID_ARGUMENT: a number is out of its range.
absl::Status CheckSize(const Architecture& architecture, int64_t capacity);

// A network whose parameters are all zero (SetState gives it others) for batches of at most
// `capacity` examples. One thread at a time may use it. Errors: those of ChosenLevel and CheckSize.
// Throws std::bad_alloc where memory is short.
absl::StatusOr<std::unique_ptr<Network>> CreateNetwork(const Architecture& architecture,
                                                       const UpdateRule& rule, int capacity);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_NETWORK_H_
