// A Gaussian process's hyperparameters, their penalties, and how well they explain what was seen.
#ifndef CAVIAR_SERVER_SAMPLING_GP_MODEL_H_
#define CAVIAR_SERVER_SAMPLING_GP_MODEL_H_

#include <vector>

#include "server/sampling/gp_lanes.h"
#include "server/sampling/gp_loops.h"
#include "server/sampling/gp_points.h"

namespace caviar::sampling::gp {

// Which parameters there are; all are positive and held as logarithms, in this order: variance,
// noise, a weight (1/length²) a group, and where `additive` the variances and then the weights of
// the groups that are numbers: with a sum over categories too, what one is good for in one place is
// taken to hold everywhere, and the search gets stuck.
//
// Penalties, of maximum a posteriori: a weak one on every logarithm's distance from its center, and
// stronger ones on how far the additive part's variances, and its weights, are from their geometric
// means: what one axis shows of the sum's shape is taken to hold for the others too.
class ModelForm {
 public:
  ModelForm() = default;
  ModelForm(const PointLayout& layout, bool additive);

  bool additive() const { return additive_; }
  // Of the additive part.
  int terms() const { return static_cast<int>(terms_.size()); }
  const std::vector<double>& centers() const { return centers_; }
  // Of an additive form: where a search for its parameters begins that is to find out whether the
  // sum alone explains the values, with short lengths. From the centers, where the sum is a tenth
  // of all and smooth, a search ends with the sum switched off.
  std::vector<double> MostlyAdditive() const;
  const std::vector<double>& lower() const { return lower_; }
  const std::vector<double>& upper() const { return upper_; }

  // The covariance and the noise's variance of these logarithms.
  Covariance CovarianceOf(const std::vector<double>& logs) const;
  static double NoiseOf(const std::vector<double>& logs);

  // Adds the penalties of these logarithms to a cost, and their derivatives to its.
  void AddPenalties(const std::vector<double>& logs, double& cost,
                    std::vector<double>& gradient) const;

  // Order of logarithms for the derivatives: see ParameterGradient.
  std::vector<double> Flatten(const CovarianceGradient& gradient, double noise) const;

 private:
  PointLayout layout_;
  bool additive_ = false;
  std::vector<size_t> terms_;  // groups with a term of their own
  std::vector<double> centers_, lower_, upper_;
};

// -log p(values | points, parameters) + penalties, and its derivatives by the parameters'
// logarithms. Rasmussen & Williams 2006, equations 5.8 and 5.9.
class Likelihood {
 public:
  // Of the first `values.size()` points, with `own_noise` added to the noise of each (empty:
  // nothing); all outlive this object.
  Likelihood(const ModelForm& form, const Grid& points, const std::vector<double>& values,
             const std::vector<double>& own_noise);

  // Infinity, with zeros for derivatives, where the matrix is not positive definite in floating
  // point.
  double Evaluate(const std::vector<double>& logs, std::vector<double>& gradient);

 private:
  const ModelForm& form_;
  const Grid& points_;
  const std::vector<double>& values_;
  const std::vector<double>& own_noise_;
  Grid factor_, inverse_factor_, transposed_, by_entry_;
  std::vector<double> weighted_, half_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_MODEL_H_
