// Learning rates that adapt (LRA-CMA-ES, Nomura, Akimoto & Ono 2023, arXiv 2304.03473). Internal to
// this room.
#ifndef CAVIAR_SERVER_SAMPLING_CMA_LEARNING_RATE_H_
#define CAVIAR_SERVER_SAMPLING_CMA_LEARNING_RATE_H_

#include <Eigen/Core>

namespace caviar::sampling::cma {

// How much of its updates a parameter of the distribution takes: less where they point to where
// they did before less than noise would let them. Starts at 1, where it changes nothing.
class LearningRate {
 public:
  // `memory`: the weight of the newest update in the averages, in (0, 1).
  explicit LearningRate(double memory) : memory_(memory) {}

  // After one more update, in coordinates in which the distribution is a standard normal one.
  // Returns the rate that holds for this update.
  double Adapt(const Eigen::VectorXd& update);

  double rate() const { return rate_; }

 private:
  double memory_;
  double rate_ = 1;
  Eigen::VectorXd average_;  // of the updates; empty: there were none
  double square_ = 0;        // the average of their squared lengths
};

}  // namespace caviar::sampling::cma

#endif  // CAVIAR_SERVER_SAMPLING_CMA_LEARNING_RATE_H_
