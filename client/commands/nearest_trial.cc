#include "client/commands/nearest_trial.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "caviar/v1/objectives.h"
#include "client/commands/outcome_text.h"
#include "client/commands/trial_pages.h"

namespace caviar::commands {
namespace {

// By how much the trial breaks each constraint, >= 0; NaN where that cannot be said.
std::vector<double> Excesses(const v1::Study& study, const v1::Trial& trial) {
  std::vector<double> excesses;
  for (const v1::Constraint& constraint : study.constraints()) {
    const auto value = MetricOf(study, trial, constraint.metric());
    const double excess =
        value ? vocabulary::Excess(constraint, *value) : std::numeric_limits<double>::quiet_NaN();
    excesses.push_back(std::isnan(excess) ? excess : std::max(excess, 0.0));
  }
  return excesses;
}

}  // namespace

const v1::Trial* Nearest(const v1::Study& study, const std::vector<v1::Trial>& trials) {
  std::vector<std::vector<double>> excesses;
  std::vector<double> most(static_cast<size_t>(study.constraints_size()), 0);
  for (const v1::Trial& trial : trials) {
    excesses.push_back(Excesses(study, trial));
    for (size_t i = 0; i < most.size(); ++i) {
      if (excesses.back()[i] > most[i]) most[i] = excesses.back()[i];
    }
  }
  const v1::Trial* nearest = nullptr;
  double least = 0;
  for (size_t trial = 0; trial < trials.size(); ++trial) {
    double sum = 0;
    for (size_t i = 0; i < most.size(); ++i) {
      const double excess = excesses[trial][i];
      if (std::isnan(excess)) {
        sum += 1;
      } else if (excess > 0) {
        sum += excess / most[i];
      }
    }
    if (nearest != nullptr && sum >= least) continue;
    nearest = &trials[trial];
    least = sum;
  }
  return nearest;
}

absl::StatusOr<std::string> NearestText(client::Client& client, const v1::Study& study) {
  v1::ListTrialsRequest request;
  request.set_study(study.name());
  request.set_page_size(1000);
  request.add_states(v1::Trial::COMPLETED);
  std::vector<v1::Trial> trials;
  const absl::Status listed = ForEachTrial(client, request, [&](const v1::Trial& trial) {
    trials.push_back(trial);
    return true;
  });
  if (!listed.ok()) return listed;
  const v1::Trial* nearest = Nearest(study, trials);
  if (nearest == nullptr) return "no completed trial";
  return absl::StrCat("no trial keeps the constraints; the nearest is trial ", nearest->number(),
                      ": ", OutcomeText(study, *nearest));
}

}  // namespace caviar::commands
