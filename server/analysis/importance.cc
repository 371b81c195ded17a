#include "server/analysis/importance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/analysis/contrast.h"
#include "server/analysis/course_order.h"
#include "server/search_space/search_space.h"

namespace caviar::analysis {
namespace {

using search_space::ModelPoint;
using search_space::SearchSpace;

// What a trial is to the method: where it lies, and its loss; infinite: never among the best.
struct Tried {
  ModelPoint place;
  double loss = std::numeric_limits<double>::infinity();
};

bool Counts(const TrialRecord& trial) {
  return trial.state == v1::Trial::PRUNED || trial.state == v1::Trial::INFEASIBLE ||
         (trial.state == v1::Trial::COMPLETED && trial.objective);
}

std::vector<Tried> Collect(const SearchSpace& space, v1::Objective::Goal goal,
                           const std::vector<TrialRecord>& trials) {
  std::vector<Tried> all;
  for (const TrialRecord& trial : trials) {
    if (!Counts(trial)) continue;
    const auto point = space.ToPoint(trial.parameters);
    if (!point.ok()) continue;
    Tried tried{space.model().ToModel(*point)};
    if (HasResult(trial)) tried.loss = Loss(goal, *trial.objective);
    all.push_back(std::move(tried));
  }
  return all;
}

int CountCompleted(const std::vector<double>& losses) {
  return static_cast<int>(
      std::count_if(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); }));
}

// The best tenth; of few trials up to a third, so that there are some.
int BestCount(const std::vector<double>& losses) {
  const int count = static_cast<int>(losses.size());
  return std::min(CountCompleted(losses),
                  std::max((count + 9) / 10, std::min(10, (count + 2) / 3)));
}

// How much of each trial is among the best `best`: those that are equal at the last place share it.
std::vector<double> BestWeights(const std::vector<double>& losses, int best) {
  std::vector<double> sorted = losses;
  std::nth_element(sorted.begin(), sorted.begin() + (best - 1), sorted.end());
  const double last = sorted[static_cast<size_t>(best - 1)];
  const auto better =
      std::count_if(losses.begin(), losses.end(), [last](double loss) { return loss < last; });
  const auto equal = std::count(losses.begin(), losses.end(), last);
  const double share = static_cast<double>(best - better) / static_cast<double>(equal);
  std::vector<double> weights;
  for (const double loss : losses) weights.push_back(loss < last ? 1 : loss == last ? share : 0);
  return weights;
}

bool AreEnough(const std::vector<double>& losses) {
  return losses.size() >= static_cast<size_t>(kFewestTrials) &&
         CountCompleted(losses) >= kFewestCompleted;
}

// Fills in `importance`, not yet as a share, and `trials`.
v1::ParameterImportance Judge(const SearchSpace& space, int axis, const std::vector<Tried>& all) {
  std::vector<double> places, losses;
  for (const Tried& tried : all) {
    const double place = tried.place[static_cast<size_t>(axis)];
    if (std::isnan(place)) continue;
    places.push_back(place);
    losses.push_back(tried.loss);
  }
  v1::ParameterImportance parameter;
  parameter.set_parameter(space.axis(axis).name());
  parameter.set_expected_tier(ExpectedTier(parameter.parameter()));
  parameter.set_trials(static_cast<int32_t>(places.size()));
  if (!AreEnough(losses)) return parameter;
  const double active = static_cast<double>(places.size()) / static_cast<double>(all.size());
  parameter.set_importance(
      active * Contrast(space.model().axis(axis), places, BestWeights(losses, BestCount(losses))));
  return parameter;
}

void MakeShares(v1::GetImportanceResponse& response) {
  double sum = 0;
  for (const v1::ParameterImportance& parameter : response.parameters()) {
    sum += parameter.importance();
  }
  if (!(sum > 0)) {
    response.mutable_method()->append("; no parameter tells the best from the others");
    return;
  }
  for (v1::ParameterImportance& parameter : *response.mutable_parameters()) {
    parameter.set_importance(parameter.importance() / sum);
  }
}

}  // namespace

double WorstKept(const std::vector<double>& losses) {
  std::vector<double> sorted;
  for (const double loss : losses) {
    if (std::isfinite(loss)) sorted.push_back(loss);
  }
  if (sorted.empty()) return 0;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&sorted](double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  return std::min(sorted.back(), std::max(at(0.9), at(0.75) + 3 * (at(0.75) - at(0.25))));
}

v1::GetImportanceResponse ComputeImportance(const v1::Study& study, v1::Objective::Goal goal,
                                            const std::vector<TrialRecord>& trials) {
  v1::GetImportanceResponse response;
  const auto space = SearchSpace::Create(study.parameters());
  if (!space.ok()) {
    response.set_method(absl::StrCat("nothing: ", space.status().message()));
    return response;
  }
  const std::vector<Tried> all = Collect(*space, goal, trials);
  std::vector<double> losses;
  for (const Tried& tried : all) losses.push_back(tried.loss);
  const int completed = CountCompleted(losses);
  if (!AreEnough(losses)) {
    response.set_method(absl::StrCat("too few trials: ", all.size(), " finished, ", completed,
                                     " of them with a result; it takes ", kFewestTrials, " and ",
                                     kFewestCompleted));
    return response;
  }
  response.set_method(absl::StrCat("PED-ANOVA over ", all.size(), " trials, ", completed,
                                   " of them with a result: the best ", BestCount(losses),
                                   " against all"));
  for (int axis = 0; axis < space->dimensions(); ++axis) {
    *response.add_parameters() = Judge(*space, axis, all);
  }
  MakeShares(response);
  std::stable_sort(response.mutable_parameters()->begin(), response.mutable_parameters()->end(),
                   [](const auto& a, const auto& b) { return a.importance() > b.importance(); });
  return response;
}

}  // namespace caviar::analysis
