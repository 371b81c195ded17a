// Linear constraints as people write them: "units_1 >= 2 * units_2", "0 <= a + b <= 1".
#ifndef CAVIAR_PROTO_CAVIAR_V1_LINEAR_CONSTRAINT_TEXT_H_
#define CAVIAR_PROTO_CAVIAR_V1_LINEAR_CONSTRAINT_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/search_space.pb.h"

namespace caviar::vocabulary {

// Two sides with <=, >= or == between them, or a sum between two numbers. A side is a sum of terms
// with spaces around + and -, since names may hold a "-": a number, a name, or both ("2 * a",
// "2 a", "a * 2"). What stands on both sides is brought to one. INVALID_ARGUMENT says what is
// wrong.
absl::StatusOr<v1::LinearConstraint> ParseLinearConstraint(absl::string_view text);

// By name: "units_1 - 2 * units_2 >= 0". ParseLinearConstraint gives the same constraint back.
std::string FormatLinearConstraint(const v1::LinearConstraint& constraint);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_LINEAR_CONSTRAINT_TEXT_H_
