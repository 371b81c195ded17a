// The search distribution of CMA-ES: a normal one for numbers, probabilities for categories.
// Internal to this room.
#ifndef CAVIAR_SERVER_SAMPLING_CMA_DISTRIBUTION_H_
#define CAVIAR_SERVER_SAMPLING_CMA_DISTRIBUTION_H_

#include <Eigen/Core>
#include <functional>
#include <vector>

#include "server/sampling/cma_learning_rate.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::cma {

// Gives numbers in [0, 1), the next one at every call.
using Uniform = std::function<double()>;

// Spaces of more numbers than this have a diagonal covariance (Ros & Hansen 2008).
inline constexpr int kMaxFullDimensions = 100;

// Where it goes is as Hansen 2016 ("The CMA evolution strategy: a tutorial", arXiv 1604.00772) has
// it, negative weights included, with rates for few trials. Beyond that:
// - ordered axes keep a chance for the values beside the present one ("margin", Hamano et al. 2022,
//   arXiv 2205.13482); their trials stand for a place in the value's cell, drawn anew;
// - categories have probabilities of their own, with a margin too (Hamano et al. 2024, CatCMA,
//   arXiv 2405.09962), which move towards the categories of the better half;
// - an axis that is inactive in a trial teaches nothing about it: a random step stands there;
// - steps longer than the distribution makes them are cut (Hansen 2011, "Injecting external
//   solutions into CMA-ES"), so that any trial can be learned from.
class Distribution {
 public:
  // Around `mean` (NaN: 0.5) with deviation sigma > 0 along every axis; all categories alike.
  // population >= 4 trials make a generation.
  Distribution(const search_space::ModelSpace& space, const search_space::ModelPoint& mean,
               double sigma, int population);

  // Around these points, at least one, each of which stands for a normal distribution with
  // deviation `spread` > 0 along every axis: the mean and covariance of all together (WS-CMA-ES,
  // Nomura et al. 2021, "Warm starting CMA-ES for hyperparameter optimization"). Half of the
  // categories' probability goes to theirs. Axes may be inactive (NaN).
  static Distribution Over(const search_space::ModelSpace& space,
                           const std::vector<search_space::ModelPoint>& points, double spread,
                           int population);

  // Some of its axes may be inactive, which it does not look at.
  search_space::ModelPoint Draw(const Uniform& uniform) const;

  // One generation: `population` points, the best one first, inactive axes NaN. Where their order
  // is `noisy` it learns as slowly as LearningRate asks for; not with a diagonal covariance.
  void Learn(const std::vector<search_space::ModelPoint>& ranked, bool noisy,
             const Uniform& uniform);

  int population() const { return population_; }
  // Numbers, that is: axes that are not categorical.
  int numbers() const { return static_cast<int>(numbers_.size()); }
  // The largest deviation along any of them; 0 without any.
  double Extent() const;

 private:
  struct Number {
    int axis;
    std::vector<double> places;  // empty: real
  };
  struct Category {
    int axis;
    std::vector<double> probabilities;
  };

  struct Moments {
    Eigen::VectorXd mean;
    double sigma;
    Eigen::MatrixXd covariance;
    Eigen::VectorXd roots;
    Eigen::MatrixXd vectors;
  };

  void SetRates();
  void SpreadOver(const std::vector<search_space::ModelPoint>& points,
                  const search_space::ModelPoint& mean);
  static size_t CellOf(const Number& number, double place);
  static double Edge(const Number& number, size_t cell);
  double Deviation(Eigen::Index i) const;
  // z from the standard normal distribution to a step, in units of sigma, and back.
  Eigen::VectorXd FromStandard(const Eigen::VectorXd& z) const;
  Eigen::VectorXd ToStandard(const Eigen::VectorXd& step) const;
  Eigen::VectorXd StepTo(const search_space::ModelPoint& point, const Uniform& uniform) const;
  void SetSigma(double sigma);
  void LearnNumbers(const Eigen::MatrixXd& steps);
  // Takes back a part of what was learned since.
  void MoveLess(const Moments& before);
  void LearnCovariance(const Eigen::MatrixXd& steps, bool stalled);
  void LearnCategories(const std::vector<search_space::ModelPoint>& ranked);
  void Decompose();
  void KeepNumberMargins();
  void KeepCategoryMargins();

  // Of Nomura et al.'s averages.
  static constexpr double kMeanMemory = 0.1, kCovarianceMemory = 0.03;

  int population_;
  std::vector<Number> numbers_;
  std::vector<Category> categories_;
  bool diagonal_ = false;

  // Names as in the tutorial, table 1.
  Eigen::VectorXd weights_;  // [population], those of the worse half negative
  double mu_eff_ = 0, c_sigma_ = 0, d_sigma_ = 0, c_c_ = 0, c_1_ = 0, c_mu_ = 0, chi_ = 0;

  double sigma_;
  Eigen::VectorXd mean_, path_sigma_, path_c_, margin_;  // [numbers]
  Eigen::MatrixXd covariance_;                           // [numbers x numbers]; diagonal: x 1
  Eigen::MatrixXd vectors_;                              // its eigenvectors; not where diagonal
  Eigen::VectorXd roots_;                                // of its eigenvalues
  int generation_ = 0;
  LearningRate mean_rate_{kMeanMemory}, covariance_rate_{kCovarianceMemory};
};

}  // namespace caviar::sampling::cma

#endif  // CAVIAR_SERVER_SAMPLING_CMA_DISTRIBUTION_H_
