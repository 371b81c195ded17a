// The learning curves of learning_curves.jsonl, which were really measured, as a problem.
//
// A configuration that is not in the table gets the mean of the eight curves of the nearest ones,
// weighted by 1 / distance⁴: on the scaled axes, where a category that differs, or a parameter that
// only one of the two has, is 0.5 apart. One that is in the table gets its own curve.
#ifndef CAVIAR_TESTS_BENCH_TABLE_CURVES_H_
#define CAVIAR_TESTS_BENCH_TABLE_CURVES_H_

#include <memory>
#include <string>

#include "tests/bench/curve_problem.h"

namespace caviar::bench {

class CurveTable;

// Ends the program where the file cannot be read.
std::shared_ptr<const CurveTable> ReadCurveTable(const std::string& path);

// The same curves for every seed.
CurveProblem MakeTableCurves(std::shared_ptr<const CurveTable> table, uint32_t seed);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_TABLE_CURVES_H_
