// A quadratic curve through a study's results: what few trials already say about the whole space.
//
// Least squares with a ridge (Hoerl & Kennard 1970), whose strength is the one of the least
// leave-one-out error (Allen 1974). Its terms: each numeric axis and its square, each category,
// whether a conditional axis is active, and where there is room the products of two numeric axes.
#ifndef CAVIAR_SERVER_ANALYSIS_QUADRATIC_TREND_H_
#define CAVIAR_SERVER_ANALYSIS_QUADRATIC_TREND_H_

#include <Eigen/Core>
#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::analysis {

// Immutable and thread safe.
class QuadraticTrend {
 public:
  // `places` are of the space, `values` finite, one a place; at least one.
  QuadraticTrend(const search_space::ModelSpace& space,
                 const std::vector<search_space::ModelPoint>& places,
                 const std::vector<double>& values);

  // Never beyond the least and the greatest of the values. Constant where no term predicts a value
  // that was left out better than the mean does.
  double Predict(const search_space::ModelPoint& place) const;

 private:
  // Inactive axes have terms of 0.
  struct Term {
    enum class Kind { kActive, kCategory, kLinear, kProduct };
    Kind kind = Kind::kActive;
    size_t axis = 0;
    size_t other = 0;     // of a product: the second axis; a square's is the same
    double category = 0;  // of kCategory: 1 there, 0 elsewhere
  };

  void ChooseTerms(const search_space::ModelSpace& space);
  static double ValueOf(const Term& term, const search_space::ModelPoint& place);
  Eigen::VectorXd ValuesAt(const search_space::ModelPoint& place) const;
  void Fit(Eigen::MatrixXd terms, Eigen::VectorXd values);

  std::vector<Term> terms_;
  Eigen::VectorXd means_, weights_;  // [terms]
  double mean_ = 0, least_ = 0, greatest_ = 0;
};

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_QUADRATIC_TREND_H_
