// The search space: parameters and the unit cube.
//
// This room checks the definition of a space, maps configurations to points of the unit cube and
// back, and decides which parameters are active. It knows the messages of proto and nothing else:
// no sampler, no clock, no storage.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_SEARCH_SPACE_H_
#define CAVIAR_SERVER_SEARCH_SPACE_SEARCH_SPACE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/search_space.pb.h"
#include "google/protobuf/repeated_field.h"
#include "server/search_space/model_space.h"

namespace caviar::search_space {

// One value for every active parameter, by name.
using Configuration = std::map<std::string, v1::Value>;

// What is wrong with the definition of a space; empty: nothing. Field paths are those of the study
// file: "parameters.NAME.min", "linear_constraints[0]".
std::vector<v1::FieldViolation> Validate(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& linear_constraints = {});

// Whether the parameter is active where the configuration has all its parents that are.
bool IsActive(const v1::Parameter& parameter, const Configuration& configuration);

// Immutable and thread safe after construction.
class SearchSpace {
 public:
  // INVALID_ARGUMENT with the first violation.
  static absl::StatusOr<SearchSpace> Create(
      const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
      const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& linear_constraints = {});

  // Number of axes.
  int dimensions() const;
  // The parameters, in the study's order.
  const std::vector<v1::Parameter>& parameters() const;
  // Their indices, every parent before its children and else in the study's order.
  const std::vector<int>& parents_first() const { return order_; }
  const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& linear_constraints() const {
    return linear_constraints_;
  }
  // The parameter that is axis `axis`.
  const v1::Parameter& axis(int axis) const;

  // The same space as models see it.
  const ModelSpace& model() const { return model_; }

  // The configuration at a point: every active parameter, fixed ones included. Coordinates are
  // clamped to [0, 1]; 0 and 1 give min and max exactly (for a step: the largest value not above
  // max).
  Configuration ToConfiguration(const Point& point) const;

  // The point of a configuration. Ints, bools, categoricals and ordinals map to their cells'
  // middle; inactive axes to 0.5. INVALID_ARGUMENT with all that are missing, unknown, inactive or
  // out of range; nothing is said of parameters that depend on one of those. Linear constraints may
  // be broken: model().Allows says so.
  absl::StatusOr<Point> ToPoint(const Configuration& configuration) const;

 private:
  SearchSpace() = default;
  std::vector<v1::Parameter> parameters_;
  google::protobuf::RepeatedPtrField<v1::LinearConstraint> linear_constraints_;
  std::vector<int> axes_;   // index into parameters_, by axis
  std::vector<int> order_;  // parameters, every parent before its children
  ModelSpace model_;
};

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_SEARCH_SPACE_H_
