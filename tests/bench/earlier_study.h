// Earlier studies of a problem, for studies that start from them.
#ifndef CAVIAR_TESTS_BENCH_EARLIER_STUDY_H_
#define CAVIAR_TESTS_BENCH_EARLIER_STUDY_H_

#include <memory>
#include <string>
#include <vector>

#include "server/sampling/sampler.h"
#include "tests/bench/search_problems.h"

namespace caviar::bench {

using EarlierStudies = std::shared_ptr<const std::vector<std::vector<sampling::Observation>>>;

// One study of sixty trials of tpe on something like the problem of that name and seed; `kind`:
//   same       the problem itself
//   noisy      with noise, a fifth of the difference between random points and the optimum
//   shifted    that of another seed: where the problem is shifted or rotated, otherwise
//   unrelated  the negative of the problem: what was good is bad
// Ends the program where there is no such kind.
EarlierStudies MakeEarlierStudies(const SearchProblems& problems, const std::string& name,
                                  uint32_t seed, const std::string& kind);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_EARLIER_STUDY_H_
