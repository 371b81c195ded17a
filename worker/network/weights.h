// Weights files: a trained network with all that is needed to use it.
//
// Little-endian, no padding:
//
//   file           = magic version architecture standardization class_names numbers crc32
//   magic          = "CAVIARNN"                      8 bytes
//   version        = u32                             1
//   architecture   = inputs:u32 classes:u32 activation:u32 batch_norm:u32
//                    bias_correction:u32 batch_norm_momentum:f64 batch_norm_epsilon:f64
//                    hidden_layers:u32 units:u32*
//   standardization= mean:f32[inputs] inverse_deviation:f32[inputs]   x' = (x - mean) * inverse
//   class_names    = (length:u32 byte*)[classes]     at most 4,096 bytes each
//   numbers        = updates:u64 layer*              hidden layers in order, then the output layer
//   layer          = weights:f32[inputs][units] bias:f32[units]? (gamma:f32[units] beta:f32[units]
//                    running_mean:f32[units] running_variance:f32[units])?
//   crc32          = u32                             zlib's, of everything before
//
// A hidden layer with batch norm before the activation has no bias; one without batch norm has
// nothing after the bias; nor has the output layer. The running statistics are those of
// NetworkState.
#ifndef CAVIAR_WORKER_NETWORK_WEIGHTS_H_
#define CAVIAR_WORKER_NETWORK_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/network/architecture.h"

namespace caviar::network {

struct Weights {
  Architecture architecture;
  // Of each input, as the training examples were standardized.
  std::vector<float> mean;
  std::vector<float> inverse_deviation;
  // As many as classes; names longer than 4,096 bytes are cut.
  std::vector<std::string> class_names;
  NetworkState state;
};

// `weights` is consistent: sizes are those of its architecture.
std::string SerializeWeights(const Weights& weights);

// Reads what SerializeWeights wrote. INVALID_ARGUMENT: anything else; every length is checked
// before it is believed.
absl::StatusOr<Weights> ParseWeights(absl::string_view bytes);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_WEIGHTS_H_
