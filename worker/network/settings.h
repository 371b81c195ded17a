// A configuration's hyperparameters as the network takes them.
#ifndef CAVIAR_WORKER_NETWORK_SETTINGS_H_
#define CAVIAR_WORKER_NETWORK_SETTINGS_H_

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
// `inputs` and `classes` are the data's. INVALID_ARGUMENT: a word is not known here.
absl::StatusOr<Settings> ToSettings(const v1::BatchNormNetworkParameters& parameters, int inputs,
                                    int classes);

// The learning rate of `epoch`, counted from 0, of `epochs`; formulas beside the parameter
// learning_rate_schedule. INVALID_ARGUMENT: the schedule is not known here.
absl::StatusOr<double> LearningRate(const v1::BatchNormNetworkParameters& parameters, int epoch,
                                    int epochs);

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_SETTINGS_H_
