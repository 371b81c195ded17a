// What the options of the benchmarks mean.
#ifndef CAVIAR_TESTS_BENCH_NAMES_AND_SEEDS_H_
#define CAVIAR_TESTS_BENCH_NAMES_AND_SEEDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"

namespace caviar::bench {

// Of a name in small letters. Ends the program where there is no such sampler.
v1::Sampler SamplerOf(const std::string& name);

// "3", "10-39", "0-9,20". Ends the program where it is something else.
std::vector<uint32_t> SeedsOf(const std::string& text);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_NAMES_AND_SEEDS_H_
