#include "server/coordinator/warm_start.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"
#include "server/sampling/trial_order.h"
#include "server/search_space/defaults.h"

namespace caviar::coordinator {
namespace {

std::string GoalOf(const v1::Objective& objective) {
  return absl::StrCat(absl::AsciiStrToLower(v1::Objective::Goal_Name(objective.goal())), " ",
                      objective.metric());
}

// What is wrong with learning from a study at all; "": nothing.
std::string Mismatch(const v1::Study& study, const v1::Study& earlier) {
  const std::string name = absl::StrCat("study '", earlier.name(), "'");
  if (vocabulary::HasSeveralObjectives(earlier)) {
    return absl::StrCat(name, " has several objectives; only a study with one can be learned from");
  }
  if (GoalOf(study.objective()) != GoalOf(earlier.objective())) {
    return absl::StrCat(name, " has the objective ", GoalOf(earlier.objective()), ", this one has ",
                        GoalOf(study.objective()),
                        "; only a study with the same one can be learned from");
  }
  std::set<std::string> known;
  for (const v1::Parameter& parameter : earlier.parameters()) known.insert(parameter.name());
  const auto& parameters = study.parameters();
  if (std::none_of(parameters.begin(), parameters.end(), [&known](const auto& parameter) {
        return !parameter.has_value() && known.contains(parameter.name());
      })) {
    return absl::StrCat(name, " has no parameter in common with this one");
  }
  return "";
}

// Indices of its COMPLETED, feasible observations in the history: all, or the best and the latest.
std::vector<size_t> Choose(const StudyState& earlier, size_t share) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < earlier.history.size(); ++i) {
    const sampling::Observation& observation = earlier.history[i];
    if (observation.state == v1::Trial::COMPLETED && sampling::IsFeasible(observation)) {
      chosen.push_back(i);
    }
  }
  if (chosen.size() <= share) return chosen;
  const auto best = chosen.begin() + static_cast<std::ptrdiff_t>(share - share / 2);
  std::nth_element(chosen.begin(), best, chosen.end(), [&earlier](size_t a, size_t b) {
    return std::pair(earlier.history[a].value, a) < std::pair(earlier.history[b].value, b);
  });
  std::sort(best, chosen.end(), std::greater<>());
  chosen.resize(share);
  return chosen;
}

// A configuration of another space as one of this. The status says what is wrong with the
// parameter that does not fit.
absl::StatusOr<search_space::Configuration> Translate(const search_space::SearchSpace& space,
                                                      const search_space::Configuration& other) {
  search_space::Configuration configuration;
  for (const v1::Parameter& parameter : space.parameters()) {
    const auto value = other.find(parameter.name());
    if (value != other.end()) configuration.insert(*value);
  }
  search_space::Complete(space, configuration);
  // With a parent, what hangs on it becomes inactive.
  for (const int index : space.parents_first()) {
    const v1::Parameter& parameter = space.parameters()[static_cast<size_t>(index)];
    if (!search_space::IsActive(parameter, configuration)) configuration.erase(parameter.name());
  }
  const absl::Status fits = space.ToPoint(configuration).status();
  if (!fits.ok()) return fits;
  return configuration;
}

// Values get the mean 0 and the standard deviation 1; where all are equal they are 0. In long
// double, whose range holds the squares of what doubles can be.
void Standardize(std::vector<storage::WarmStartTrialRow>& rows) {
  const auto count = static_cast<long double>(rows.size());
  long double sum = 0, squares = 0;
  for (const auto& row : rows) sum += row.value;
  const long double mean = sum / count;
  for (const auto& row : rows) squares += (row.value - mean) * (row.value - mean);
  const long double deviation = std::sqrt(squares / count);
  constexpr double kMost = std::numeric_limits<double>::max();
  for (auto& row : rows) {
    if (deviation == 0) {
      row.value = 0;
      row.variance.reset();
      continue;
    }
    row.value = static_cast<double>((row.value - mean) / deviation);
    if (row.variance) {
      row.variance =
          static_cast<double>(std::min<long double>(*row.variance / deviation / deviation, kMost));
    }
  }
}

// Those of one study; INVALID_ARGUMENT where none is of use.
absl::StatusOr<std::vector<storage::WarmStartTrialRow>> CopyFrom(
    const StudyState& earlier, const search_space::SearchSpace& space, size_t share, int source) {
  std::vector<storage::WarmStartTrialRow> rows;
  absl::Status why;
  for (const size_t i : Choose(earlier, share)) {
    const sampling::Observation& observation = earlier.history[i];
    const auto index = static_cast<size_t>(observation.number);
    const int32_t first = earlier.configurations[index].trials.front();
    auto configuration =
        Translate(space, earlier.trials[static_cast<size_t>(first)].row.parameters);
    if (!configuration.ok()) {
      if (why.ok()) why = configuration.status();
      continue;
    }
    rows.push_back(
        {0, source, first, *std::move(configuration), observation.value, observation.variance});
  }
  if (rows.empty()) {
    return error::InvalidField(
        absl::StrCat("warm_start[", source, "]"),
        why.ok() ? absl::StrCat("study '", earlier.row.definition.name(),
                                "' has no completed trial to learn from")
                 : absl::StrCat("no trial of study '", earlier.row.definition.name(),
                                "' is one of this study's space; the first that was looked at: ",
                                std::string(why.message())));
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  Standardize(rows);
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<storage::WarmStartTrialRow>> CopyTrials(
    v1::Study& definition, const search_space::SearchSpace& space,
    const std::vector<const StudyState*>& earlier) {
  std::vector<storage::WarmStartTrialRow> all;
  for (size_t i = 0; i < earlier.size(); ++i) {
    const StudyState& from = *earlier[i];
    const int source = static_cast<int>(i);
    if (std::string wrong = Mismatch(definition, from.row.definition); !wrong.empty()) {
      return error::InvalidField(absl::StrCat("warm_start[", i, "]"), std::move(wrong));
    }
    auto rows = CopyFrom(from, space, kMaxWarmStartTrials / earlier.size(), source);
    if (!rows.ok()) return rows.status();
    definition.add_warm_start_trials(static_cast<int32_t>(rows->size()));
    definition.add_warm_start_completed(
        static_cast<int32_t>(Choose(from, std::numeric_limits<size_t>::max()).size()));
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<std::shared_ptr<const WarmStart>> ToObservations(
    const search_space::SearchSpace& space, const std::vector<storage::WarmStartTrialRow>& rows) {
  auto all = std::make_shared<WarmStart>();
  for (const storage::WarmStartTrialRow& row : rows) {
    auto point = space.ToPoint(row.parameters);
    if (!point.ok()) {
      return absl::DataLossError(absl::StrCat("study ", row.study_id, ", warm_start trial ",
                                              row.number, ": ",
                                              std::string(point.status().message())));
    }
    all->resize(std::max(all->size(), static_cast<size_t>(row.source) + 1));
    sampling::Observation& observation = all->back().emplace_back();
    observation.number = row.number;
    observation.value = row.value;
    observation.variance = row.variance;
    observation.point = *std::move(point);
  }
  return std::shared_ptr<const WarmStart>(std::move(all));
}

}  // namespace caviar::coordinator
