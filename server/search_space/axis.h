// One parameter and its axis: values <-> coordinates in [0, 1]. Internal to this room, for
// parameters that passed validation and have no fixed value.
//
// A real number is f^-1(f(min) + u * (f(max) - f(min))) with f of its scale:
//   linear x; log log(x); one_minus_log -log(1 - x); logit log(x / (1 - x)).
// Everything else owns cells: a whole number n the cell from f(n - 1/2) to f(n + 1/2) on the axis
// from f(min - 1/2) to f(max + 1/2); the values of a step grid, of bool, categorical and ordinal
// equal cells.
#ifndef CAVIAR_SERVER_SEARCH_SPACE_AXIS_H_
#define CAVIAR_SERVER_SEARCH_SPACE_AXIS_H_

#include <cstdint>
#include <optional>

#include "caviar/v1/search_space.pb.h"

namespace caviar::search_space {

// The value at `coordinate`, which is clamped to [0, 1]. Never leaves the range; 0 and 1 give the
// first and the last value exactly. Does not fall where the coordinate grows.
v1::Value ValueAt(const v1::Parameter& parameter, double coordinate);

// A coordinate whose value is `value`: the middle of its cell. nullopt: the parameter cannot take
// it. A real number that no coordinate gives exactly (between two that coordinates give) gets the
// nearest.
std::optional<double> CoordinateOf(const v1::Parameter& parameter, const v1::Value& value);

// The axis' values in their order, counted from 0; infinitely many for real numbers, to which the
// two others do not apply. `index` is in [0, count).
double ValueCount(const v1::Parameter& parameter);
// Of the value that ValueAt gives.
int64_t IndexAt(const v1::Parameter& parameter, double coordinate);
// What CoordinateOf gives for that value.
double MiddleOf(const v1::Parameter& parameter, int64_t index);

// f of a scale, defined as above; `x` is where the scale is.
double OnScale(v1::Parameter::Scale scale, double x);

// The number of steps of the grid min + k * step (a linear int's own step is 1) to its largest
// value that is not above max, where one that misses max by rounding counts as max. Above 2^53: the
// step is too small. For numbers with a step, and linear ints.
double LastGridIndex(const v1::Parameter& parameter);

// A number as double; nullopt: not a number.
std::optional<double> AsNumber(const v1::Value& value);

}  // namespace caviar::search_space

#endif  // CAVIAR_SERVER_SEARCH_SPACE_AXIS_H_
