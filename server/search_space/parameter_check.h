// What is wrong with one parameter by itself. Internal to this room.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_PARAMETER_CHECK_H_
#define CAVIAR_SERVER_SEARCH_SPACE_PARAMETER_CHECK_H_

#include <string>
#include <vector>

#include "caviar/v1/request.pb.h"
#include "caviar/v1/search_space.pb.h"

namespace caviar::search_space {

// Of a categorical or ordinal parameter, and of a condition.
inline constexpr int kMaxValues = 1000;

void AddViolation(std::vector<v1::FieldViolation>& violations, std::string field,
                  std::string description);

// Type, bounds, scale, step, values and default; not its conditions. The name is valid.
void CheckParameter(const v1::Parameter& parameter, std::vector<v1::FieldViolation>& violations);

// What is wrong with a name, or with a value by itself; "": nothing.
std::string CheckName(const std::string& name);
std::string CheckValue(const v1::Value& value);

// What the parameter may be, for people: "a whole number from 1 to 8".
std::string ValuesText(const v1::Parameter& parameter);

// As a person would write it.
std::string FormatNumber(double number);

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_PARAMETER_CHECK_H_
