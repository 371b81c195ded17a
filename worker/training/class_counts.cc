#include "worker/training/class_counts.h"

#include <algorithm>

#include "worker/training/trainer.h"

namespace caviar::training {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

ClassCounts::ClassCounts(int classes)
    : classes_(static_cast<size_t>(classes)),
      examples_(classes_),
      taken_(classes_),
      right_(classes_),
      confusion_(classes <= kMaxReportedClasses ? classes_ * classes_ : 0) {}

void ClassCounts::Add(const int32_t* labels, const float* logits, int count) {
  for (int i = 0; i < count; ++i) {
    const float* first = logits + static_cast<size_t>(i) * classes_;
    const auto taken = static_cast<size_t>(std::max_element(first, first + classes_) - first);
    const auto label = static_cast<size_t>(labels[i]);
    ++examples_[label];
    ++taken_[taken];
    if (label == taken) ++right_[label];
    if (!confusion_.empty()) ++confusion_[label * classes_ + taken];
  }
}

double ClassCounts::Precision(size_t index) const { return Share(right_[index], taken_[index]); }

double ClassCounts::Recall(size_t index) const { return Share(right_[index], examples_[index]); }

// The same as 2pr / (p + r), without its 0/0.
double ClassCounts::F1(size_t index) const {
  return Share(2 * right_[index], examples_[index] + taken_[index]);
}

double ClassCounts::MacroF1() const {
  double sum = 0;
  for (size_t i = 0; i < classes_; ++i) sum += F1(i);
  return sum / static_cast<double>(classes_);
}

std::vector<v1::ClassResult> ClassCounts::Results(const std::vector<std::string>& names) const {
  std::vector<v1::ClassResult> results;
  if (confusion_.empty()) return results;
  for (size_t i = 0; i < classes_; ++i) {
    v1::ClassResult& result = results.emplace_back();
    result.set_name(names[i]);
    result.set_precision(Precision(i));
    result.set_recall(Recall(i));
    result.set_f1(F1(i));
    result.set_examples(examples_[i]);
    const int64_t* row = confusion_.data() + i * classes_;
    result.mutable_predicted_as()->Add(row, row + classes_);
  }
  return results;
}

}  // namespace caviar::training
