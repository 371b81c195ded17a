// Minimization of a smooth function in a box, one evaluation at a time.
#ifndef CAVIAR_SERVER_SAMPLING_GP_MINIMIZER_H_
#define CAVIAR_SERVER_SAMPLING_GP_MINIMIZER_H_

#include <cstddef>
#include <deque>
#include <vector>

namespace caviar::sampling::gp {

// L-BFGS (Nocedal 1980) over the variables that are free, with steps that are projected into the
// box and halved until they gain enough (Armijo). The caller evaluates, so that several of these
// can go on side by side and their points be evaluated together:
//   while (!minimizer.done()) minimizer.Tell(f(minimizer.point()), gradient(minimizer.point()));
class Minimizer {
 public:
  struct Options {
    int max_evaluations = 50;
    // Done when a step gains less than this share of 1 + |f|.
    double tolerance = 1e-9;
    // Of the first step, and of those after a fresh start, in the largest coordinate.
    double first_step = 0.1;
  };

  // Starts at `start`, moved into the box. lower <= upper, finite, for every coordinate.
  Minimizer(std::vector<double> start, std::vector<double> lower, std::vector<double> upper,
            const Options& options);

  bool done() const { return done_; }
  // Where to evaluate next.
  const std::vector<double>& point() const { return trial_; }
  // What the function is there. A value that is not finite counts as worse than all.
  void Tell(double value, const std::vector<double>& gradient);

  // The best so far; defined after the first Tell.
  const std::vector<double>& best() const { return x_; }
  double best_value() const { return value_; }
  int evaluations() const { return evaluations_; }

 private:
  struct Pair {
    std::vector<double> step, change;  // of x and of the gradient
    double product;
  };

  void Accept(double value, const std::vector<double>& gradient);
  void Reject(double value);
  void ChooseDirection();
  void TakeTrial();
  bool IsFree(size_t i) const;

  static constexpr size_t kPairs = 8;
  static constexpr int kMaxHalvings = 12;

  std::vector<double> lower_, upper_;
  Options options_;
  std::vector<double> x_, gradient_, direction_, trial_;
  double value_ = 0;
  double length_ = 1;    // of the step, in directions
  double expected_ = 0;  // gradient · (trial - x)
  std::deque<Pair> pairs_;
  int evaluations_ = 0;
  int halvings_ = 0;
  bool done_ = false;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_MINIMIZER_H_
