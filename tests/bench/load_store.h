// Fills a store as if a study had run for long.
#ifndef CAVIAR_TESTS_BENCH_LOAD_STORE_H_
#define CAVIAR_TESTS_BENCH_LOAD_STORE_H_

#include <string>

namespace caviar::bench {

// Gives the only study of the data directory, which has no trials yet, so many COMPLETED ones: each
// with an attempt and with one step of two values. No coordinator may have the directory open.
void FillStore(const std::string& data_directory, int trials);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_LOAD_STORE_H_
