// What the course says about a run: bias or variance.
#ifndef CAVIAR_CLIENT_COMMANDS_FIT_H_
#define CAVIAR_CLIENT_COMMANDS_FIT_H_

#include <string>

#include "caviar/v1/trial.pb.h"

namespace caviar::commands {

// What stands between a network and an error of 0.
enum class Fit {
  kGood,      // nothing stands out
  kBias,      // it does not even fit what it was trained on
  kVariance,  // it does not carry over to examples that it has not seen
  kBoth,
};

// Errors are shares of examples, in [0, 1]. With e the training error and g = validation error - e:
//
//   bias      e > 0.05
//   variance  g > max(0.02, e / 2)
//
// The rule takes the least error that anyone could reach to be near 0, as it is where people see at
// a glance what is right; where labels are noise, a larger training error is no fault. The bounds
// lie between the course's examples (Ng, Machine Learning Yearning, chapters 20 to 23): training
// and validation errors of 1 and 11 % are high variance, 15 and 16 % high bias, 15 and 30 % both,
// 0.5 and 1 % neither. A gap counts against e, because a poor fit spreads over both sets; below
// 0.02 it is about what a few thousand validation examples leave to chance.
//
// train_accuracy is a little unfair to the network: it is counted while the weights still change,
// with dropout switched on and with each batch's own statistics. So e is an upper bound, g may be
// negative early on, and a variance that is found is there.
Fit JudgeFit(double training_error, double validation_error);

// The same in one sentence with the numbers, for the step that is the trial's objective, else for
// the last one measured; "" where train_accuracy and validation_accuracy were not measured there.
std::string FitSentence(const v1::Trial& trial);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_FIT_H_
