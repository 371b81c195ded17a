// A trial's curve over all its attempts.
//
// An attempt that went on from a checkpoint carries its parent's curve on: the curve that ends in
// it is the parent's up to resumed_from_step, then its own. What the parent measured after that
// step, and what the attempt measured up to it, is stored and not part of the curve.
#ifndef CAVIAR_STORAGE_CURVE_H_
#define CAVIAR_STORAGE_CURVE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/store.h"

namespace caviar::storage {

// The measurements of one attempt with steps in (after, up_to].
struct CurvePart {
  int32_t attempt = 0;
  int64_t after = 0;
  int64_t up_to = 0;
};

// What the curve that ends in attempt number `last` is made of, by step. `attempts` are the
// trial's, by number.
std::vector<CurvePart> CurveParts(const std::vector<AttemptRow>& attempts, int32_t last);

// The largest step of the curve that ends in `attempt`, of whose own measurements `own` is the
// largest; nullopt: it is empty.
std::optional<int64_t> LastStepOfCurve(const AttemptRow& attempt, std::optional<int64_t> own);

// NaN equals NaN.
bool IsSameValue(double a, double b);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_CURVE_H_
