#include "server/analysis/importance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "server/analysis/course_order.h"
#include "server/analysis/regression_forest.h"
#include "server/analysis/total_effects.h"
#include "server/search_space/search_space.h"

namespace caviar::analysis {
namespace {

using search_space::ModelPoint;
using search_space::SearchSpace;

// What a trial is to the method.
struct Tried {
  ModelPoint place;
  v1::Trial::State state;
  double loss = 0;  // of COMPLETED ones
};

std::vector<Tried> Collect(const SearchSpace& space, v1::Objective::Goal goal,
                           const std::vector<TrialRecord>& trials) {
  std::vector<Tried> all;
  for (const TrialRecord& trial : trials) {
    const bool completed = trial.state == v1::Trial::COMPLETED && trial.objective;
    if (!completed && trial.state != v1::Trial::PRUNED && trial.state != v1::Trial::INFEASIBLE) {
      continue;
    }
    const auto point = space.ToPoint(trial.parameters);
    if (!point.ok()) continue;
    const double loss = completed ? Loss(goal, *trial.objective) : 0;
    all.push_back({space.model().ToModel(*point), trial.state, loss});
  }
  return all;
}

std::vector<double> CompletedLosses(const std::vector<Tried>& all) {
  std::vector<double> losses;
  for (const Tried& tried : all) {
    if (tried.state == v1::Trial::COMPLETED) losses.push_back(tried.loss);
  }
  return losses;
}

// `share` in [0, 1]; of growing numbers, at least one, one of them.
double Quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Every trial's loss, on the way from the best, 0, to the worst that is kept, 1.
std::vector<double> ScaledLosses(const std::vector<Tried>& all) {
  std::vector<double> sorted = CompletedLosses(all);
  std::sort(sorted.begin(), sorted.end());
  const double worst = WorstKept(sorted);
  const auto scaled = [best = sorted.front(), worst](double loss) {
    if (loss <= best) return 0.0;
    // In halves: the difference of two large numbers need not be finite.
    return loss < worst ? (loss / 2 - best / 2) / (worst / 2 - best / 2) : 1.0;
  };
  std::vector<double> losses;
  for (const Tried& tried : all) {
    losses.push_back(tried.state == v1::Trial::COMPLETED ? scaled(tried.loss)
                     : tried.state == v1::Trial::PRUNED  ? scaled(Quantile(sorted, 0.75))
                                                         : 1.0);
  }
  return losses;
}

// Indices of the trials that the model gets: all, or every so manyth by loss, the best first.
std::vector<size_t> Select(const std::vector<double>& losses) {
  std::vector<size_t> order(losses.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (order.size() <= kMostTrials) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&losses](size_t a, size_t b) { return losses[a] < losses[b]; });
  std::vector<size_t> selected;
  for (size_t i = 0; i < kMostTrials; ++i)
    selected.push_back(order[i * order.size() / kMostTrials]);
  return selected;
}

std::vector<double> Effects(const SearchSpace& space, const std::vector<Tried>& all) {
  const std::vector<double> losses = ScaledLosses(all);
  std::vector<ModelPoint> places;
  std::vector<double> values;
  for (const size_t trial : Select(losses)) {
    places.push_back(all[trial].place);
    values.push_back(losses[trial]);
  }
  return TotalEffects(space.model(), places, values);
}

int ActiveTrials(const std::vector<Tried>& all, int axis) {
  return static_cast<int>(std::count_if(all.begin(), all.end(), [axis](const Tried& tried) {
    return !std::isnan(tried.place[static_cast<size_t>(axis)]);
  }));
}

std::string Method(const std::vector<Tried>& all, size_t completed) {
  std::string method =
      absl::StrCat("fANOVA over ", vocabulary::Counted(static_cast<int64_t>(all.size()), "trial"),
                   ", ", completed, " of them with a result: total effects by a forest of ",
                   RegressionForest::kTrees, " trees on a quadratic trend");
  if (all.size() > kMostTrials) absl::StrAppend(&method, " of ", kMostTrials, " of them");
  return method;
}

void AddShares(const SearchSpace& space, const std::vector<Tried>& all,
               v1::GetImportanceResponse& response) {
  const std::vector<double> effects = Effects(space, all);
  const double sum = std::accumulate(effects.begin(), effects.end(), 0.0);
  if (!(sum > 0)) response.mutable_method()->append("; no parameter makes a difference");
  for (int axis = 0; axis < space.dimensions(); ++axis) {
    v1::ParameterImportance& parameter = *response.add_parameters();
    parameter.set_parameter(space.axis(axis).name());
    parameter.set_expected_tier(ExpectedTier(parameter.parameter()));
    parameter.set_trials(ActiveTrials(all, axis));
    if (sum > 0) parameter.set_importance(effects[static_cast<size_t>(axis)] / sum);
  }
  std::stable_sort(response.mutable_parameters()->begin(), response.mutable_parameters()->end(),
                   [](const auto& a, const auto& b) { return a.importance() > b.importance(); });
}

}  // namespace

double WorstKept(std::vector<double> losses) {
  std::sort(losses.begin(), losses.end());
  const double quartile = Quantile(losses, 0.75);
  // May be infinite.
  const double fence = quartile + 3 * (quartile - Quantile(losses, 0.25));
  return std::min(losses.back(), std::max(fence, Quantile(losses, 0.9)));
}

v1::GetImportanceResponse ComputeImportance(const v1::Study& study, v1::Objective::Goal goal,
                                            const std::vector<TrialRecord>& trials) {
  v1::GetImportanceResponse response;
  const auto space = SearchSpace::Create(study.parameters(), study.linear_constraints());
  if (!space.ok()) {
    response.set_method(absl::StrCat("nothing: ", space.status().message()));
    return response;
  }
  const std::vector<Tried> all = Collect(*space, goal, trials);
  const size_t completed = CompletedLosses(all).size();
  if (all.size() < kFewestTrials || completed < kFewestCompleted) {
    response.set_method(absl::StrCat("too few trials: ", all.size(), " finished, ", completed,
                                     " of them with a result; it takes ", kFewestTrials, " and ",
                                     kFewestCompleted));
    return response;
  }
  response.set_method(Method(all, completed));
  AddShares(*space, all, response);
  return response;
}

}  // namespace caviar::analysis
