// Linear constraints between the values of axes and fixed parameters.
#include <cmath>
#include <map>

#include "server/search_space/axis.h"
#include "server/search_space/linear_constraints.h"
#include "server/search_space/model_space.h"

namespace caviar::search_space {

void ModelSpace::AddConstraints(
    const std::vector<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints) {
  std::map<std::string, const v1::Parameter*> named;
  for (const v1::Parameter& parameter : parameters) named[parameter.name()] = &parameter;
  for (const v1::LinearConstraint& definition : constraints) {
    Constraint& constraint = constraints_.emplace_back();
    constraint.definition = definition;
    // By name, so that sums have the same bits in every process.
    const std::map<std::string, double> terms(definition.coefficients().begin(),
                                              definition.coefficients().end());
    for (const auto& [name, coefficient] : terms) {
      const v1::Parameter& parameter = *named.at(name);
      Term& term = constraint.terms.emplace_back();
      term.coefficient = coefficient;
      if (parameter.has_value()) {
        term.fixed = AsNumber(parameter.value()).value();
        term.conditions = ConditionsOf(parameter, named);
        continue;
      }
      while (axes_[static_cast<size_t>(++term.axis)].parameter.name() != name) {
      }
    }
  }
}

bool ModelSpace::Allows(const Point& point) const {
  if (constraints_.empty()) return true;
  const std::vector<bool> active = Active(point);
  for (const Constraint& constraint : constraints_) {
    double sum = 0, size = 0;
    bool binds = true;
    for (const Term& term : constraint.terms) {
      const auto i = static_cast<size_t>(term.axis);
      binds = term.axis < 0 ? Hold(term.conditions, point, active) : active[i];
      if (!binds) break;
      const double number =
          term.axis < 0 ? term.fixed : AsNumber(ValueAt(axes_[i].parameter, point[i])).value();
      sum += term.coefficient * number;
      size += std::abs(term.coefficient * number);
    }
    if (binds && !IsWithin(constraint.definition, sum, size)) return false;
  }
  return true;
}

}  // namespace caviar::search_space
