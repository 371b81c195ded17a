#include "server/search_space/axis.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "caviar/v1/vocabulary.h"

namespace caviar::search_space {
namespace {

// The inverse of OnScale.
double Backward(v1::Parameter::Scale scale, double y) {
  switch (scale) {
    case v1::Parameter::LOG:
      return std::exp(y);
    case v1::Parameter::ONE_MINUS_LOG:
      return -std::expm1(-y);
    case v1::Parameter::LOGIT:
      return y < 0 ? std::exp(y) / (1 + std::exp(y)) : 1 / (1 + std::exp(-y));
    default:
      return y;
  }
}

// (y - low) / (high - low) in [0, 1], without overflow.
double Share(double low, double high, double y) {
  const double share = std::isfinite(high - low) ? (y - low) / (high - low)
                                                 : (y / 2 - low / 2) / (high / 2 - low / 2);
  return std::clamp(share, 0.0, 1.0);
}

// Whether the values are a grid of equal cells.
bool HasGrid(const v1::Parameter& p) {
  return p.has_step() || (p.type() == v1::Parameter::INT && p.scale() != v1::Parameter::LOG);
}

double GridValue(const v1::Parameter& p, double k, double last) {
  if (k == 0) return p.min();
  if (p.type() == v1::Parameter::INT) {  // exact beyond 2^53 too
    const int64_t step = p.has_step() ? static_cast<int64_t>(p.step()) : 1;
    return static_cast<double>(static_cast<int64_t>(p.min()) + static_cast<int64_t>(k) * step);
  }
  const double x = p.min() + k * p.step();
  const double slack = p.step() * 1e-3;
  if (k == last && std::abs(x - p.max()) < slack) return p.max();
  // 0.1 + 2 * 0.1 is meant to be 0.3 and not 0.30000000000000004.
  char text[32];
  std::snprintf(text, sizeof(text), "%.15g", x);
  const double round = std::strtod(text, nullptr);
  return std::min(std::abs(round - x) < p.step() * 1e-6 ? round : x, p.max());
}

double GridIndexAt(double u, double last) { return std::min(std::floor(u * (last + 1)), last); }

double NumberAt(const v1::Parameter& p, double u) {
  if (HasGrid(p)) {
    const double last = LastGridIndex(p);
    return GridValue(p, GridIndexAt(u, last), last);
  }
  if (u == 0) return p.min();
  if (u == 1) return p.max();
  const double half = p.type() == v1::Parameter::INT ? 0.5 : 0;
  const double y =
      std::lerp(OnScale(p.scale(), p.min() - half), OnScale(p.scale(), p.max() + half), u);
  const double x = Backward(p.scale(), y);
  return std::clamp(half == 0 ? x : std::floor(x + half), p.min(), p.max());
}

// About the coordinate of x: rounding may have moved it over a cell's edge.
double NumberCoordinate(const v1::Parameter& p, double x) {
  if (HasGrid(p)) {
    const double last = LastGridIndex(p);
    const double k = std::round(Share(p.min(), GridValue(p, last, last), x) * last);
    return (k + 0.5) / (last + 1);
  }
  if (p.type() == v1::Parameter::INT) {
    const double y = (OnScale(p.scale(), x - 0.5) + OnScale(p.scale(), x + 0.5)) / 2;
    return Share(OnScale(p.scale(), p.min() - 0.5), OnScale(p.scale(), p.max() + 0.5), y);
  }
  if (x == p.min()) return 0;
  if (x == p.max()) return 1;
  return Share(OnScale(p.scale(), p.min()), OnScale(p.scale(), p.max()), OnScale(p.scale(), x));
}

// A coordinate near `guess` that gives x, where there is one; else `guess`. Values do not fall
// along the axis, so the first coordinate that reaches x is found by halving; positive doubles
// are ordered as their bits are.
double Refine(const v1::Parameter& p, double guess, double x) {
  if (NumberAt(p, guess) == x) return guess;
  uint64_t low = 0, high = std::bit_cast<uint64_t>(1.0);
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (NumberAt(p, std::bit_cast<double>(middle)) < x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const double first = std::bit_cast<double>(low);
  return NumberAt(p, first) == x ? first : guess;
}

bool IsNumber(const v1::Parameter& p) {
  return p.type() == v1::Parameter::DOUBLE || p.type() == v1::Parameter::INT;
}

// Written so that NaN is 0.
double ToUnit(double coordinate) { return coordinate > 0 ? std::min(coordinate, 1.0) : 0.0; }

int CellAt(double coordinate, int cells) {
  return std::min(static_cast<int>(coordinate * cells), cells - 1);
}

}  // namespace

double OnScale(v1::Parameter::Scale scale, double x) {
  switch (scale) {
    case v1::Parameter::LOG:
      return std::log(x);
    case v1::Parameter::ONE_MINUS_LOG:
      return -std::log1p(-x);
    case v1::Parameter::LOGIT:
      return std::log(x) - std::log1p(-x);
    default:
      return x;
  }
}

double ValueCount(const v1::Parameter& p) {
  if (p.type() == v1::Parameter::BOOL) return 2;
  if (HasGrid(p)) return LastGridIndex(p) + 1;
  if (p.type() == v1::Parameter::INT) return p.max() - p.min() + 1;
  if (p.type() == v1::Parameter::DOUBLE) return std::numeric_limits<double>::infinity();
  return p.values_size();
}

int64_t IndexAt(const v1::Parameter& p, double coordinate) {
  const double u = ToUnit(coordinate);
  if (!IsNumber(p)) return CellAt(u, static_cast<int>(ValueCount(p)));
  if (HasGrid(p)) return static_cast<int64_t>(GridIndexAt(u, LastGridIndex(p)));
  return static_cast<int64_t>(NumberAt(p, u)) - static_cast<int64_t>(p.min());
}

double MiddleOf(const v1::Parameter& p, int64_t index) {
  if (!IsNumber(p)) return (static_cast<double>(index) + 0.5) / ValueCount(p);
  const double x = HasGrid(p) ? GridValue(p, static_cast<double>(index), LastGridIndex(p))
                              : p.min() + static_cast<double>(index);
  return Refine(p, NumberCoordinate(p, x), x);
}

double LastGridIndex(const v1::Parameter& p) {
  if (p.type() == v1::Parameter::INT) {
    const int64_t range = static_cast<int64_t>(p.max()) - static_cast<int64_t>(p.min());
    return static_cast<double>(p.has_step() ? range / static_cast<int64_t>(p.step()) : range);
  }
  const double range = p.max() - p.min();
  const double steps =
      std::isfinite(range) ? range / p.step() : p.max() / p.step() - p.min() / p.step();
  const double nearest = std::round(steps);
  const double slack = std::min(1e-9 + std::abs(steps) * 1e-15, 1e-3);
  return std::abs(steps - nearest) <= slack ? nearest : std::floor(steps);
}

std::optional<double> AsNumber(const v1::Value& value) {
  if (value.kind_case() == v1::Value::kDoubleValue) return value.double_value();
  if (value.kind_case() == v1::Value::kIntValue) return static_cast<double>(value.int_value());
  return std::nullopt;
}

v1::Value ValueAt(const v1::Parameter& parameter, double coordinate) {
  const double u = ToUnit(coordinate);
  v1::Value value;
  switch (parameter.type()) {
    case v1::Parameter::BOOL:
      value.set_bool_value(CellAt(u, 2) == 1);
      return value;
    case v1::Parameter::INT:
      value.set_int_value(static_cast<int64_t>(NumberAt(parameter, u)));
      return value;
    case v1::Parameter::DOUBLE:
      value.set_double_value(NumberAt(parameter, u));
      return value;
    default:
      return parameter.values(CellAt(u, parameter.values_size()));
  }
}

std::optional<double> CoordinateOf(const v1::Parameter& parameter, const v1::Value& value) {
  if (parameter.type() == v1::Parameter::BOOL) {
    if (value.kind_case() != v1::Value::kBoolValue) return std::nullopt;
    return value.bool_value() ? 0.75 : 0.25;
  }
  if (!IsNumber(parameter)) {
    const std::string key = vocabulary::ValueKey(value);
    for (int i = 0; i < parameter.values_size(); ++i) {
      if (vocabulary::ValueKey(parameter.values(i)) == key) {
        return (i + 0.5) / parameter.values_size();
      }
    }
    return std::nullopt;
  }
  const std::optional<double> x = AsNumber(value);
  // Written so that NaN is refused.
  if (!x || !(*x >= parameter.min() && *x <= parameter.max())) return std::nullopt;
  if (parameter.type() == v1::Parameter::INT && *x != std::floor(*x)) return std::nullopt;
  const double coordinate = Refine(parameter, NumberCoordinate(parameter, *x), *x);
  if (parameter.has_step()) {
    // A value written by hand may miss the grid by rounding, and no more.
    const double found = NumberAt(parameter, coordinate);
    const double slack = parameter.type() == v1::Parameter::INT ? 0 : parameter.step() * 1e-6;
    if (!(std::abs(found - *x) <= slack)) return std::nullopt;
  }
  return coordinate;
}

}  // namespace caviar::search_space
