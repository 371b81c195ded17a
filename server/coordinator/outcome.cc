#include "server/coordinator/outcome.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"

namespace caviar::coordinator {
namespace {

constexpr char kNotFinite[] = "the objective is not finite";
constexpr char kNoObjective[] = "no measurement of the objective";
constexpr char kNoConstraint[] = "no measurement of the constraint";

Outcome Failed(std::string message) {
  return {v1::Trial::FAILED, std::move(message), 0, 0, {}, {}};
}

Outcome NotFinite(const std::string& metric, double value, int64_t step) {
  return {v1::Trial::INFEASIBLE,
          absl::StrFormat("%s: %s is %g at step %d", kNotFinite, metric, value, step),
          0,
          0,
          {},
          {}};
}

// The step that counts for the only objective; nullopt: there is no value. It is not finite only
// where no finite value counts.
std::optional<Curve::value_type> PickMeasurement(const v1::Objective& objective,
                                                 const Curve& values) {
  if (values.empty()) return std::nullopt;
  const Curve::value_type last = *values.rbegin();
  if (objective.value() == v1::Objective::LAST) return last;
  const Curve::value_type* best = nullptr;
  for (const Curve::value_type& one : values) {
    if (!std::isfinite(one.second)) continue;
    if (best == nullptr ||
        vocabulary::Loss(objective, one.second) < vocabulary::Loss(objective, best->second)) {
      best = &one;
    }
  }
  return best != nullptr ? *best : last;
}

// nullptr: it was never measured.
const Curve* FindCurve(const Curves& curves, const std::string& metric) {
  const auto found = curves.find(metric);
  return found == curves.end() || found->second.empty() ? nullptr : &found->second;
}

Outcome ReadOneObjective(const v1::Study& study, const Curve& curve) {
  const std::string& metric = study.objective().metric();
  const auto picked = PickMeasurement(study.objective(), curve);
  if (!picked) {
    return Failed(absl::StrCat(kNoObjective, " '", metric,
                               "' was reported; the trainer has to report it at least once"));
  }
  if (!std::isfinite(picked->second)) return NotFinite(metric, picked->second, picked->first);
  Outcome outcome;
  outcome.step = picked->first;
  outcome.objective = picked->second;
  return outcome;
}

std::string LacksStep(const std::vector<v1::Objective>& objectives) {
  const auto name = [](std::string* out, const v1::Objective& objective) {
    absl::StrAppend(out, "'", objective.metric(), "'");
  };
  return absl::StrCat(kNoObjective, "s ", absl::StrJoin(objectives, ", ", name),
                      " at one and the same step was reported; the trainer has to report them "
                      "together at least once");
}

Outcome ReadSeveralObjectives(const v1::Study& study, const Curve& first, const Curves& others) {
  const std::vector<v1::Objective> objectives = vocabulary::ObjectivesOf(study);
  std::vector<const Curve*> curves = {&first};
  for (size_t i = 1; i < objectives.size(); ++i) {
    curves.push_back(FindCurve(others, objectives[i].metric()));
    if (curves.back() == nullptr) return Failed(LacksStep(objectives));
  }
  const auto last = std::find_if(first.rbegin(), first.rend(), [&](const auto& one) {
    return std::all_of(curves.begin(), curves.end(),
                       [&](const Curve* curve) { return curve->contains(one.first); });
  });
  if (last == first.rend()) return Failed(LacksStep(objectives));
  Outcome outcome;
  outcome.step = last->first;
  outcome.objective = last->second;
  for (size_t i = 0; i < objectives.size(); ++i) {
    const double value = curves[i]->at(outcome.step);
    if (!std::isfinite(value)) return NotFinite(objectives[i].metric(), value, outcome.step);
    outcome.values[objectives[i].metric()] = value;
  }
  return outcome;
}

// The newest value up to `step`, or else the first one after it.
double ValueNear(const Curve& curve, int64_t step) {
  const auto after = curve.upper_bound(step);
  return after == curve.begin() ? after->second : std::prev(after)->second;
}

Outcome WithConstraints(const v1::Study& study, const Curves& others, Outcome outcome) {
  if (outcome.state != v1::Trial::COMPLETED || study.constraints().empty()) return outcome;
  if (!vocabulary::HasSeveralObjectives(study)) {
    outcome.values[study.objective().metric()] = outcome.objective;
  }
  outcome.feasible = true;
  for (const v1::Constraint& constraint : study.constraints()) {
    const Curve* curve = FindCurve(others, constraint.metric());
    if (curve == nullptr) {
      return Failed(absl::StrCat(kNoConstraint, " '", constraint.metric(),
                                 "' was reported; the trainer has to report it at least once"));
    }
    const double value = ValueNear(*curve, outcome.step);
    outcome.values[constraint.metric()] = value;
    // Written so that NaN keeps none.
    if (!(vocabulary::Excess(constraint, value) <= 0)) outcome.feasible = false;
  }
  return outcome;
}

}  // namespace

Outcome ReadOutcome(const v1::Study& study, const Curve& objective, const Curves& others) {
  return WithConstraints(study, others,
                         vocabulary::HasSeveralObjectives(study)
                             ? ReadSeveralObjectives(study, objective, others)
                             : ReadOneObjective(study, objective));
}

Outcome OutcomeOf(const v1::Study& study, const google::protobuf::Map<std::string, double>& told,
                  int64_t step) {
  Curves curves;
  for (const auto& [metric, value] : told) curves[metric] = {{step, value}};
  return ReadOutcome(study, curves[vocabulary::FirstObjective(study).metric()], curves);
}

absl::Status CheckTold(const v1::Study& study,
                       const google::protobuf::Map<std::string, double>& told) {
  const auto check = [&](const std::string& metric, const char* what) {
    if (told.contains(metric)) return absl::OkStatus();
    return error::InvalidField(
        "completed.metrics",
        absl::StrCat("lack the study's ", what, " '", metric, "'; tell it as ", metric, "=VALUE"));
  };
  for (const v1::Objective& objective : vocabulary::ObjectivesOf(study)) {
    if (absl::Status status = check(objective.metric(), "objective"); !status.ok()) return status;
  }
  for (const v1::Constraint& constraint : study.constraints()) {
    if (absl::Status status = check(constraint.metric(), "constraint"); !status.ok()) return status;
  }
  return absl::OkStatus();
}

bool CameTo(const storage::TrialRow& row, const v1::Study& study,
            const google::protobuf::Map<std::string, double>& told) {
  const Outcome outcome = OutcomeOf(study, told, 0);
  if (row.state != outcome.state) return false;
  if (row.state == v1::Trial::INFEASIBLE) return IsWhyNotCompleted(row.message);
  return row.objective == outcome.objective && storage::AreSame(row.outcome, outcome.values);
}

bool IsWhyNotCompleted(absl::string_view message) {
  return absl::StartsWith(message, kNotFinite) || absl::StartsWith(message, kNoObjective) ||
         absl::StartsWith(message, kNoConstraint);
}

}  // namespace caviar::coordinator
