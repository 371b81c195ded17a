// What a network is, in plain values: its shape, the rule that trains it, and where its numbers
// lie.
//
// This room builds and trains batch-norm networks: layers, losses, optimizers, schedules,
// initialization, weights files. It may know the trainer's hyperparameters (the message) and
// nothing else of Caviar. It must never know threads, clocks, calls or where examples come from.
// Eigen stays inside (eigen.h and the headers that include it); this header and network.h, which
// others include, are plain.
#ifndef CAVIAR_WORKER_NETWORK_ARCHITECTURE_H_
#define CAVIAR_WORKER_NETWORK_ARCHITECTURE_H_

#include <cstdint>
#include <vector>

namespace caviar::network {

// The numbers of these enums are stored in weights files and never change.
enum class Activation : uint32_t {
  kRelu = 0,
  kLeakyRelu = 1,
  kTanh = 2,
  kSigmoid = 3,
  kElu = 4,
  kGelu = 5,
};
enum class BatchNormPosition : uint32_t { kNone = 0, kBeforeActivation = 1, kAfterActivation = 2 };

// Slope of leaky_relu below zero (Maas et al. 2013).
inline constexpr double kLeakyReluSlope = 0.01;

enum class Optimizer { kSgd, kNesterov, kRmsprop, kAdam, kAdamw };
enum class Initialization { kHe, kXavier };
enum class Precision { kFloat32, kMixed };

// Everything but the numbers that evaluation needs.
struct Architecture {
  // Values of one example, >= 1.
  int inputs = 0;
  // Units of each hidden layer, each in [1, 65536]; at most 64 layers. Empty: softmax regression.
  std::vector<int> hidden;
  // >= 1.
  int classes = 0;
  Activation activation = Activation::kRelu;
  BatchNormPosition batch_norm = BatchNormPosition::kBeforeActivation;
  // Of the running mean and variance, in [0, 1).
  double batch_norm_momentum = 0.9;
  // Added to the variance under the square root, in (0, 1].
  double batch_norm_epsilon = 1e-5;
  // Evaluation removes the weight of the running statistics' start.
  bool bias_correction = true;

  friend bool operator==(const Architecture&, const Architecture&) = default;
};

// How training changes the parameters; evaluation reads nothing of it. Names, formulas and ranges
// are those of BatchNormNetworkParameters.
struct UpdateRule {
  Optimizer optimizer = Optimizer::kAdam;
  double momentum = 0.9;
  // v <- b v + g, instead of v <- b v + (1 - b) g.
  bool pytorch_momentum = false;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double l2 = 0;
  double weight_decay = 0;
  // 0: none.
  double clip_norm = 0;
  double dropout = 0;
  double label_smoothing = 0;
  Precision precision = Precision::kFloat32;
  // Of each class, > 0. Empty: all 1.
  std::vector<float> class_weights;
  // What dropout's random numbers are of.
  uint64_t seed = 0;
  uint64_t trial = 0;
};

// Where one layer's numbers lie: offsets into the parameters, and into the statistics. -1: it has
// none. Matrices are column-major.
struct LayerLayout {
  int inputs = 0;
  int units = 0;
  int64_t weights = -1;  // [units x inputs]
  // [units]. Absent where batch norm follows at once: it would subtract the bias again.
  int64_t bias = -1;
  int64_t gamma = -1;             // [units]
  int64_t beta = -1;              // [units]
  int64_t running_mean = -1;      // [units], into the statistics
  int64_t running_variance = -1;  // [units], into the statistics
};

// All layers, the output layer last. Every array starts at a multiple of 16 elements, so that it is
// aligned for every instruction set; the numbers between are zero and stay so.
struct Layout {
  std::vector<LayerLayout> layers;
  int64_t parameters = 0;
  int64_t statistics = 0;
};

Layout MakeLayout(const Architecture& architecture);

// All numbers of a network that evaluation reads, in the places of its Layout.
struct NetworkState {
  std::vector<float> parameters;
  // The running mean and variance without the weight of their start: s <- m * s + (1 - m) * b from
  // s = 0. With the start r0 it would be r = s + m^t * r0, and evaluation, which removes the
  // start's weight, reads (r - m^t * r0) / (1 - m^t) = s / (1 - m^t). Kept so, nothing cancels in
  // float.
  std::vector<float> statistics;
  // Updates so far: t above.
  int64_t updates = 0;
};

// What evaluation makes of statistics s: mean = factor * s, variance = factor * s + start_variance.
struct StatisticsReading {
  double factor = 1;
  double start_variance = 0;
};
// After `updates` updates with this batch_norm_momentum. Without bias correction the start, mean 0
// and variance 1, keeps its weight; with it, it has all of it before the first update only.
StatisticsReading ReadingOf(double batch_norm_momentum, bool bias_correction, int64_t updates);

// All numbers from which training goes on bit for bit.
struct TrainingState {
  NetworkState network;
  // The optimizer's averages, in the places of the parameters: sgd and nesterov have the velocity,
  // rmsprop that of the squared gradient, adam both, in this order. What it lacks is empty.
  std::vector<float> first, second;
  // Steps in these averages.
  int64_t steps = 0;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_ARCHITECTURE_H_
