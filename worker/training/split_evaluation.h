// Loss and accuracy of a network on a part of the data.
#ifndef CAVIAR_WORKER_TRAINING_SPLIT_EVALUATION_H_
#define CAVIAR_WORKER_TRAINING_SPLIT_EVALUATION_H_

#include <cstdint>
#include <vector>

#include "worker/data/dataset.h"
#include "worker/network/network_interface.h"
#include "worker/training/class_counts.h"

namespace caviar::training {

// Examples that are evaluated at once. Constant: the last bits of a sum depend on it.
inline constexpr int kEvaluationBatch = 256;

// Means over examples.
struct Score {
  double loss = 0;
  double accuracy = 0;
};

class SplitEvaluation {
 public:
  // Keeps a reference to `split`, which has at least one row.
  explicit SplitEvaluation(const data::Split& split);

  // With the network's running statistics. Its capacity is at least kEvaluationBatch. Adds what
  // each example was taken for to `counts`, unless that is null.
  Score Evaluate(network::Network& network, ClassCounts* counts = nullptr) const;

 private:
  const data::Split& split_;
  // 0, 1, ...
  std::vector<int32_t> rows_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_SPLIT_EVALUATION_H_
