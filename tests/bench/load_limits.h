// What this machine can do at best: gRPC without a coordinator behind it, SQLite without a store
// around it.
#ifndef CAVIAR_TESTS_BENCH_LOAD_LIMITS_H_
#define CAVIAR_TESTS_BENCH_LOAD_LIMITS_H_

#include <string>

namespace caviar::bench {

// Answers GiveBackWork with nothing, through gRPC's callback interface, until SIGTERM. Prints
// where.
void ServeEmpty();

struct CommitRates {
  double hand_outs = 0;  // a second; the rows of one: a trial, its parameters, an attempt, counters
  double reports = 0;    // of one value
  double step_reports = 0;  // of seven values
};

// Writes these rows to plain tables of an SQLite database in the folder, `group` calls a
// transaction (write-ahead log, synchronous = FULL), each kind for so many seconds.
CommitRates MeasureCommits(const std::string& folder, int group, double seconds);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_LOAD_LIMITS_H_
