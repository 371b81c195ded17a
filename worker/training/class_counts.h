// What examples of each class were taken for, and what follows from it.
#ifndef CAVIAR_WORKER_TRAINING_CLASS_COUNTS_H_
#define CAVIAR_WORKER_TRAINING_CLASS_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"

namespace caviar::training {

class ClassCounts {
 public:
  // classes >= 1. With more than kMaxReportedClasses the confusion matrix is not kept.
  explicit ClassCounts(int classes);

  // `count` examples: their labels, each in [0, classes), and logits [classes x count], each
  // example's contiguous. An example is taken for the class of its largest logit, the first of
  // equals.
  void Add(const int32_t* labels, const float* logits, int count);

  // The mean of the classes' F1, 2 * precision * recall / (precision + recall), 0 where that is
  // 0/0.
  double MacroF1() const;
  // By class, with these names; none where the confusion matrix is not kept.
  std::vector<v1::ClassResult> Results(const std::vector<std::string>& names) const;

 private:
  double Precision(size_t index) const;
  double Recall(size_t index) const;
  double F1(size_t index) const;

  const size_t classes_;
  // By class: examples of it, examples taken for it, and examples of it that were.
  std::vector<int64_t> examples_, taken_, right_;
  // [class x taken for], row by row.
  std::vector<int64_t> confusion_;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_CLASS_COUNTS_H_
