// How simulated workers call: one call after the other, at a pace, or all at one moment.
#ifndef CAVIAR_TESTS_BENCH_LOAD_LOOPS_H_
#define CAVIAR_TESTS_BENCH_LOAD_LOOPS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load_worker.h"

namespace caviar::bench {

using Workers = std::vector<std::unique_ptr<LoadWorker>>;

// So many workers with connections that stand.
Workers ConnectWorkers(const std::string& address, int count);

struct Sample {
  double calls_per_second = 0;
  std::vector<double> milliseconds;  // of each call, in no order
  void Add(const Sample& other);     // its calls; the rate stays
};

// Each worker calls again as soon as it was answered, for so many seconds. kFinish ends as soon as
// a worker has no more than `leases`.
Sample CallForTime(Workers& workers, Call call, double seconds, size_t leases = 0);

// Each worker acquires, reports of each lease, and finishes the oldest until it has so many leases
// and has reported of each.
void BringTo(Workers& workers, size_t leases);

// Workers that train: so many calls a second in all, at random times (Poisson). Of eight calls of a
// worker five are reports of one value, one each acquires, renews and finishes. A worker whose last
// call was not answered yet is passed over.
std::map<Call, Sample> CallAtPace(Workers& workers, double calls_per_second, double seconds);
// The same with empty calls only.
Sample CallEmptyAtPace(Workers& workers, double calls_per_second, double seconds);

// All call at one moment; the times are from that moment.
Sample CallAtOnce(Workers& workers, Call call);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_LOAD_LOOPS_H_
