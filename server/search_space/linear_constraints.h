// What is wrong with the definition of linear constraints. Whether a configuration keeps them is
// ModelSpace::Allows. Internal to this room.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_LINEAR_CONSTRAINTS_H_
#define CAVIAR_SERVER_SEARCH_SPACE_LINEAR_CONSTRAINTS_H_

#include <vector>

#include "caviar/v1/request.pb.h"
#include "caviar/v1/search_space.pb.h"
#include "google/protobuf/repeated_field.h"

namespace caviar::search_space {

inline constexpr int kMaxLinearConstraints = 64;
// In all of them together: samplers look at each for every point that they think of.
inline constexpr int kMaxLinearTerms = 512;

// Unknown names, parameters that are no numbers, bounds that are missing or that no configuration
// keeps by its ranges alone. The parameters are valid. Field paths are "linear_constraints[0]".
void CheckLinearConstraints(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters,
    const google::protobuf::RepeatedPtrField<v1::LinearConstraint>& constraints,
    std::vector<v1::FieldViolation>& violations);

// Whether `sum` is within the bounds, up to what rounding does to a sum whose terms have the sizes
// that add up to `size`.
bool IsWithin(const v1::LinearConstraint& constraint, double sum, double size);

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_LINEAR_CONSTRAINTS_H_
