// What earlier studies teach: their models' means are where the study's own model starts from.
#ifndef CAVIAR_SERVER_SAMPLING_GP_TRANSFER_H_
#define CAVIAR_SERVER_SAMPLING_GP_TRANSFER_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_points.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/gp_predictor.h"
#include "server/sampling/history.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// A model for each earlier study that says something of one objective, fitted once.
class EarlierStudies {
 public:
  // `objective`: 0, or one of the more_values. Of many studies together some hundred points are
  // held.
  EarlierStudies(const search_space::ModelSpace& space, const PointLayout& layout,
                 const std::vector<std::vector<Observation>>& studies, size_t objective);

  bool empty() const { return models_.empty(); }
  const std::vector<std::unique_ptr<Posterior>>& models() const { return models_; }
  // Each study's best few points.
  const std::vector<search_space::ModelPoint>& best() const { return best_; }

  // How much of each study's mean is in the mean to start from, after `values` (warped) were seen
  // at points 0..n-1 of `points`. A study counts by the square of the rank correlation of its mean
  // with what was seen (compare Feurer et al. 2018, "Scalable meta-learning for Bayesian
  // optimization using ranking-weighted Gaussian process ensembles"), all of them together by the
  // slope of what was seen on their mean; both begin, before anything was seen, as if the studies
  // were much alike. Remembers means at points that it was asked for: these only get more.
  std::vector<double> Coefficients(const std::vector<search_space::ModelPoint>& points,
                                   const std::vector<double>& values);

  // Σ coefficient·mean at each of these rows of the `points` above.
  std::vector<double> Means(const std::vector<double>& coefficients,
                            const std::vector<size_t>& rows) const;

 private:
  void Learn(const std::vector<search_space::ModelPoint>& points, size_t count);

  PointLayout layout_;
  std::vector<std::unique_ptr<Posterior>> models_;
  std::vector<search_space::ModelPoint> best_;
  std::vector<std::vector<double>> means_;  // by study, by point
};

// A model of what the earlier studies' mean leaves unexplained, plus that mean. Where these were
// unsure the mean may be off by more: there the deviation of the rest is taken as if its prior
// variance were that much larger.
class TransferPredictor final : public Predictor {
 public:
  // The earlier studies outlive this object.
  TransferPredictor(std::unique_ptr<Posterior> rest, const EarlierStudies& earlier,
                    std::vector<double> coefficients)
      : rest_(std::move(rest)), earlier_(earlier), coefficients_(std::move(coefficients)) {}

  void PredictVector(const Grid& at, int vector, Prediction (&predictions)[kLanes]) override;
  void Gradient(const Grid& at, int vector, const PredictionGradient (&by)[kLanes],
                Grid& gradient) override;

 private:
  // What deviations of the rest are multiplied by.
  double Widening(const std::vector<Prediction>& earlier, size_t lane) const;

  std::unique_ptr<Posterior> rest_;
  const EarlierStudies& earlier_;
  std::vector<double> coefficients_;
  Prediction last_[kLanes];               // of the rest
  std::vector<Prediction> last_earlier_;  // of the earlier studies, eight each
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_TRANSFER_H_
