#include "server/sampling/gp_acquisition.h"

#include <algorithm>
#include <cmath>

#include "server/sampling/gp_improvement.h"

namespace caviar::sampling::gp {
namespace {

constexpr double kExplorationDeviations = 0.5;
constexpr double kExplorationPenalty = 10;

double Excess(const Prediction& prediction, double reference) {
  return prediction.mean - kExplorationDeviations * prediction.seen_deviation - reference;
}

}  // namespace

double Acquisition::Cost(const Prediction& prediction) const {
  switch (kind) {
    case Kind::kConfidenceBound:
      return prediction.mean - deviations * prediction.deviation;
    case Kind::kLogImprovement:
      return -std::log(prediction.deviation) -
             LogOfImprovement((reference - prediction.mean) / prediction.deviation).log_h;
    case Kind::kExploration:
      return -prediction.deviation +
             kExplorationPenalty * std::max(0.0, Excess(prediction, reference));
  }
  return 0;
}

PredictionGradient Acquisition::Gradient(const Prediction& prediction) const {
  switch (kind) {
    case Kind::kConfidenceBound:
      return {1, -deviations, 0};
    case Kind::kLogImprovement: {
      // EI falls by Φ a mean and grows by φ a deviation.
      const double deviation = prediction.deviation;
      const LogImprovement improvement =
          LogOfImprovement((reference - prediction.mean) / deviation);
      return {improvement.distribution_ratio / deviation, -improvement.density_ratio / deviation,
              0};
    }
    case Kind::kExploration: {
      const double penalty = Excess(prediction, reference) > 0 ? kExplorationPenalty : 0;
      return {penalty, -1, -kExplorationDeviations * penalty};
    }
  }
  return {};
}

}  // namespace caviar::sampling::gp
