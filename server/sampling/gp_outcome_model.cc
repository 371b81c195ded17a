#include "server/sampling/gp_outcome_model.h"

#include <cmath>
#include <utility>

#include "server/sampling/gp_choice.h"
#include "server/sampling/gp_posterior.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

// By how much, as a logarithm, it is likelier from the first that earlier studies help.
constexpr double kFaith = 1;

std::unique_ptr<Posterior> PosteriorOf(const PointLayout& layout, const FitChain& fits,
                                       const Fit& fit, Sample sample,
                                       const std::vector<ModelPoint>& pending) {
  sample.points.insert(sample.points.end(), pending.begin(), pending.end());
  return std::make_unique<Posterior>(fits.form(fit.additive).CovarianceOf(fit.logs),
                                     ModelForm::NoiseOf(fit.logs), GridOf(layout, sample.points),
                                     sample.values, static_cast<int>(pending.size()),
                                     sample.own_noise);
}

}  // namespace

ObjectiveModel::ObjectiveModel(const search_space::ModelSpace& space, const PointLayout& layout,
                               const std::vector<std::vector<Observation>>& earlier_studies,
                               size_t objective)
    : layout_(layout),
      objective_(objective),
      earlier_(space, layout, earlier_studies, objective),
      fits_(layout),
      fits_of_rest_(layout) {}

std::unique_ptr<Predictor> ObjectiveModel::Fit(const StudyTable& table,
                                               const std::vector<size_t>& rows,
                                               const std::vector<ModelPoint>& pending,
                                               bool transfer) {
  const gp::Fit& fit = fits_.At(table.fingerprints(), [&](size_t size) {
    return table.ObjectiveSample(objective_, table.Chosen(size), size);
  });
  Sample sample = table.ObjectiveSample(objective_, rows, table.size());
  if (earlier_.empty() || !transfer) {
    return PosteriorOf(layout_, fits_, fit, std::move(sample), pending);
  }
  // What is left when the earlier studies' mean is taken off.
  std::vector<double> coefficients;
  const auto take_off = [&](const std::vector<size_t>& chosen, size_t size, Sample& of_chosen) {
    const Sample all = table.ObjectiveSample(objective_, AllOf(size), size);
    coefficients = earlier_.Coefficients(table.points(), all.values);
    const std::vector<double> means = earlier_.Means(coefficients, chosen);
    for (size_t i = 0; i < means.size(); ++i) of_chosen.values[i] -= means[i];
  };
  const gp::Fit& rest = fits_of_rest_.At(table.fingerprints(), [&](size_t size) {
    const std::vector<size_t> chosen = table.Chosen(size);
    Sample of_chosen = table.ObjectiveSample(objective_, chosen, size);
    take_off(chosen, size, of_chosen);
    return of_chosen;
  });
  if (fit.cost + kFaith < rest.cost && std::isfinite(rest.cost)) {
    return PosteriorOf(layout_, fits_, fit, std::move(sample), pending);
  }
  take_off(rows, table.size(), sample);
  return std::make_unique<TransferPredictor>(
      PosteriorOf(layout_, fits_of_rest_, rest, std::move(sample), pending), earlier_,
      std::move(coefficients));
}

std::unique_ptr<Predictor> ConstraintModel::Fit(const StudyTable& table,
                                                const std::vector<size_t>& rows,
                                                const std::vector<ModelPoint>& pending) {
  const gp::Fit& fit = fits_.At(table.fingerprints(), [&](size_t size) {
    return table.ConstraintSample(constraint_, table.Chosen(size), size);
  });
  return PosteriorOf(layout_, fits_, fit, table.ConstraintSample(constraint_, rows, table.size()),
                     pending);
}

}  // namespace caviar::sampling::gp
