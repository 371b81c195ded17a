// What a parameter's name says: its place in the order in which the course tunes, and what it is.
#ifndef CAVIAR_SERVER_ANALYSIS_COURSE_ORDER_H_
#define CAVIAR_SERVER_ANALYSIS_COURSE_ORDER_H_

#include "absl/strings/string_view.h"

namespace caviar::analysis {

// Names are the built-in trainer's and those that are common elsewhere (lr, n_layers, ...). Case
// does not count, `-` is `_`, and of a dotted name the last part is read: "optimizer.lr" is "lr".

// The course's order ("Improving Deep Neural Networks", deeplearning.ai, week 3): 1 the learning
// rate; 2 momentum, mini-batch, hidden units; 3 layers, learning rate decay; 0: it does not say.
int ExpectedTier(absl::string_view parameter);

// Whether it is the step size of an optimizer.
bool IsLearningRate(absl::string_view parameter);
// Whether it is the weight of the past in an exponential average, which averages over
// 1 / (1 - value) steps.
bool IsAverage(absl::string_view parameter);

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_COURSE_ORDER_H_
