// What PyTorch computes for small networks: reference/values.json, in the form in which tests take
// it. The script beside that file says what is in it.
#ifndef CAVIAR_TESTS_WORKER_NETWORK_REFERENCE_VALUES_H_
#define CAVIAR_TESTS_WORKER_NETWORK_REFERENCE_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "worker/network/architecture.h"

namespace caviar::network {

// As PyTorch has them, row by row. Empty: the layer has none.
struct ReferenceLayer {
  std::vector<double> weights;  // [units][inputs]
  std::vector<double> bias, gamma, beta, running_mean, running_variance;
};

struct ReferenceBatch {
  std::vector<double> inputs;  // [examples][inputs]
  std::vector<int32_t> labels;
};

struct ReferenceCase {
  v1::BatchNormNetworkParameters hyperparameters;
  // That dropout's masks are drawn for.
  uint64_t seed = 0;
  uint64_t trial = 0;
  int inputs = 0;
  int classes = 0;
  std::vector<int> hidden;
  // Before the first update; a layer may have arrays here of which this case takes no notice.
  std::vector<ReferenceLayer> initial;
  // One for each update.
  std::vector<ReferenceBatch> batches;
  ReferenceBatch evaluation;

  // Of the first batch.
  std::vector<double> first_logits;  // [examples][classes]
  double first_loss = 0;
  // With label smoothing and class weights.
  double first_minimized = 0;
  std::vector<ReferenceLayer> first_gradient;
  double first_gradient_norm = 0;
  // Of every batch.
  std::vector<double> losses;
  // After the last update.
  std::vector<ReferenceLayer> after;
  std::vector<double> evaluation_logits;
};

// Of all cases in the file. Both throw a std::exception where it is not as it should be.
std::vector<std::string> ReferenceCaseNames();

ReferenceCase ReadReferenceCase(const std::string& name);

}  // namespace caviar::network

#endif  // CAVIAR_TESTS_WORKER_NETWORK_REFERENCE_VALUES_H_
