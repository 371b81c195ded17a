// Values that a person wrote by hand, and those that stand in for what was not written.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_DEFAULTS_H_
#define CAVIAR_SERVER_SEARCH_SPACE_DEFAULTS_H_

#include "server/search_space/search_space.h"

namespace caviar::search_space {

// `given` in the type that the parameter has it in, where that is another one: 1 of a double is
// 1.0, 64.0 of an int is 64, and one of `values` is what equals it there. Anything else comes back
// as it is, whether the parameter can take it or not.
v1::Value OfItsType(const v1::Parameter& parameter, const v1::Value& given);

// Adds to a configuration that a person wrote: each value gets its parameter's type, and every
// active parameter without one its fixed value or its default, where it has either.
void Complete(const SearchSpace& space, Configuration& configuration);

// Whether a parameter of the space has a default.
bool HasDefaults(const SearchSpace& space);

// The configuration of the defaults. Parameters without one are at the middle of their axis; bools
// and categoricals, which have none, at their first value.
Configuration DefaultConfiguration(const SearchSpace& space);

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_DEFAULTS_H_
