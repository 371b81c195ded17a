// The model of one thing that trials are measured by: an objective or a constraint.
#ifndef CAVIAR_SERVER_SAMPLING_GP_OUTCOME_MODEL_H_
#define CAVIAR_SERVER_SAMPLING_GP_OUTCOME_MODEL_H_

#include <memory>
#include <vector>

#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_points.h"
#include "server/sampling/gp_predictor.h"
#include "server/sampling/gp_study_table.h"
#include "server/sampling/gp_transfer.h"

namespace caviar::sampling::gp {

// Keeps fits from call to call, for tables that grow. A model that `Fit` made lives no longer than
// the object that made it.
class ObjectiveModel {
 public:
  // `objective` is its place among the study's.
  ObjectiveModel(const search_space::ModelSpace& space, const PointLayout& layout,
                 const std::vector<std::vector<Observation>>& earlier_studies, size_t objective);

  struct Fitted {
    std::unique_ptr<Predictor> model;
    bool transfers = false;  // whether it starts from what earlier studies found
  };
  // Holds these rows of the table, and the pending points as if seen at the mean. Where `transfer`,
  // starts from what earlier studies found, unless the evidence is against it.
  Fitted Fit(const StudyTable& table, const std::vector<size_t>& rows,
             const std::vector<search_space::ModelPoint>& pending, bool transfer);

  const EarlierStudies& earlier() const { return earlier_; }

 private:
  // What EarlierStudies says after the first `size` rows of the table.
  std::vector<double> CoefficientsAfter(const StudyTable& table, size_t size);
  // The sample is of these rows.
  void TakeOffEarlier(const std::vector<double>& coefficients, const std::vector<size_t>& rows,
                      Sample& sample) const;

  PointLayout layout_;
  size_t objective_;
  EarlierStudies earlier_;
  FitChain fits_, fits_of_rest_;
};

class ConstraintModel {
 public:
  ConstraintModel(const PointLayout& layout, size_t constraint)
      : layout_(layout), constraint_(constraint), fits_(layout) {}

  std::unique_ptr<Predictor> Fit(const StudyTable& table, const std::vector<size_t>& rows,
                                 const std::vector<search_space::ModelPoint>& pending);

 private:
  PointLayout layout_;
  size_t constraint_;
  FitChain fits_;
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_OUTCOME_MODEL_H_
