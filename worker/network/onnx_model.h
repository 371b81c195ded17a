// A trained network as an ONNX model, the form that other programs read (onnx.ai).
//
// The graph has one input, "inputs", [batch x inputs] float32: raw values, as they stand in the
// data files. One output, "probabilities", [batch x classes] float32. Between them, operators of
// opset 13 that all readers know: Gemm for each layer, with standardization and batch norm folded
// in (folding.h), the activation's, and Softmax. One thing is left out: training cuts inputs at 1e6
// deviations, which no sound input reaches.
#ifndef CAVIAR_WORKER_NETWORK_ONNX_MODEL_H_
#define CAVIAR_WORKER_NETWORK_ONNX_MODEL_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/network/weights.h"

namespace caviar::network {

// Names of the graph's input and output.
inline constexpr char kOnnxInput[] = "inputs";
inline constexpr char kOnnxOutput[] = "probabilities";

inline constexpr size_t kMaxOnnxBytes = size_t{1} << 30;

// Names and values that stand in the model beside the graph (metadata_props); UTF-8.
using OnnxMetadata = std::vector<std::pair<std::string, std::string>>;

// The bytes of a ModelProto; the same for the same arguments. `weights` is consistent: sizes are
// those of its architecture. RESOURCE_EXHAUSTED: they would be more than `max_bytes`. OUT_OF_RANGE:
// Folding's. Throws std::bad_alloc where memory is short.
absl::StatusOr<std::string> ToOnnx(const Weights& weights, const OnnxMetadata& metadata,
                                   size_t max_bytes = kMaxOnnxBytes);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_ONNX_MODEL_H_
