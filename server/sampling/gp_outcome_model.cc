#include "server/sampling/gp_outcome_model.h"

#include <algorithm>
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

ObjectiveModel::Fitted ObjectiveModel::Fit(const StudyTable& table, const std::vector<size_t>& rows,
                                           const std::vector<ModelPoint>& pending, bool transfer) {
  const gp::Fit& fit = fits_.At(table.fingerprints(), [&](size_t size) {
    return table.ObjectiveSample(objective_, table.Chosen(size), size);
  });
  Sample sample = table.ObjectiveSample(objective_, rows, table.size());
  const auto plain = [&]() -> Fitted {
    return {PosteriorOf(layout_, fits_, fit, std::move(sample), pending), false};
  };
  if (earlier_.empty() || !transfer) return plain();
  const gp::Fit& rest = fits_of_rest_.At(table.fingerprints(), [&](size_t size) {
    const std::vector<size_t> chosen = table.Chosen(size);
    Sample of_chosen = table.ObjectiveSample(objective_, chosen, size);
    TakeOffEarlier(CoefficientsAfter(table, size), chosen, of_chosen);
    return of_chosen;
  });
  std::vector<double> coefficients = CoefficientsAfter(table, table.size());
  const bool helps = std::any_of(coefficients.begin(), coefficients.end(),
                                 [](double coefficient) { return coefficient > 0; });
  if (!helps || (std::isfinite(rest.cost) && fit.cost + kFaith < rest.cost)) return plain();
  TakeOffEarlier(coefficients, rows, sample);
  return {std::make_unique<TransferPredictor>(
              PosteriorOf(layout_, fits_of_rest_, rest, std::move(sample), pending), earlier_,
              std::move(coefficients)),
          true};
}

std::vector<double> ObjectiveModel::CoefficientsAfter(const StudyTable& table, size_t size) {
  const Sample all = table.ObjectiveSample(objective_, AllOf(size), size);
  return earlier_.Coefficients(table.points(), all.values);
}

void ObjectiveModel::TakeOffEarlier(const std::vector<double>& coefficients,
                                    const std::vector<size_t>& rows, Sample& sample) const {
  const std::vector<double> means = earlier_.Means(coefficients, rows);
  for (size_t i = 0; i < means.size(); ++i) sample.values[i] -= means[i];
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
