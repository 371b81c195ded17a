// Problems for programs in other languages: they read spaces, durations and values from here, so
// that all are measured by the same rules.
#ifndef CAVIAR_TESTS_BENCH_SEARCH_SERVER_H_
#define CAVIAR_TESTS_BENCH_SEARCH_SERVER_H_

#include <string>

#include "tests/bench/search_problems.h"

namespace caviar::bench {

// Reads a line of JSON at a time from stdin, and answers each with one:
//   {"names": [names and groups of problems]}
//     -> [the names of problems]
//   {"problem": NAME, "seed": SEED, "trials": N}
//     -> {"dimensions": of the cube, "parameters": [as v1::Parameter in JSON], "durations": [N]};
//        and what follows is about this problem
//   {"number": NUMBER, "configuration": {PARAMETER: VALUE}}, or "point": [coordinates in the cube]
//     -> {"measured": as trial NUMBER would see it, "regret": of its true value}, both null where
//     it
//        is infeasible
// Ends the program at what it does not understand.
void Serve(const SearchProblems& problems);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_SEARCH_SERVER_H_
