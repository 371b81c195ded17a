// A configuration's hyperparameters as the network takes them.
#ifndef CAVIAR_WORKER_NETWORK_SETTINGS_H_
#define CAVIAR_WORKER_NETWORK_SETTINGS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "worker/network/architecture.h"

namespace caviar::network {

struct Settings {
  Architecture architecture;
  UpdateRule rule;
  Initialization initialization = Initialization::kHe;
  int batch_size = 1;
};

// `parameters` has every field set and in range (vocabulary::ToBatchNormNetworkParameters),
// `inputs` and `classes` are the data's, `examples` those of each class in the training part (as
// many as classes, each >= 1). INVALID_ARGUMENT: a word is not known here, or a list has not as
// many entries as there are classes.
absl::StatusOr<Settings> ToSettings(const v1::BatchNormNetworkParameters& parameters, int inputs,
                                    int classes, const std::vector<int64_t>& examples);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_SETTINGS_H_
