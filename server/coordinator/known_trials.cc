#include "server/coordinator/known_trials.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/vocabulary.h"
#include "server/search_space/defaults.h"

namespace caviar::coordinator {
namespace {

constexpr int kMaxKnownTrials = 100;

bool AreEqual(const search_space::Configuration& a, const search_space::Configuration& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return one.first == other.first &&
           vocabulary::ValueKey(one.second) == vocabulary::ValueKey(other.second);
  });
}

}  // namespace

search_space::Configuration ToConfiguration(
    const search_space::SearchSpace& space,
    const google::protobuf::Map<std::string, v1::Value>& given) {
  search_space::Configuration configuration(given.begin(), given.end());
  search_space::Complete(space, configuration);
  return configuration;
}

std::vector<KnownConfiguration> ListKnown(const v1::Study& study,
                                          const search_space::SearchSpace& space) {
  std::vector<KnownConfiguration> known;
  for (const v1::KnownTrial& trial : study.trials()) {
    known.push_back({ToConfiguration(space, trial.parameters()), v1::Trial::KNOWN});
  }
  if (!search_space::HasDefaults(space)) return known;
  KnownConfiguration defaults{search_space::DefaultConfiguration(space), v1::Trial::DEFAULT};
  const bool named = std::any_of(known.begin(), known.end(), [&](const KnownConfiguration& one) {
    return AreEqual(one.configuration, defaults.configuration);
  });
  if (!named) known.insert(known.begin(), std::move(defaults));
  return known;
}

void CheckKnownTrials(const v1::Study& study, Violations& violations) {
  if (study.trials_size() > kMaxKnownTrials) {
    return violations.Add(
        "trials", absl::StrCat(study.trials_size(), " are too many; at most ", kMaxKnownTrials));
  }
  const auto space =
      search_space::SearchSpace::Create(study.parameters(), study.linear_constraints());
  if (!space.ok()) return;
  if (search_space::HasDefaults(*space) &&
      !space->model().Allows(space->ToPoint(search_space::DefaultConfiguration(*space)).value())) {
    violations.Add("parameters",
                   "have defaults that, with the others at their middle, break the study's "
                   "linear_constraints; give all parameters that these name a default");
  }
  for (int i = 0; i < study.trials_size(); ++i) {
    const auto point = space->ToPoint(ToConfiguration(*space, study.trials(i).parameters()));
    if (point.ok() && !space->model().Allows(*point)) {
      violations.Add(absl::StrCat("trials[", i, "]"), kBreaksConstraints);
    }
    const auto detail = error::Detail(point.status());
    if (!detail) continue;
    for (const v1::FieldViolation& wrong : detail->field_violations()) {
      violations.Add(
          absl::StrCat("trials[", i, "]", absl::StripPrefix(wrong.field(), "parameters")),
          wrong.description());
    }
  }
}

}  // namespace caviar::coordinator
