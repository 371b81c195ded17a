// What was observed, and what is suggested, for tests.
#ifndef CAVIAR_TESTS_SERVER_SAMPLING_OBSERVATIONS_H_
#define CAVIAR_TESTS_SERVER_SAMPLING_OBSERVATIONS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "server/sampling/sampler.h"
#include "server/search_space/search_space.h"

namespace caviar::sampling {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline Observation Completed(int32_t number, search_space::Point point, double value) {
  Observation observation;
  observation.number = number;
  observation.value = value;
  observation.point = std::move(point);
  return observation;
}

inline void ExpectInside(const search_space::SearchSpace& space, const search_space::Point& point) {
  ASSERT_EQ(point.size(), static_cast<size_t>(space.dimensions()));
  for (const double coordinate : point) {
    EXPECT_GE(coordinate, 0);
    EXPECT_LE(coordinate, 1);
  }
}

}  // namespace caviar::sampling

#endif  // CAVIAR_TESTS_SERVER_SAMPLING_OBSERVATIONS_H_
