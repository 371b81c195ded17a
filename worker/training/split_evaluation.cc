#include "worker/training/split_evaluation.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace caviar::training {

SplitEvaluation::SplitEvaluation(const data::Split& split)
    : split_(split), rows_(static_cast<size_t>(split.rows())) {
  std::iota(rows_.begin(), rows_.end(), 0);
}

Score SplitEvaluation::Evaluate(network::Network& network, ClassCounts* counts) const {
  const int rows = split_.rows();
  double loss = 0;
  int64_t correct = 0;
  for (int start = 0; start < rows; start += kEvaluationBatch) {
    const int count = std::min(kEvaluationBatch, rows - start);
    split_.CopyRows(rows_.data() + start, count, network.inputs());
    for (int i = 0; i < count; ++i) network.labels()[i] = split_.label(start + i);
    const network::BatchResult result = network.Evaluate(count);
    loss += result.loss * count;
    correct += result.correct;
    if (counts != nullptr) counts->Add(network.labels(), network.logits(), count);
  }
  return {loss / rows, static_cast<double>(correct) / rows};
}

}  // namespace caviar::training
