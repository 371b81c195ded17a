// Synthetic learning curves that cross: functions with a known optimum, which is reached after the
// last epoch only, while early values rank configurations in another way.
//
// A configuration's last value u is that of a function, in units of the median of random points
// above its optimum. With h falling from 1 before the first epoch to 0 after the last one, there
// are three kinds of curves:
// - speed: u + (1 - u)·h, where how quickly h falls, the power p of 1 / (1 + epoch)^p, is a smooth
//   random function of the configuration in [0.3, 2], and lower where u is better: what wins in the
//   end is behind at first.
// - drift: u of a configuration that is moved by a random shift times h, plus h / 2: what is good
//   moves through the space while training goes on, as where long trainings bear other rates.
// - both.
// u is g / (1 + g), as bounded as an error rate, or g itself, as unbounded as a loss. A name that
// ends in "_noisy" is the same problem whose measurements are off by 0.02 (standard deviation).
#ifndef CAVIAR_TESTS_BENCH_CROSSING_CURVES_H_
#define CAVIAR_TESTS_BENCH_CROSSING_CURVES_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/curve_problem.h"
#include "tests/bench/search_problem.h"

namespace caviar::bench {

// Six, then the same with noise.
std::vector<std::string> CrossingCurveNames();

// The function that this problem is made of, by its name among the problems of search_quality;
// nullopt: there is no such problem.
std::optional<std::string> CrossingCurveFunction(const std::string& name);

// `function` is that function, of the same seed.
CurveProblem MakeCrossingCurves(const std::string& name, const Problem& function);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_CROSSING_CURVES_H_
